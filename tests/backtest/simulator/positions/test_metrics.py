"""Figures of a simulated book, worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.simulator.positions.metrics import max_drawdown

EQUITY = st.lists(st.floats(1, 1e6), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("equity", "fall"),
    [
        ([100.0], 0.0),
        ([100.0, 110.0, 120.0], 0.0),
        ([100.0, 90.0, 120.0, 105.0], 15.0),
        ([100.0, 120.0, 90.0, 200.0, 180.0], 30.0),
        ([100.0, 50.0], 50.0),
    ],
)
def test_the_largest_fall_below_an_earlier_peak(equity: list[float], fall: float) -> None:
    assert max_drawdown(equity) == fall


@given(EQUITY)
def test_it_is_the_worst_of_all_pairs(equity: list[float]) -> None:
    pairs = (equity[i] - later for i in range(len(equity)) for later in equity[i:])
    assert max_drawdown(equity) == max(pairs)
