"""Opening ranges and their breaks, for every trading day, label and length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from backtest.calendar.trading_days import DayRows
from backtest.core.intraday_bars import IntradayBars, minute_at
from backtest.strategies.opening_range_breakout.labels import Label, window_of
from backtest.strategies.opening_range_breakout.rules import NO_BREAK, break_side


@dataclass(frozen=True, slots=True)
class OpeningRange:
    """An opening range of a trading day, and the break of it.

    Attributes:
        day: the trading day.
        place: its position among the trading days with bars.
        label, minutes: name and length of the range.
        bars: bars in its window, at least one.
        high, low: of those bars.
        first, deadline: rows in which a break is looked for: from `first` up to, not including, `deadline`.
        end: the row after the last one of the trading day.
        side: of the break: 1 long, -1 short, 0 none.
        row: of the break, -1 without one.
    """

    day: date
    place: int
    label: str
    minutes: int
    bars: int
    high: float
    low: float
    first: int
    deadline: int
    end: int
    side: int = 0
    row: int = -1

    @property
    def size(self) -> float:
        """Points from low to high."""
        return self.high - self.low


def opening_ranges(
    bars: IntradayBars, days: Sequence[DayRows], labels: Sequence[Label], minutes: Sequence[int]
) -> tuple[OpeningRange, ...]:
    """Return the ranges that have at least one bar, with their breaks; by length, day and label."""
    named = sorted(labels, key=lambda label: label.name)
    found = [
        made
        for length in sorted(minutes)
        for place, day in enumerate(days)
        for label in named
        if (made := _range(bars, place, day, label, length)) is not None
    ]
    return tuple(_with_break(bars, one) for one in found)


def _range(bars: IntradayBars, place: int, rows: DayRows, label: Label, minutes: int) -> OpeningRange | None:
    window = window_of(label, rows.day, minutes)
    if window is None:
        return None
    inside = bars.minutes[rows.first : rows.end]
    instants = np.array([minute_at(at) for at in (window.start, window.end, window.deadline)], "M8[m]")
    start, first, deadline = (rows.first + np.searchsorted(inside, instants)).tolist()
    if first == start:
        return None
    return OpeningRange(
        day=rows.day.day,
        place=place,
        label=label.name,
        minutes=minutes,
        bars=first - start,
        high=float(bars.high[start:first].max()),
        low=float(bars.low[start:first].min()),
        first=first,
        deadline=deadline,
        end=rows.end,
    )


def _with_break(bars: IntradayBars, one: OpeningRange) -> OpeningRange:
    closes = bars.close[one.first : one.deadline].tolist()  # floats are read twice as fast as array cells
    for after, close in enumerate(closes):
        side = break_side(close, one.high, one.low)
        if side != NO_BREAK:
            return replace(one, side=side, row=one.first + after)
    return one
