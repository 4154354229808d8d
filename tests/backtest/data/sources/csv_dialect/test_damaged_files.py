"""Damaged and foreign files: one clear line and exit code 5, never a traceback, never wrong numbers."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.core.errors import DataError
from backtest.data import quality
from backtest.data.sources.csv import CsvDirectory, judge_csv, read_directory, read_import
from backtest.data.sources.csv_dialect.model import Judged
from backtest.data.sources.csv_dialect.options import CsvOptions
from tests.support.bar_columns import bars_of_columns

IMPORT = CsvOptions(importing=True)
PLAIN = (
    "date,open,high,low,close,volume\n"
    "2026-11-24,100.5,101.25,99.75,100.123457,1000\n"
    "2026-11-25,100.2,102,100.1,101.9,1200\n"
    "2026-11-27,101.9,103.0,101.0,102.5,800\n"
    "2026-11-30,102.5,102.6,98.1,98.2,2500\n"
)
QUOTED = (
    '"Date","Price","Open","High","Low","Vol.","Change %"\n'
    '"Nov 30, 2026","1,713.44","1,715.23","1,715.67","1,709.21","33.08M","0.10%"\n'
    '"Nov 27, 2026","1,710.93","1,712.09","1,714.94","1,708.52","33.40M","0.10%"\n'
    '"Nov 25, 2026","1,716.08","1,720.39","1,721.50","1,712.61","35.80M","0.10%"\n'
)
STACKED = (
    "Price,Close,High,Low,Open,Volume\nTicker,QQQ,QQQ,QQQ,QQQ,QQQ\nDate,,,,,\n"
    "2026-11-24,100.5,101.25,99.75,100.2,1000\n2026-11-25,101.9,102,100.1,100.2,1200\n"
)
ZONED = (
    "Date;Open;High;Low;Close;Volume;Dividends;Stock Splits\n"
    "2026-11-24 00:00:00-05:00;100,5;101,25;99,75;100,12;1000;0,0;0,0\n"
    "2026-11-25 00:00:00-05:00;100,2;102,0;100,1;101,9;1200;0,5;2,0\n"
)
SAMPLES = [text.encode() for text in (PLAIN, QUOTED, STACKED, ZONED)]
ODD = [*range(256), *b",;\t|\"'\r\n.-/0123456789eE+naNx<{[$"]


@st.composite
def damaged(draw: Callable[..., Any]) -> bytes:
    content = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        how = draw(st.sampled_from(["replace", "insert", "delete", "cut", "repeat", "swap"]))
        if how == "replace" and content:
            content[place] = draw(st.sampled_from(ODD))
        elif how == "insert":
            content[place:place] = bytes(draw(st.lists(st.sampled_from(ODD), min_size=1, max_size=4)))
        elif how == "delete":
            del content[place : place + draw(st.integers(1, 40))]
        elif how == "cut":
            del content[place:]
        elif how == "repeat":
            content[place:place] = content[place : place + draw(st.integers(1, 200))]
        else:
            lines = content.split(b"\n")
            draw(st.randoms()).shuffle(lines)
            content = bytearray(b"\n".join(lines))
    return bytes(content)


OPTIONS = st.builds(
    CsvOptions,
    columns=st.dictionaries(
        st.sampled_from(["date", "open", "close", "volume"]),
        st.sampled_from(["Date", "Open", "#1", "#9", "x"]),
    ),
    symbol=st.sampled_from([None, "QQQ", "SPY"]),
    date_format=st.sampled_from([None, "%Y-%m-%d", "%m/%d/%Y", "epoch_s"]),
    use_adj_close=st.just(False),
    decimal=st.sampled_from([None, "dot", "comma"]),
    importing=st.booleans(),
)


def attempt(folder: Path, options: CsvOptions) -> DataError | tuple[Judged, ...]:
    try:
        return read_import(folder, options)
    except DataError as error:
        return error


def in_folder(tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str = "QQQ.csv") -> Path:
    folder = tmp_path_factory.mktemp("csv")
    (folder / name).write_bytes(content)
    return folder


@settings(max_examples=700)
@given(damaged(), OPTIONS)
def test_a_damaged_file_is_read_or_refused_in_clear_lines(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, options: CsvOptions
) -> None:
    folder = in_folder(tmp_path_factory, content)
    outcome = attempt(folder, options)
    if isinstance(outcome, DataError):
        assert outcome.exit_code == 5
        assert outcome.findings
        assert all("\n" not in str(finding) for finding in outcome.findings)
        return
    (judged,) = outcome
    bars = judged.bars
    assert len(bars)
    assert (bars.dates[1:] > bars.dates[:-1]).all()
    assert (bars.low > 0).all()
    assert judged.recognised().count("\n") == 0
    json.dumps(judged.document())


@settings(max_examples=300)
@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = in_folder(tmp_path_factory, content)
    with pytest.raises(DataError) as caught:
        read_directory(folder, ["QQQ"])
    assert "\n" not in caught.value.line()


@settings(max_examples=400)
@given(damaged())
def test_both_parsers_of_plain_files_agree(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """What numpy's parser, pyarrow's or the reader cell by cell makes of one file is the same."""
    from backtest.data.sources.csv_dialect import plain, read

    span = plain._rows(content)
    if span is None:
        return
    slow = read.judge(content, "QQQ.csv", IMPORT, symbol="QQQ", allow_gaps=True)
    for parse in (plain._by_numpy, plain._by_pyarrow):
        found = parse(content, span)
        if found is None:
            continue
        dates, columns = found
        order = slice(None, None, -1) if len(dates) > 1 and dates[1] < dates[0] else slice(None)
        if quality.judge_rows(bars_of_columns("QQQ", dates[order], [column[order] for column in columns])):
            continue  # refused all the same
        assert [str(found.finding) for found in slow.findings] == []
        assert dates[order].tolist() == slow.bars.dates.tolist()
        for name, column in zip(plain.NAMES[1:], columns, strict=True):
            assert column[order].tolist() == getattr(slow.bars, name).tolist()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"  \n<html><body>", "web page"),
        (b'{"Note": "too many requests"}', "JSON"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\xd0\xcf\x11\xe0rest", "Excel"),
        (b"PAR1rest", "Parquet"),
        (b"%PDF-1.4", "PDF"),
        (b"\x1f\x8bbroken", "damaged"),
        (b"Exceeded the daily hits limit", "wrong header 'Exceeded the daily hits limit'"),
        (b"\x00\x01\x02\x03\x04", "cannot be read as text"),
        (b"", "the file is empty"),
        (b"\n\n\n", "the file is empty"),
        (b'date,"open,high\n', "line 1: unexpected end of data"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "QQQ.csv").write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_import(tmp_path, IMPORT)


def test_a_pipe_of_that_name_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "QQQ.csv")
    (finding,) = judge_csv(tmp_path / "QQQ.csv", "QQQ").findings
    assert finding.finding.problem == "cannot be read: not a regular file but a pipe"


def test_two_files_of_one_symbol_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "QQQ.csv").write_text(PLAIN)
    (tmp_path / "qqq.csv").write_text(PLAIN.replace("98.2", "98.3"))
    for call in (
        lambda: read_directory(tmp_path),
        lambda: read_directory(tmp_path, ["QQQ"]),
        lambda: CsvDirectory(tmp_path).judged(["QQQ"]),
        lambda: read_import(tmp_path, IMPORT),
    ):
        with pytest.raises(DataError, match=r"QQQ\.csv and qqq\.csv are both QQQ"):
            call()
    (tmp_path / "qqq.csv").rename(tmp_path / "daily_QQQ.csv")
    with pytest.raises(DataError, match=r"QQQ\.csv and daily_QQQ\.csv are both QQQ"):
        read_directory(tmp_path, ["QQQ"])
    (tmp_path / "SPY.csv").write_text(PLAIN)
    assert list(read_directory(tmp_path, ["SPY"])) == ["SPY"]
