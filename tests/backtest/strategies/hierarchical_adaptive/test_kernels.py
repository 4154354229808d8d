"""The state machine, weight cases and book of v3.5b, with answers worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.strategies.hierarchical_adaptive import kernels

NAN = math.nan


def regimes(
    t_norm: list[float],
    z: list[float],
    sigma: list[float],
    fast: float = 2.0,
    slow: float = 1.0,
    lookback: int = 1,
) -> tuple[list[int | None], list[int | None], list[int | None], list[int | None]]:
    n = len(t_norm)
    columns: list[list[int | None]] = [[None] * n for _ in range(4)]
    high, crushed, trend, cell = columns
    averages = [fast] * n, [slow] * n
    kernels.regimes(
        t_norm, z, sigma, *averages, 1, lookback, 0.2, -0.3, 1.0, 0.2, -0.15, high, crushed, trend, cell
    )
    return high, crushed, trend, cell


def test_hysteresis_keeps_its_state_between_the_thresholds() -> None:
    z = [9.0, 0.6, 1.0, 1.01, 0.5, 0.2, 0.19, 0.9]
    high, _, _, cell = regimes([0.0] * 8, z, [1.0] * 8)
    assert high == [None, 0, 0, 1, 1, 1, 0, 0]  # 1.0 is not above 1.0, 0.2 is not below 0.2
    assert cell == [None, 3, 3, 4, 4, 4, 3, 3]


def test_crush_lowers_the_state_for_good_and_turns_a_bear_sideways() -> None:
    sigma = [1.0, 1.0, 0.86, 0.7, 0.7, 0.7]
    z = [0.0, 2.0, 0.5, 0.5, 0.5, 0.5]
    high, crushed, trend, cell = regimes([-0.9] * 6, z, sigma, fast=1.0)
    assert crushed == [None, 0, 0, 1, 0, 0]  # -0.14 is not a crush, 0.7 / 0.86 is
    assert high == [None, 1, 1, 0, 0, 0]
    assert trend == [None, -1, -1, 0, -1, -1]
    assert cell == [None, 6, 6, 3, 5, 5]


def test_crush_leaves_a_bull_alone_and_needs_a_volatility_before() -> None:
    _, crushed, trend, cell = regimes([0.9] * 4, [2.0] * 4, [0.0, 1.0, 0.5, 0.5])
    assert crushed == [None, 0, 1, 0]
    assert trend == [None, 1, 1, 1]
    assert cell == [None, 2, 1, 2]


@pytest.mark.parametrize(
    ("t_norm", "fast", "trend"),
    [(0.2, 2, 0), (0.21, 2, 1), (0.21, 1, 0), (-0.3, 1, 0), (-0.31, 1, -1), (-0.31, 2, 0), (0.9, 0.5, 0)],
)
def test_trend_class_is_strict_and_equal_averages_are_not_bull(
    t_norm: float, fast: float, trend: int
) -> None:
    assert regimes([0.0, t_norm], [0.5] * 2, [1.0] * 2, fast=fast)[2][1] == trend


def test_every_cell_is_a_direction_and_a_volatility() -> None:
    t_norm = [0.0, 0.9, 0.9, 0.0, 0.0]
    high, _, trend, cell = regimes(t_norm, [0.0, 0.5, 2.0, 2.0, 0.0], [1.0] * 5)
    assert list(zip(trend[1:], high[1:], cell[1:], strict=True)) == [
        (1, 0, 1),
        (1, 1, 2),
        (0, 1, 4),
        (0, 0, 3),
    ]


@given(
    st.integers(1, 6),
    st.sampled_from([(NAN, NAN, 0), (1.0, NAN, 0), (2.0, 1.0, 1), (1.0, 1.0, 2), (1.0, 2.0, 2)]),
)
def test_a_case_is_the_cell_and_the_bond(cell: int, bonds: tuple[float, float, int]) -> None:
    fast, slow, bond = bonds
    out = [-1, -1]
    kernels.weight_cases([cell] * 2, [fast] * 2, [slow] * 2, 1, out)
    assert out == [-1, 3 * (cell - 1) + bond]


legs = st.lists(st.one_of(st.just(NAN), st.floats(1, 500)), min_size=5, max_size=5)
parts = st.lists(st.floats(0, 1), min_size=5, max_size=5).map(lambda w: [x / (sum(w) + 1) for x in w])


@given(legs, parts, st.lists(st.floats(0, 10), min_size=5, max_size=5), st.floats(0, 1000))
def test_trading_moves_every_leg_with_a_price_to_its_share_and_loses_nothing(
    prices: list[float], weights: list[float], held: list[float], cash: float
) -> None:
    units = list(held)
    left, free, moved = kernels.trade_legs(0, 0, weights, prices, units, cash)
    tradable = [n for n in range(5) if not math.isnan(prices[n])]
    assert free == pytest.approx(cash + sum(held[n] * prices[n] for n in tradable))
    assert left + sum(units[n] * prices[n] for n in tradable) == pytest.approx(free)
    for n in range(5):
        if n in tradable:
            assert units[n] * prices[n] == pytest.approx(free * weights[n])
        else:
            assert units[n] == held[n]  # a leg without a price is stuck
    assert moved == pytest.approx(sum(abs(units[n] - held[n]) * prices[n] for n in tradable))


def book(
    cases: list[int],
    prices: list[float],
    weights: list[float],
    threshold: float = 0.02,
    cost: float = 0.0,
    lag: int = 0,
) -> tuple[list[float], list[float]]:
    """Equity and statistics of a book whose only leg that trades is the first one."""
    rows = [value for price in prices for value in (price, NAN, NAN, NAN, NAN)]
    table = [value for weight in weights for value in (weight, 0.0, 0.0, 0.0, 0.0)]
    equity, statistics = [0.0] * len(cases), [9.0] * 7
    kernels.book_equity(cases, 0, 0, lag, table, threshold, rows, rows, cost, statistics, equity)
    return equity, statistics


def test_a_book_by_hand() -> None:
    equity, statistics = book([0, 0, 1, 1], [10.0, 12.0, 9.0, 9.0], [1.0, 0.0])
    assert equity == pytest.approx([1.0, 1.2, 0.9, 0.9])
    final, total, squares, downside, drawdown, rebalances, turnover = statistics
    assert final == pytest.approx(0.9)
    assert total == pytest.approx(0.2 - 0.25)
    assert squares == pytest.approx(0.2**2 + 0.25**2)
    assert downside == pytest.approx(0.25**2)
    assert drawdown == pytest.approx(0.25)
    assert (rebalances, turnover) == (2.0, pytest.approx(2.0))


def test_costs_are_paid_on_what_is_moved() -> None:
    assert book([0], [10.0], [0.5], cost=0.01)[0] == pytest.approx([0.995])


def test_a_deviation_up_to_the_threshold_changes_nothing() -> None:
    held = book([0, 1, 1], [10.0, 10.0, 20.0], [0.5, 0.75], threshold=0.25)
    assert held[1][5] == 1.0
    assert held[0] == pytest.approx([1.0, 1.0, 1.5])
    moved = book([0, 1, 1], [10.0, 10.0, 20.0], [0.5, 0.75], threshold=0.24)
    assert moved[1][5] == 2.0
    assert moved[0] == pytest.approx([1.0, 1.0, 1.75])


def test_an_opening_window_acts_on_the_session_before() -> None:
    assert book([1, 0, 0], [10.0, 10.0, 20.0], [1.0, 0.0], lag=1)[0] == pytest.approx([1.0, 1.0, 1.0])
    assert book([0, 1, 1], [10.0, 10.0, 20.0], [1.0, 0.0], lag=1)[0] == pytest.approx([1.0, 1.0, 2.0])


@given(st.lists(st.floats(0.5, 2.0), min_size=2, max_size=30))
def test_a_book_that_is_always_invested_is_the_price(steps: list[float]) -> None:
    prices: Any = np.cumprod([10.0, *steps])
    equity, statistics = book([0] * len(prices), prices.tolist(), [1.0])
    assert equity == pytest.approx((prices / 10.0).tolist())
    peaks = np.maximum.accumulate(prices)
    assert statistics[4] == pytest.approx(float(np.max(1 - prices / peaks)), abs=1e-12)
