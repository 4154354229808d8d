"""Daily bars to weekly bars, the weekly averages and lows, and when a weekly trend is broken.

A week is an ISO year and week, numbered here by `week_number`: consecutive integers, so that a difference is
a count of weeks. Short weeks count. Nothing in this module knows the exchange calendar: whether a week is
over is told by the caller (`backtest.calendar.sessions.is_week_end`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import Bars, DateArray, FloatArray

IntArray = NDArray[np.int64]
EMA_DECIMALS = 6
_MONDAY_OFFSET = 3  # 1970-01-01 was a Thursday: day 0 belongs to the week of Monday 1969-12-29


def week_number(day: date) -> int:
    """Return the number of the ISO week of `day`; consecutive weeks differ by one."""
    return (day.toordinal() - 1) // 7


def week_numbers(dates: DateArray) -> IntArray:
    """Return the week number of every date, shape (n,), on the scale of `week_number`."""
    days = dates.astype("datetime64[D]").astype(np.int64)
    base = week_number(date(1970, 1, 1))
    numbers: IntArray = (days + _MONDAY_OFFSET) // 7 + base
    return numbers


@dataclass(frozen=True, slots=True, eq=False)
class WeeklyBars:
    """Weekly bars of one symbol, oldest first; the newest may be a week that is not over.

    Attributes:
        symbol: ticker.
        week: shape (n,), week numbers, strictly increasing.
        first, last: shape (n,), first and last session with a bar in the week.
        open, high, low, close, volume: shape (n,), of the first, highest, lowest, last, and the sum.
    """

    symbol: str
    week: IntArray
    first: DateArray
    last: DateArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __len__(self) -> int:
        return len(self.week)

    def row(self, week: int) -> int | None:
        """Return the row of a week number, None when the symbol has no bar in that week."""
        position = int(np.searchsorted(self.week, week))
        if position < len(self.week) and int(self.week[position]) == week:
            return position
        return None


def weekly_bars(bars: Bars) -> WeeklyBars:
    """Group daily bars by ISO week. Linear; an empty input gives an empty result."""
    weeks = week_numbers(bars.dates)
    starts = np.flatnonzero(np.r_[True, weeks[1:] != weeks[:-1]]) if len(weeks) else np.empty(0, np.int64)
    ends = np.r_[starts[1:], len(weeks)] - 1 if len(weeks) else starts

    def over(ufunc: np.ufunc, column: FloatArray) -> FloatArray:
        return ufunc.reduceat(column, starts) if len(starts) else column[:0]

    return WeeklyBars(
        symbol=bars.symbol,
        week=weeks[starts],
        first=bars.dates[starts],
        last=bars.dates[ends],
        open=bars.open[starts],
        high=over(np.maximum, bars.high),
        low=over(np.minimum, bars.low),
        close=bars.close[ends],
        volume=over(np.add, bars.volume),
    )


def weekly_ema(close: FloatArray, period: int) -> FloatArray:
    """Exponential average of weekly closes, shape (n,).

    Undefined (NaN) for the first period-1 weeks; week `period` is the mean of the first `period` closes, then
    close x 2/(period+1) + previous x (1 - 2/(period+1)). Every value is rounded to 6 decimals and carried
    rounded, so that the same history gives the same value however far it is computed in one go.
    """
    values = np.full(len(close), np.nan)
    if period < 1 or len(close) < period:
        return values
    share = 2.0 / (period + 1)
    average = round(sum(close[:period].tolist()) / period, EMA_DECIMALS)
    values[period - 1] = average
    for week, price in enumerate(close[period:].tolist(), start=period):
        average = round(price * share + average * (1.0 - share), EMA_DECIMALS)
        values[week] = average
    return values


def n_week_low(low: FloatArray, period: int) -> FloatArray:
    """Lowest low of the `period` previous weeks, the week itself left out, shape (n,); NaN before that."""
    values = np.full(len(low), np.nan)
    if 1 <= period < len(low):
        windows = np.lib.stride_tricks.sliding_window_view(low, period)
        values[period:] = windows[:-1].min(axis=1)
    return values


def breaks(close: FloatArray, indicator: FloatArray) -> NDArray[np.bool_]:
    """Tell for every week whether it closed below its indicator: strict, and never where undefined."""
    with np.errstate(invalid="ignore"):
        broken: NDArray[np.bool_] = close < indicator
    return broken


def completed_weeks(entry: date, week: int) -> int:
    """Count the weeks that began after the entry date and are over when week number `week` is over.

    The entry week never counts, even when the entry was on a Monday.
    """
    return week - week_number(entry)
