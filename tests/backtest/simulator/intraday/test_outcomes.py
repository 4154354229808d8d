"""Outcomes of a grid: doubles and ticks, compiled and interpreted, one bar at a time."""

from fractions import Fraction

import numpy as np
import pytest

from backtest.calendar.trading_days import days_with_bars
from backtest.core.errors import DataError
from backtest.core.intraday_bars import COLUMNS, PRICES, IntradayBars
from backtest.simulator.intraday.breaks import OpeningRange, opening_ranges
from backtest.simulator.intraday.grid import Grid
from backtest.simulator.intraday.outcomes import Outcomes, outcomes_of
from backtest.strategies.opening_range_breakout import rules
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY, label_of
from tests.support.minute_world import bars_at, random_bars

SMALL = Grid(ratios=(Fraction(1), Fraction(5, 2)), confirm_bars=(1, 2))
NAMES = ("entry_row", "entry_price", "target", "exit_row", "answer", "worst", "best", "inexact")


def ranges_of(bars: IntradayBars, *labels: str) -> tuple[OpeningRange, ...]:
    names = labels or ("1000", "0030")
    return opening_ranges(bars, days_with_bars(bars, FUTURES_DAY), [label_of(name) for name in names], (5,))


def world(seed: int = 11, days: int = 4) -> tuple[IntradayBars, tuple[OpeningRange, ...]]:
    bars = random_bars(seed, days, first="2024-01-02")
    return bars, ranges_of(bars)


def assert_same(one: Outcomes, other: Outcomes, *names: str) -> None:
    for name in names or NAMES:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_doubles_and_ticks_differ_only_where_they_say_so() -> None:
    bars, ranges = world()
    doubles, ticks = (outcomes_of(bars, ranges, SMALL, compat=compat) for compat in (True, False))
    assert (doubles.entry_row >= 0).sum() > 30
    assert_same(doubles, ticks, "entry_row", "entry_price", "inexact")
    same = ~doubles.inexact
    for name in ("exit_row", "worst", "best"):
        np.testing.assert_array_equal(getattr(doubles, name)[same], getattr(ticks, name)[same])
    np.testing.assert_allclose(doubles.target, ticks.target, atol=1e-9)


def test_an_exact_touch_is_a_touch_in_ticks() -> None:
    """100.4 + (100.4 - 100.2) x 1.5 is 100.7 in decimals and more than 100.7 in doubles."""
    flat, out = (100.3, 100.3, 100.2, 100.3), (100.4, 100.4, 100.4, 100.4)
    bars = bars_at("2024-01-05T00:00", [flat] * 5 + [out, out, (100.4, 100.7, 100.4, 100.4)])
    grid = Grid(models=("E1",), ratios=(Fraction(3, 2),), confirm_bars=(1,))
    doubles, ticks = (outcomes_of(bars, ranges_of(bars, "1000"), grid, compat=c) for c in (True, False))
    assert (doubles.answer.item(), ticks.answer.item()) == (rules.OPEN, rules.TARGET)
    assert doubles.inexact.item()
    assert ticks.inexact.item()
    assert ticks.target.item() == 100.7


def test_prices_without_a_grid_are_walked_in_doubles_only() -> None:
    bars, ranges = world()
    thirds = {name: getattr(bars, name) / 3 for name in PRICES}
    odd = IntradayBars("MGC", bars.minutes, **thirds, volume=bars.volume)
    with pytest.raises(DataError, match="--compat"):
        outcomes_of(odd, ranges_of(odd), SMALL, compat=False)
    assert not outcomes_of(odd, ranges_of(odd), SMALL, compat=True).inexact.any()
    assert len(ranges) > 4


def test_later_bars_change_nothing_before_them() -> None:
    """The outcomes of the first days are the same whatever the last day brings."""
    bars, ranges = world(seed=4, days=3)
    known = outcomes_of(bars, ranges, SMALL, compat=True)
    last = ranges[-1].day
    cut = days_with_bars(bars, FUTURES_DAY)[-1].first
    fewer = IntradayBars("MGC", bars.minutes[:cut], **{name: getattr(bars, name)[:cut] for name in COLUMNS})
    earlier = outcomes_of(fewer, ranges_of(fewer), SMALL, compat=True)
    events = [n for n, one in enumerate(known.breaks) if one.day != last]
    assert events
    for name in NAMES:
        np.testing.assert_array_equal(getattr(known, name)[events], getattr(earlier, name))


@pytest.mark.long
def test_compiled_and_interpreted_walks_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    bars, ranges = world(days=20)
    monkeypatch.setattr("backtest.simulator.intraday.outcomes._COMPILING_PAYS", 0)
    compiled = outcomes_of(bars, ranges, SMALL, compat=True)
    monkeypatch.setattr("backtest.simulator.intraday.outcomes._COMPILING_PAYS", 10**9)
    assert_same(compiled, outcomes_of(bars, ranges, SMALL, compat=True))


def test_no_break_at_all() -> None:
    bars = bars_at("2024-01-05T00:00", [(10.0, 10.0, 10.0, 10.0)] * 9)
    found = outcomes_of(bars, ranges_of(bars), SMALL, compat=False)
    assert found.breaks == ()
    assert found.answer.shape == (0, 3, 2, 2)
