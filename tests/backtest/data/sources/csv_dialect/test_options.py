"""What a person may state about a file, and how the flags are refused."""

from __future__ import annotations

from typing import Any

import pytest

from backtest.core.bar_words import Basis
from backtest.core.errors import UsageError
from backtest.data.sources.csv_dialect.options import CsvOptions, csv_options, parse_columns


def test_columns_come_one_a_flag_or_several() -> None:
    assert parse_columns(["date=Day,close=Last", "Open = First, of all", "volume=#6"]) == {
        "date": "Day",
        "close": "Last",
        "open": "First, of all",
        "volume": "#6",
    }
    assert parse_columns([]) == {}


@pytest.mark.parametrize("pair", ["date", "date=", "=Day", "price=Last", ""])
def test_what_is_no_pair_is_refused(pair: str) -> None:
    with pytest.raises(UsageError, match="is not ROLE=COLUMN"):
        parse_columns([pair])


def test_a_role_is_given_once() -> None:
    with pytest.raises(UsageError, match="names close twice"):
        parse_columns(["close=A,open=B", "close=C"])


def given(**changes: Any) -> CsvOptions:
    nothing = {"columns": (), "symbol": None, "date_format": None, "basis": None, "decimal": None}
    return csv_options(**{**nothing, "use_adj_close": False, **changes})


def test_words_of_a_command_become_options() -> None:
    made = given(columns=["close=Last"], symbol="nasdaq:qqq", basis="raw", decimal="comma")
    assert made == CsvOptions({"close": "Last"}, "QQQ", None, "raw", False, "comma", importing=True)


@pytest.mark.parametrize(
    ("flag", "wrong"),
    [("symbol", "a b c"), ("date_format", "%Y"), ("basis", "adjusted"), ("decimal", "point")],
)
def test_a_wrong_word_names_its_flag(flag: str, wrong: str) -> None:
    with pytest.raises(UsageError, match=f"--{flag.replace('_', '-')} '{wrong}'"):
        given(**{flag: wrong})


@pytest.mark.parametrize(
    ("basis", "adjusted", "effective"),
    [(None, False, "split"), ("raw", False, "raw"), (None, True, "total"), ("total", True, "total")],
)
def test_the_basis_of_what_comes_out(basis: Basis | None, adjusted: bool, effective: str) -> None:
    assert CsvOptions(basis=basis, use_adj_close=adjusted).effective_basis == effective


@pytest.mark.parametrize("basis", ["raw", "split"])
def test_adjusted_closes_and_another_basis_contradict(basis: Basis) -> None:
    with pytest.raises(UsageError, match=f"--basis says {basis}"):
        CsvOptions(basis=basis, use_adj_close=True)


def test_a_remedy_names_the_command_only_where_it_is_not_running() -> None:
    assert CsvOptions(importing=True).remedy("--a", "--b") == "say which: --a or --b"
    assert CsvOptions().remedy("--a").endswith("jutsu data import FILE --a")
