"""Replay: what a plan knows is of the days before, and bars are handed over as they are."""

from datetime import UTC

import numpy as np

from backtest.calendar.trading_days import days_with_bars
from backtest.indicators.intraday.relative_volume import relative_volume
from backtest.simulator.intraday.plan import planned
from backtest.simulator.intraday.replay import ReplayTerms, bars_of, plan_of, replay, usual_volume
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY
from tests.support.minute_world import random_bars
from tests.support.orb_sessions import key

MGC = INSTRUMENTS["MGC"]
BARS = random_bars(3, 4, kept=0.8)
DAYS = days_with_bars(BARS, FUTURES_DAY)


def test_the_usual_volume_is_the_one_that_filters_are_studied_with() -> None:
    usual = usual_volume(BARS, DAYS, 3, 2)
    start = np.datetime64(DAYS[3].day.start.replace(tzinfo=None), "m")
    for row in range(DAYS[3].first, DAYS[3].end, 50):
        minute = int((BARS.minutes[row] - start).astype(int))
        expected = relative_volume(BARS, DAYS, 3, row, 2)
        assert (BARS.volume[row] / usual[minute] if minute in usual else 0.0) == expected
    assert usual_volume(BARS, DAYS, 1, 2) == {}


def test_a_plan_reads_nothing_of_its_own_day() -> None:
    terms = ReplayTerms(MGC, planned([key(name="VOL_RV12_N2")], MGC))
    changed = BARS.volume.copy()
    changed[DAYS[3].first :] = 1.0
    other = type(BARS)("MGC", BARS.minutes, BARS.open, BARS.high, BARS.low, BARS.close, changed)
    assert plan_of(BARS, DAYS, 3, terms) == plan_of(other, DAYS, 3, terms)


def test_bars_are_handed_over_as_they_are() -> None:
    found = bars_of(BARS, DAYS[1])
    assert [bar.close for bar in found] == BARS.close[DAYS[1].first : DAYS[1].end].tolist()
    assert found[0].minute.tzinfo == UTC
    assert DAYS[1].day.holds(found[-1].minute)


def test_each_day_is_a_session_of_its_own() -> None:
    terms = ReplayTerms(MGC, planned([key()], MGC))
    all_days = [session.events for session in replay(BARS, DAYS, terms)]
    assert len(all_days) == 4
    assert [session.events for session in replay(BARS, DAYS, terms, [2])] == all_days[2:3]
    assert any(all_days)
