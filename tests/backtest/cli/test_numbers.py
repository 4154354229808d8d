"""Numbers of a command line."""

import argparse
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.cli.numbers import amount, finite, number_of_set, seconds, whole


def test_numbers_are_read() -> None:
    assert (whole("3"), number_of_set("0"), number_of_set("7"), seconds("0.5")) == (3, 0, 7, 0.5)
    assert (finite("-1.5"), finite("0")) == (-1.5, 0.0)


@given(st.floats(0.01, 1e12))
def test_amounts_come_back(money: float) -> None:
    assert amount(repr(money)) == money


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (whole, "0"),
        (whole, "-1"),
        (whole, "1.5"),
        (whole, "x"),
        (number_of_set, "-1"),
        *((finite, text) for text in ("nan", "inf", "-inf", "x")),
        (seconds, "0"),
        (seconds, "nan"),
        (seconds, "inf"),
        (seconds, "-2"),
        (seconds, "s"),
        *((amount, text) for text in ("nan", "inf", "0", "-1", "lots")),
    ],
)
def test_what_is_no_number_is_refused(read: Callable[[str], float], text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=text):
        read(text)


def test_a_number_that_may_be_zero_is_not_called_not_above_zero() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="'-1' is below 0"):
        number_of_set("-1")
