"""Stops of both sides: by hand, and none ever loosens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.decision import Side
from backtest.trading.risk.stop_levels import (
    break_even,
    initial_stop,
    tightened,
    trailing_atr,
    trailing_percent,
)

PRICE = st.floats(0.01, 10_000.0)
SIDE = st.sampled_from(["buy", "sell"])


def test_levels_by_hand() -> None:
    assert (initial_stop(100, 2.5, 3), initial_stop(100, 2.5, 3, "sell")) == (92.5, 107.5)
    assert (trailing_percent(120, 10), trailing_percent(80, 10, "sell")) == (108.0, pytest.approx(88.0))
    assert (trailing_atr(120, 4, 2), trailing_atr(80, 4, 2, "sell")) == (112.0, 88.0)


def test_break_even_comes_after_its_gain_and_pays_the_costs() -> None:
    assert break_even(100, 10, 119.99, 2) is None
    assert break_even(100, 10, 120, 2, cost=0.3) == 100.3
    assert break_even(100, 10, 80, 2, cost=0.3, side="sell") == 99.7
    assert break_even(100, 0, 200, 2) is None


@given(
    SIDE, st.lists(st.lists(st.none() | st.floats(-10, 10_000.0), max_size=4), max_size=12), st.floats(0, 5)
)
def test_a_stop_never_loosens(side: Side, days: list[list[float | None]], least: float) -> None:
    level: float | None = None
    for proposals in days:
        before, level = level, tightened(level, proposals, side=side, least_move_pct=least)
        if before is not None:
            assert level is not None
            assert level >= before if side == "buy" else level <= before


@given(st.lists(PRICE, min_size=1, max_size=30), st.floats(0.1, 50), SIDE)
def test_a_trailing_stop_follows_the_best_price(prices: list[float], percent: float, side: Side) -> None:
    level, best = None, prices[0]
    for price in prices:
        best = max(best, price) if side == "buy" else min(best, price)
        level = tightened(level, [trailing_percent(best, percent, side)], side=side)
        assert level == trailing_percent(best, percent, side)


def test_a_move_too_small_for_an_order_is_left_out() -> None:
    assert tightened(100.0, [100.4], least_move_pct=0.5) == 100.0
    assert tightened(100.0, [100.5], least_move_pct=0.5) == 100.5
    assert tightened(None, [None]) is None
    assert tightened(None, [90.0, None, 95.0]) == 95.0
    assert tightened(None, [90.0, 95.0], side="sell") == 90.0
