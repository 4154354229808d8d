"""The head of a table: names of vendors, several rows, two columns for one role, columns by number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError
from backtest.data.sources.csv_dialect.columns import HEAD_ROWS, Columns, find_columns, role_of, several
from backtest.data.sources.csv_dialect.options import NEEDED, CsvOptions, parse_columns
from backtest.data.sources.csv_dialect.table import Row

PLAIN = ("date", "open", "high", "low", "close", "volume")
DATA = ("2024-03-04", "1", "2", "0.5", "1.5", "1000")
IMPORT = CsvOptions(importing=True)


def head(*cells: tuple[str, ...], options: CsvOptions = IMPORT) -> Columns:
    return find_columns([Row(n, row) for n, row in enumerate(cells, 1)], options)


def by_name(*pairs: str, **more: str) -> CsvOptions:
    return CsvOptions(columns=parse_columns(pairs), importing=True, symbol=more.get("symbol"))


@given(st.permutations(PLAIN), st.sampled_from([str.lower, str.upper, str.title]))
def test_our_own_names_in_any_order_and_case(order: list[str], case: object) -> None:
    names = tuple(case(name) for name in order)  # type: ignore[operator]
    found = head(names, DATA)
    assert {role: order[place] for role, place in found.roles.items()} == {name: name for name in PLAIN}
    assert (found.first, found.skipped, found.symbol, found.unused) == (1, 0, None, ())


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Close/Last", "close"),
        ("Adj. Close", "adj_close"),
        ("Adj Close**", "adj_close"),
        ("1. open", "open"),
        ("5. adjusted close", "adj_close"),
        ("Volume (USD)", "volume"),
        ("TRADE_DATE", "date"),
        ("Schlusskurs", "close"),
        ("Eröffnung", "open"),
        ("<TICKER>", "symbol"),
        ("<PER>", "period"),
        ("Split Factor", "split"),
        ("VWAP", None),
        ("", None),
    ],
)
def test_names_of_vendors(name: str, role: str | None) -> None:
    assert role_of(name) == role


def test_what_nothing_is_taken_from_is_said() -> None:
    assert head((*PLAIN, "vwap", ""), (*DATA, "1", "")).unused == ("vwap",)


@given(st.integers(0, HEAD_ROWS + 3))
def test_other_text_above_the_head_is_skipped_up_to_a_limit(lines: int) -> None:
    above = [("Prices of a year",)] * lines
    if lines >= HEAD_ROWS:
        with pytest.raises(DataError, match="wrong header 'Prices of a year'"):
            head(*above, PLAIN, DATA)
        return
    found = head(*above, PLAIN, DATA)
    assert (found.first, found.skipped) == (lines + 1, lines)


def test_a_head_of_several_rows_names_the_symbol() -> None:
    found = head(
        ("Price", "Close", "High", "Low", "Open", "Volume"),
        ("Ticker", *("QQQ",) * 5),
        ("Date", *("",) * 5),
        DATA,
    )
    assert (found.first, found.symbol) == (3, "QQQ")
    assert found.roles == {"date": 0, "close": 1, "high": 2, "low": 3, "open": 4, "volume": 5}


def test_of_a_head_with_two_tickers_the_asked_one_is_taken() -> None:
    rows = (
        ("Price", "Close", "High", "Low", "Open", "Volume", "Close", "Open"),
        ("Ticker", *("QQQ",) * 5, *("TLT",) * 2),
        ("Date", *("",) * 7),
        (*DATA, "9", "9"),
    )
    found = head(*rows, options=CsvOptions(symbol="qqq", importing=True))
    assert (found.symbol, found.roles["close"], found.roles["open"]) == ("QQQ", 1, 4)
    with pytest.raises(DataError, match="holds 2 symbols: QQQ, TLT") as caught:
        head(*rows)
    assert caught.value.remedy == "say which: --symbol QQQ or --symbol TLT"


def test_many_symbols_are_not_all_listed() -> None:
    error = several({f"S{n}" for n in range(8)}, IMPORT)
    assert error.problem == "the file holds 8 symbols: S0, S1, S2, S3, S4 and 3 more"


@pytest.mark.parametrize("first", ["", "Unnamed: 0", "index", "Price"])
def test_row_labels_are_the_dates_when_no_column_is(first: str) -> None:
    assert head((first, *PLAIN[1:]), DATA).roles["date"] == 0


def test_a_time_is_the_date_when_there_is_no_other_and_stays_a_time_beside_one() -> None:
    assert head(("time", *PLAIN[1:]), DATA).roles["date"] == 0
    both = head((*PLAIN, "time"), (*DATA, "16:00")).roles
    assert (both["date"], both["time"]) == (0, 6)


def test_two_columns_for_one_role_are_never_chosen_between() -> None:
    with pytest.raises(DataError, match="two columns could be close: close, last") as caught:
        head((*PLAIN, "last"), (*DATA, "9"))
    assert caught.value.remedy == "say which: --map 'close=close' or --map 'close=last'"
    with pytest.raises(DataError) as same:
        head((*PLAIN, "Close"), (*DATA, "9"))
    assert same.value.remedy == "say which: --map 'close=#5' or --map 'close=#7'"


def test_what_a_person_mapped_wins_over_the_names() -> None:
    found = head((*PLAIN, "last"), (*DATA, "9"), options=by_name("close=last"))
    assert found.roles["close"] == 6
    assert head((*PLAIN, "x"), (*DATA, "9"), options=by_name("close=#7")).roles["close"] == 6


@pytest.mark.parametrize("role", NEEDED)
def test_a_needed_column_that_is_missing_is_named(role: str) -> None:
    names = tuple(f"x{n}" if name == role else name for n, name in enumerate(PLAIN))
    with pytest.raises(DataError, match=f"no column for {role} among") as caught:
        head(names, DATA)
    assert caught.value.remedy == f"say which: --map {role}=COLUMN"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (by_name("close=Settle2"), "no row names the columns of --map: Settle2"),
        (by_name("date=date", "close=#9"), "no column '#9'"),
        (CsvOptions(use_adj_close=True, importing=True), "no column of adjusted closes"),
    ],
)
def test_what_was_asked_for_and_is_not_there(options: CsvOptions, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        head(PLAIN, DATA, options=options)


NUMBERS = by_name(*(f"{role}=#{n}" for n, role in enumerate(NEEDED, 1)))


def test_columns_by_number_with_and_without_a_head() -> None:
    bare = head(DATA, DATA, options=NUMBERS)
    assert (bare.first, bare.names[0], bare.roles["volume"]) == (0, "#1", 5)
    named = head(tuple("abcdef"), DATA, options=NUMBERS)
    assert (named.first, named.names[0], named.roles["volume"]) == (1, "a", 5)


def test_without_a_head_the_remedy_says_how_to_number_the_columns() -> None:
    with pytest.raises(DataError, match="wrong header") as caught:
        head(DATA, DATA)
    assert "--map date=#1" in caught.value.remedy
