"""A made-up market of minute bars: a seeded random walk in ticks over whole futures days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import numpy as np

from backtest.calendar.trading_days import SATURDAY, DayAnchor
from backtest.core.intraday_bars import IntradayBars, minute_at

#: of a session: minutes, and those at the start of an active hour in which it moves faster
_MINUTES: Final = 23 * 60
_ACTIVE: Final = (0, 60, 120, 540, 840, 930)
_START: Final = 20_000


def demo_minutes(
    symbol: str, days: int, last: date, anchor: DayAnchor, *, seed: int = 7, tick: float = 0.1
) -> IntradayBars:
    """Return the bars of the last trading days, Monday to Friday, up to one.

    Args:
        symbol: of the bars.
        days: how many trading days.
        last: the newest of them, or a day after it.
        anchor: when a trading day begins.
        seed: another seed is another market.
        tick: smallest step of a price.
    """
    wanted: list[date] = []
    day = last
    while len(wanted) < days:
        if day.weekday() < SATURDAY:
            wanted.insert(0, day)
        day -= timedelta(days=1)
    source = np.random.default_rng(seed)
    count = days * _MINUTES
    pace = np.ones(_MINUTES, dtype=np.int64)
    for start in _ACTIVE:
        pace[start : start + 30] = 3
    paces = np.tile(pace, days)
    steps = source.integers(-2, 3, size=count) * paces
    close = np.maximum(_START + np.cumsum(steps), 1_000)
    open_ = np.r_[_START, close[:-1]]
    reach = source.integers(0, 3, size=(2, count)) * paces
    high, low = np.maximum(open_, close) + reach[0], np.minimum(open_, close) - reach[1]
    minutes = np.concatenate([minute_at(anchor.day(one).start) + np.arange(_MINUTES) for one in wanted])
    decimals = max(0, -int(np.floor(np.log10(tick))))
    prices = {
        name: np.round(values * tick, decimals)
        for name, values in (("open", open_), ("high", high), ("low", low), ("close", close))
    }
    volume = source.integers(20, 200, size=count).astype(np.float64) * paces
    return IntradayBars(symbol, minutes, **prices, volume=volume, source="demo")
