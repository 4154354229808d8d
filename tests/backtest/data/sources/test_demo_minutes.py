from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from backtest.calendar.trading_days import SATURDAY, days_with_bars
from backtest.data.sources.demo_minutes import demo_minutes
from backtest.indicators.intraday.price_grid import grid_of
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY


def test_whole_trading_days_up_to_one_on_the_grid_of_the_tick() -> None:
    bars = demo_minutes("MGC", 6, date(2024, 1, 7), FUTURES_DAY)
    days = [one.day.day for one in days_with_bars(bars, FUTURES_DAY)]
    assert days == [date(2023, 12, 29) + timedelta(days=n) for n in (0, 3, 4, 5, 6, 7)]
    assert all(day.weekday() < SATURDAY for day in days)
    assert len(bars) == 6 * 23 * 60
    assert grid_of(bars).scale == 10


def test_a_seed_is_a_market_and_another_seed_another() -> None:
    one, same, other = (demo_minutes("MGC", 2, date(2024, 1, 5), FUTURES_DAY, seed=s) for s in (7, 7, 8))
    assert one.sha256() == same.sha256() != other.sha256()
    assert np.ptp(one.close) > 1
