"""The middle of a quote: between bid and ask when they make a market, else the last trade."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.model.feed import Quote

PRICES = st.floats(0.0001, 1e6, allow_nan=False)


def mid(bid: float | None, ask: float | None, last: float | None) -> float | None:
    return Quote("AAA", bid, ask, last, None, None).mid


@pytest.mark.parametrize(
    ("bid", "ask", "last", "expected"),
    [
        (99.0, 101.0, 90.0, 100.0),
        (99.0, 99.0, 90.0, 99.0),
        (101.0, 99.0, 90.0, 90.0),  # crossed
        (0.0, 101.0, 90.0, 90.0),  # no bid
        (None, 101.0, 90.0, 90.0),
        (99.0, None, 90.0, 90.0),
        (None, None, None, None),
        (99.0, 101.0, None, 100.0),
    ],
)
def test_the_middle(bid: float | None, ask: float | None, last: float | None, expected: float | None) -> None:
    assert mid(bid, ask, last) == expected


@given(PRICES, PRICES)
def test_it_lies_between_bid_and_ask(one: float, other: float) -> None:
    bid, ask = sorted((one, other))
    middle = mid(bid, ask, None)
    assert middle is not None
    assert bid <= middle <= ask
