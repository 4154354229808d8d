"""Our own format by compiled code: exactly, or not at all; two parsers with one answer."""

from __future__ import annotations

import sys
from datetime import date

import numpy as np
import pytest

from backtest.core.bars import Bars
from backtest.data.sources.csv_dialect.plain import HEADER, parse_plain

ROWS = ("2024-03-04,10,12,9,11,1000", "2024-03-05,11,13.5,10,12,2e3")


@pytest.fixture(params=["numpy", "pyarrow"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which parser reads: pyarrow where the process has loaded it."""
    if request.param == "numpy":
        monkeypatch.delitem(sys.modules, "pyarrow.csv", raising=False)
    else:
        import pyarrow.csv  # noqa: F401 - loaded for the module under test


def parsed(*rows: str, header: str = HEADER, end: str = "\n") -> tuple[Bars, bool] | None:
    return parse_plain(end.join((header, *rows, "")).encode(), "aaa", "raw")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("rows", [ROWS, ROWS[::-1]])
def test_rows_come_oldest_first(rows: tuple[str, ...], end: str) -> None:
    found = parsed(*rows, end=end)
    assert found is not None
    bars, newest_first = found
    assert (bars.symbol, bars.basis, newest_first) == ("AAA", "raw", rows is not ROWS and rows != ROWS)
    assert bars.dates.tolist() == [date(2024, 3, 4), date(2024, 3, 5)]
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    assert [column.tolist() for column in columns] == [
        [10.0, 11.0],
        [12.0, 13.5],
        [9.0, 10.0],
        [11.0, 12.0],
        [1000.0, 2000.0],
    ]
    assert all(column.flags.writeable and column.dtype == np.float64 for column in columns)


def test_a_mark_and_capitals_in_the_head_are_ours_too() -> None:
    found = parse_plain(b"\xef\xbb\xbfDate, Open,high,low,close,VOLUME\n" + ROWS[0].encode(), "AAA", "split")
    assert found is not None
    assert len(found[0]) == 1


@pytest.mark.parametrize(
    "row",
    [
        "2024-02-30,1,1,1,1,1",
        "2023-02-29,1,1,1,1,1",
        "2024-13-01,1,1,1,1,1",
        "2024-3-4,1,1,1,1,1",
        "2024-03-04T00:00,1,1,1,1,1",
        "20240304,1,1,1,1,1",
        "2024-03-04,1,1,1,1",
        "2024-03-04,1,1,1,1,1,1",
        "2024-03-04,1,1,1,1,",
        "2024-03-04,1,x,1,1,1",
        '2024-03-04,"1",1,1,1,1',
        "",
    ],
)
def test_a_row_that_is_not_exactly_plain_is_left_to_the_careful_reader(row: str) -> None:
    assert parsed(ROWS[0], row, ROWS[1]) is None


@pytest.mark.parametrize(
    "content", ["", HEADER, f"{HEADER}\n", f"{HEADER}\n\n \n", "date,close\n2024-03-04,1\n"]
)
def test_without_rows_or_our_head_there_is_nothing(content: str) -> None:
    assert parse_plain(content.encode(), "AAA", "split") is None


def test_a_leap_day_is_a_day() -> None:
    found = parsed("2024-02-29,1,1,1,1,1")
    assert found is not None
    assert found[0].first == date(2024, 2, 29)
