"""How much a minute trades against the same minute of the trading days before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backtest.calendar.trading_days import DayRows
from backtest.core.intraday_bars import IntradayBars, minute_at


def relative_volume(bars: IntradayBars, days: Sequence[DayRows], place: int, row: int, count: int) -> float:
    """Return the volume of a row by the median of its minute on earlier trading days.

    Args:
        bars: minute bars.
        days: trading days with bars, oldest first.
        place: which of `days` the row belongs to.
        row: the row.
        count: earlier days looked at.

    Returns:
        The ratio; 0.0 (so that no filter lets it pass) when there are fewer than `count` earlier days, when
        one of them does not have the minute or its volume, or when the row itself has none.
    """
    if place < count or count < 1:
        return 0.0
    after_start = bars.minutes[row] - minute_at(days[place].day.start)
    usual = [_volume(bars, days[before], after_start) for before in range(place - count, place)]
    if not all(usual):
        return 0.0
    return float(bars.volume[row] / np.median(usual))


def _volume(bars: IntradayBars, day: DayRows, after_start: np.timedelta64) -> float:
    """Return the volume of a minute of a day, 0.0 when it has no bar."""
    minute = minute_at(day.day.start) + after_start
    row = day.first + int(np.searchsorted(bars.minutes[day.first : day.end], minute))
    return float(bars.volume[row]) if row < day.end and bars.minutes[row] == minute else 0.0
