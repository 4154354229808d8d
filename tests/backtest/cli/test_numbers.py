"""Numbers of a command line."""

import argparse
from collections.abc import Callable

import pytest

from backtest.cli.numbers import number_of_set, seconds, whole


def test_numbers_are_read() -> None:
    assert (whole("3"), number_of_set("0"), number_of_set("7"), seconds("0.5")) == (3, 0, 7, 0.5)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (whole, "0"),
        (whole, "-1"),
        (whole, "1.5"),
        (whole, "x"),
        (number_of_set, "-1"),
        (seconds, "0"),
        (seconds, "nan"),
        (seconds, "inf"),
        (seconds, "-2"),
        (seconds, "s"),
    ],
)
def test_what_is_no_number_is_refused(read: Callable[[str], float], text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=text):
        read(text)
