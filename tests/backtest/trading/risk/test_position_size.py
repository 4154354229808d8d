"""Sizes: the figures of the formulas, and what holds for every account."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backtest.core.errors import JutsuError
from backtest.trading.risk.position_size import (
    MIN_TRADES,
    TradeRecord,
    fixed_fractional,
    kelly_fraction,
    kelly_risked,
    shares_of_weight,
    whole_shares,
)

MONEY = st.floats(0.0, 1e9)
PRICE = st.floats(0.01, 10_000.0)
SHARE = st.floats(0.0001, 1.0)


def record(p: float = 0.55, win: float = 0.3, loss: float = 0.1, trades: int = 10_000) -> TradeRecord:
    return TradeRecord(trades, round(p * (trades + 2)) - 1, win, loss)


def test_fixed_fractional_of_a_hand_computed_trade() -> None:
    # 1 % of 100,000 over a distance of 5.00: 200 shares; with 0.10 of costs a share 196
    assert fixed_fractional(100_000, 0.01, 50.0, 45.0) == 200
    assert fixed_fractional(100_000, 0.01, 50.0, 45.0, cost=0.10) == 196
    assert fixed_fractional(100_000, 0.01, 45.0, 50.0) == 200  # a short


@pytest.mark.parametrize("stop", [None, 50.0])
def test_no_distance_is_an_error_and_not_an_endless_position(stop: float | None) -> None:
    with pytest.raises(JutsuError, match="needs a stop"):
        fixed_fractional(100_000, 0.01, 50.0, stop)


@given(MONEY, SHARE, PRICE, PRICE, st.floats(0.0, 10.0))
def test_fixed_fractional_never_risks_more_than_its_share(
    equity: float, fraction: float, entry: float, stop: float, cost: float
) -> None:
    assume(abs(entry - stop) > 1e-6)
    shares = fixed_fractional(equity, fraction, entry, stop, cost=cost)
    each = abs(entry - stop) + cost
    assert shares * each <= equity * fraction + 2e-9 * each
    assert (shares + 1) * each > equity * fraction * (1 - 1e-9)


@given(MONEY, MONEY, SHARE, PRICE, PRICE)
def test_sizes_grow_with_the_equity(
    one: float, other: float, fraction: float, entry: float, stop: float
) -> None:
    assume(entry != stop)
    low, high = sorted((one, other))
    assert fixed_fractional(low, fraction, entry, stop) <= fixed_fractional(high, fraction, entry, stop)
    assert shares_of_weight(low, fraction, entry) <= shares_of_weight(high, fraction, entry)


@given(MONEY, SHARE, PRICE)
def test_a_weight_is_never_exceeded(equity: float, weight: float, price: float) -> None:
    assert shares_of_weight(equity, weight, price) * price <= equity * weight + 2e-9 * price


def test_kelly_of_research_invested_and_risked() -> None:
    # research 5: p .55, W .3, L .1: 4.0 of the equity invested, .4 of it at risk; p .55, B 1.5: .25 at risk
    edge = record()
    assert kelly_fraction(edge, part=1.0, cap=10.0) == pytest.approx(4.0, abs=1e-3)
    assert kelly_risked(edge) == pytest.approx(0.4, abs=1e-4)
    assert kelly_risked(record(win=0.15, loss=0.1)) == pytest.approx(0.25, abs=1e-4)
    assert kelly_fraction(edge) == pytest.approx(1.0, abs=1e-3)  # a quarter of it
    assert kelly_fraction(edge, cap=0.2) == 0.2


@given(
    st.floats(0.01, 1.0),
    st.floats(0.01, 1.0),
    st.integers(MIN_TRADES, 5000),
    st.floats(0, 1),
    st.floats(0.01, 1.0),
    st.floats(0.01, 1.0),
)
def test_kelly_is_between_nothing_and_its_cap(
    win: float, loss: float, trades: int, rate: float, part: float, cap: float
) -> None:
    known = TradeRecord(trades, int(rate * trades), win, loss)
    fraction = kelly_fraction(known, part=part, cap=cap)
    assert 0 <= fraction <= cap
    if known.win_rate * win <= (1 - known.win_rate) * loss:  # no edge
        assert fraction == pytest.approx(0.0, abs=1e-9)
    # what is invested times the mean loss is what is at risk
    risked = kelly_fraction(known, part=1.0, cap=1e9) * loss
    assert risked == pytest.approx(max(0.0, kelly_risked(known)), abs=1e-9)


@given(st.integers(0, MIN_TRADES - 1))
def test_few_trades_are_no_edge(trades: int) -> None:
    assert kelly_fraction(TradeRecord(trades, trades, 0.3, 0.1)) == 0.0


@pytest.mark.parametrize(("win", "loss"), [(0.3, -0.1), (0.3, 0.0), (-0.3, 0.1), (float("nan"), 0.1)])
def test_a_loss_given_as_a_negative_number_is_refused(win: float, loss: float) -> None:
    with pytest.raises(JutsuError, match="positive fraction"):
        kelly_fraction(TradeRecord(100, 60, win, loss))


def test_shares_are_whole_and_never_negative() -> None:
    assert [whole_shares(count) for count in (99.9999999999, 3.7, -5.0, float("nan"), float("inf"))] == [
        100,
        3,
        0,
        0,
        0,
    ]
