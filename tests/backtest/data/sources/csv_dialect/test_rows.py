"""The rows under a head: of one symbol, of one day each, as wide as the head."""

from __future__ import annotations

import pytest

from backtest.core.errors import DataError
from backtest.data.sources.csv_dialect.columns import Columns
from backtest.data.sources.csv_dialect.options import CsvOptions
from backtest.data.sources.csv_dialect.rows import DataRows, data_rows
from backtest.data.sources.csv_dialect.table import Row, Table

HEAD = ("date", "symbol", "close")
ROLES = {"date": 0, "symbol": 1, "close": 2}


def rows(
    *cells: tuple[str, ...], symbol: str | None = None, named: str | None = None, **roles: int
) -> DataRows:
    made = (HEAD, *cells)
    table = Table(tuple(Row(n, row) for n, row in enumerate(made, 1)), ",", None)
    columns = Columns(1, HEAD, roles or ROLES)
    return data_rows(table, columns, CsvOptions(symbol=symbol), named)


ONE, TWO = ("2024-03-04", "QQQ", "1"), ("2024-03-04", "TQQQ", "2")


@pytest.mark.parametrize(
    ("cells", "asked", "named", "symbol", "source"),
    [
        ([ONE], None, None, "QQQ", "from the file"),
        ([ONE], None, "QQQ", "QQQ", "from its name"),
        ([("2024-03-04", "", "1")], None, "QQQ", "QQQ", "from its name"),
        ([ONE], "QQQ", "TQQQ", "QQQ", "by --symbol"),
        ([ONE], "SPY", None, "SPY", "by --symbol, the file says QQQ"),
        ([("d", "BRK.B", "1")], None, "BRK-B", "BRK-B", "from its name"),
        ([ONE, TWO], "TQQQ", None, "TQQQ", "by --symbol, one of several in the file"),
    ],
)
def test_whose_rows_they_are(
    cells: list[tuple[str, ...]], asked: str | None, named: str | None, symbol: str, source: str
) -> None:
    found = rows(*cells, symbol=asked, named=named)
    assert (found.symbol, found.symbol_from) == (symbol, source)


def test_of_several_symbols_only_the_asked_ones_rows_are_kept() -> None:
    found = rows(ONE, TWO, ("2024-03-05", "NASDAQ:TQQQ", "3"), symbol="TQQQ")
    assert found.column("close") == ["2", "3"]


@pytest.mark.parametrize(
    ("cells", "asked", "named", "problem"),
    [
        ([ONE, TWO], None, None, "the file holds 2 symbols: QQQ, TQQQ"),
        ([ONE, TWO], "SPY", None, "no rows of SPY; the file holds QQQ, TQQQ"),
        ([ONE], None, "SPY", "the file says it is QQQ, its name says SPY"),
        ([("2024-03-04", "", "1")], None, None, "neither the file nor its name says the symbol"),
        ([], None, "QQQ", "no rows below the header"),
    ],
)
def test_rows_of_nobody_or_of_several_are_refused(
    cells: list[tuple[str, ...]], asked: str | None, named: str | None, problem: str
) -> None:
    with pytest.raises(DataError, match=problem):
        rows(*cells, symbol=asked, named=named)


@pytest.mark.parametrize(
    ("period", "daily"),
    [("", True), ("d", True), ("Daily", True), ("1440", True), ("60", False), ("W", False)],
)
def test_bars_of_another_length_are_refused(period: str, daily: bool) -> None:
    cells = ("2024-03-04", period, "1")
    if daily:
        assert len(rows(cells, named="QQQ", date=0, period=1, close=2).rows) == 1
        return
    with pytest.raises(DataError, match="no daily bars"):
        rows(cells, named="QQQ", date=0, period=1, close=2)


@pytest.mark.parametrize(
    ("time", "joined"), [("160000", "16:00:00"), ("0930", "09:30"), ("16:00", "16:00"), ("9", "9")]
)
def test_a_time_in_its_own_column_stands_behind_the_day(time: str, joined: str) -> None:
    found = rows(("2024-03-04", time, "1"), ("2024-03-05", "", "1"), named="QQQ", date=0, time=1, close=2)
    assert found.dates() == [f"2024-03-04 {joined}", "2024-03-05"]


def test_a_column_that_is_not_there_is_blank() -> None:
    found = rows(ONE, ("2024-03-05", "QQQ"))
    assert found.column("volume") == ["", ""]
    assert found.column("close") == ["1", ""]


def test_rows_of_another_width_say_what_they_look_like() -> None:
    found = rows(ONE, ("",), ("", "", ""), ("a", "QQQ", "c", "d"), ("2024-03-05", "QQQ"))
    assert found.misshapen() == [
        (1, "blank line"),
        (2, "blank row"),
        (3, "4 cells instead of 3"),
        (4, "2 cells instead of 3; the last line looks cut off"),
    ]
