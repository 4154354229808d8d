"""Numbers as people write them: one decimal sign for a file, and a question where two would fit."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError
from backtest.data.sources.csv_dialect.numbers import is_null, number_of, read_numbers
from backtest.data.sources.csv_dialect.options import CsvOptions, Decimal


@pytest.mark.parametrize(
    ("cell", "decimal", "value"),
    [
        ("1234.5", "dot", 1234.5),
        ("1,234.5", "dot", 1234.5),
        ("1.234,5", "comma", 1234.5),
        ("1 234,5", "comma", 1234.5),
        ("1'234.5", "dot", 1234.5),
        ("$1,234.50", "dot", 1234.5),
        ("-1.5", "dot", -1.5),
        ("$-1.5", "dot", -1.5),
        ("2.5K", "dot", 2500.0),
        ("1,2M", "comma", 1_200_000.0),
        ("3B", "dot", 3e9),
        ("1e3", "dot", 1000.0),
        (".5", "dot", 0.5),
    ],
)
def test_values(cell: str, decimal: Decimal, value: float) -> None:
    assert number_of(cell, decimal) == pytest.approx(value)


@pytest.mark.parametrize(
    "cell",
    ["abc", "1.2.3", "--1", "-$-1", "1e3K", "1,23", "12,34.5", "(5)", "1 2", "０", "inf", "0x10", "1_000"],
)
def test_what_is_no_number(cell: str) -> None:
    assert number_of(cell, "dot") is None


@pytest.mark.parametrize("cell", ["", "null", "N/A", "-", "NaN", "."])
def test_no_value_is_no_number_and_no_fault(cell: str) -> None:
    assert is_null(cell)
    value = number_of(cell, "dot")
    assert value is not None
    assert math.isnan(value)


def test_a_file_has_one_decimal_sign() -> None:
    found = read_numbers({"close": ["1.234,50", "12,5"]}, CsvOptions(), bare_commas=False)
    assert (found.decimal, found.columns["close"]) == ("comma", (1234.5, 12.5))
    assert read_numbers({"close": ["1234.50"]}, CsvOptions(), bare_commas=False).decimal == "dot"


def test_where_both_fit_and_differ_the_person_is_asked() -> None:
    with pytest.raises(DataError, match="decimal dot or a decimal comma") as caught:
        read_numbers({"volume": ["1,234"]}, CsvOptions(), bare_commas=False)
    assert "--decimal" in str(caught.value.remedy)
    found = read_numbers({"volume": ["1,234"]}, CsvOptions(decimal="comma"), bare_commas=False)
    assert found.columns["volume"] == (1.234,)
    assert read_numbers({"volume": ["1,234"]}, CsvOptions(), bare_commas=True).columns["volume"] == (1234.0,)


def test_where_both_give_the_same_nothing_is_asked() -> None:
    assert read_numbers({"volume": ["1234", ""]}, CsvOptions(), bare_commas=False).decimal == "dot"


@given(st.floats(0.01, 1e9), st.booleans())
def test_what_is_written_in_a_sign_is_read_in_it(value: float, thousands: bool) -> None:
    text = f"{value:,.2f}" if thousands else f"{value:.2f}"
    assert number_of(text, "dot") == pytest.approx(round(value, 2))
    swapped = text.translate(str.maketrans(",.", ".,"))
    assert number_of(swapped, "comma") == pytest.approx(round(value, 2))
