"""From bytes to text, and what is no table at all."""

from __future__ import annotations

import codecs
import gzip
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError
from backtest.data.sources.csv_dialect.text import Text, decode

WORDS = "Datum;Schluß\n2024-03-04;1\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (WORDS.encode(), "utf-8"),
        (codecs.BOM_UTF8 + WORDS.encode(), "utf-8"),
        (codecs.BOM_UTF16_LE + WORDS.encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + WORDS.encode("utf-16-be"), "utf-16-be"),
        (WORDS.encode("utf-16-le"), "utf-16-le"),
        (WORDS.encode("cp1252"), "windows-1252"),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_every_way_to_write_it(content: bytes, encoding: str, compressed: bool) -> None:
    given = gzip.compress(content) if compressed else content
    assert decode(given) == Text(WORDS, encoding, compressed)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"PK\x03\x04 rest", "zip file or an Excel"),
        (b"\xd0\xcf\x11\xe0 rest", "an Excel workbook"),
        (b"PAR1 rest", "a Parquet file"),
        (b"%PDF-1.7", "a PDF document"),
        (b" <!DOCTYPE html>", "a web page"),
        (b"<html lang='en'>", "a web page"),
        (b'{"a": 1}', "JSON"),
        (b'[{"a": 1}]', "JSON"),
        (b"a,b\n1,\x00\x01", "control characters"),
        (b"\xff\xfea", "cannot be read as text"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-6], "the compressed file is damaged"),
        (gzip.compress(b"PAR1", mtime=0), "a Parquet file"),
    ],
)
def test_what_is_no_table_is_named(content: bytes, word: str) -> None:
    with pytest.raises(DataError, match=word):
        decode(content)


@given(st.binary(max_size=60))
def test_any_bytes_are_text_or_an_error_in_words(content: bytes) -> None:
    with suppress(DataError):
        assert "\x00" not in decode(content).content
