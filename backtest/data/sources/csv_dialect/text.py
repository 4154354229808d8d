"""From the bytes of a file to text: compression, encoding, and files that are no table of text at all."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from dataclasses import dataclass
from typing import Final

from backtest.core.errors import DataError

#: A table of daily bars is far smaller; more is a mistake or a compressed bomb.
MAX_BYTES: Final = 256 * 1024 * 1024
_GZIP: Final = b"\x1f\x8b"
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FOREIGN: Final = (
    (b"PK\x03\x04", "a zip file or an Excel workbook", "unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", "save the sheet as CSV"),
    (b"PAR1", "a Parquet file", "write it as CSV"),
    (b"%PDF", "a PDF document", "download the data as CSV"),
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1b]")


@dataclass(frozen=True, slots=True)
class Text:
    """The characters of a file and how they were written.

    Attributes:
        content: the text, without byte order mark.
        encoding: how it was encoded, e.g. ``utf-8``.
        compressed: it was packed by gzip.
    """

    content: str
    encoding: str
    compressed: bool


def decode(content: bytes) -> Text:
    """Return the text of a file.

    Raises:
        DataError: not text, a web page, JSON, or another kind of file; the problem names it.
    """
    compressed = content.startswith(_GZIP)
    if compressed:
        content = _unpack(content)
    for magic, kind, remedy in _FOREIGN:
        if content.startswith(magic):
            raise DataError(f"this is {kind}, not CSV", remedy=remedy)
    text, encoding = _characters(content)
    _refuse_other_text(text)
    return Text(text, encoding, compressed)


def _unpack(content: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            unpacked = packed.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"the compressed file is damaged: {error}", remedy="fetch it again") from error
    if len(unpacked) > MAX_BYTES:
        raise DataError("the unpacked file is larger than 256 MB", remedy="give daily bars of one symbol")
    return unpacked


def _characters(content: bytes) -> tuple[str, str]:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _strict(content[len(mark) :], encoding), encoding
    if content[1:2] == b"\x00" and len(content) % 2 == 0:
        return _strict(content, "utf-16-le"), "utf-16-le"
    try:
        return _strict(content, "utf-8"), "utf-8"
    except DataError:
        return _strict(content, "cp1252"), "windows-1252"


def _strict(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(f"cannot be read as text: {error}", remedy="save it as CSV in UTF-8") from error
    if _CONTROL.search(text):
        raise DataError("cannot be read as text: it has control characters", remedy="save it as CSV in UTF-8")
    return text


def _refuse_other_text(text: str) -> None:
    start = text[:2000].lstrip().lower()
    if start.startswith("<!doctype") or re.match(r"<(html|head|body|script|\?xml|table|div|meta)\b", start):
        raise DataError(
            "this is a web page, not data",
            remedy="download the file again, signed in and past any question of the site",
        )
    if re.match(r"\{|\[\s*[\[{\"]", start):
        raise DataError("this is JSON, not CSV", remedy="ask the vendor for CSV")
