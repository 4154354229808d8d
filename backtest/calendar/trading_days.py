"""Trading days of minute bars: from an anchor in local time to the same anchor a day later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from backtest.core.intraday_bars import IntradayBars, minute_at

SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TradingDay:
    """One trading day: the instants from `start` up to, not including, `end`, both UTC."""

    day: date
    start: datetime
    end: datetime

    def holds(self, instant: datetime) -> bool:
        """Tell whether an instant belongs to the day."""
        return self.start <= instant < self.end


@dataclass(frozen=True, slots=True)
class DayAnchor:
    """When a trading day begins, as a time on the clock of a zone, e.g. 09:00 in Australia/Brisbane."""

    zone: str
    at: time

    def day(self, day: date) -> TradingDay:
        """Return the trading day that is named after `day`: it begins on that date of the zone."""
        return TradingDay(day, self._start(day), self._start(day + _DAY))

    def day_at(self, instant: datetime) -> TradingDay:
        """Return the trading day that an instant belongs to; ValueError for a naive time."""
        if instant.tzinfo is None:
            raise ValueError(f"{instant} has no time zone")
        local = instant.astimezone(ZoneInfo(self.zone)).date()
        found = self.day(local)
        return found if found.holds(instant) else self.day(local - _DAY)

    def _start(self, day: date) -> datetime:
        return datetime.combine(day, self.at, ZoneInfo(self.zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class DayRows:
    """The rows of one trading day among bars: `first` up to, not including, `end`."""

    day: TradingDay
    first: int
    end: int


def days_with_bars(bars: IntradayBars, anchor: DayAnchor) -> tuple[DayRows, ...]:
    """Return the trading days from Monday to Friday that have a bar, oldest first."""
    if not len(bars):
        return ()
    first, last = (anchor.day_at(_instant(bars.minutes[row])).day for row in (0, -1))
    wanted = [first + _DAY * n for n in range((last - first).days + 1)]
    days = [anchor.day(day) for day in wanted if day.weekday() < SATURDAY]
    starts = np.searchsorted(bars.minutes, np.array([minute_at(day.start) for day in days], "M8[m]"))
    ends = np.searchsorted(bars.minutes, np.array([minute_at(day.end) for day in days], "M8[m]"))
    rows = zip(days, starts.tolist(), ends.tolist(), strict=True)
    return tuple(DayRows(day, low, high) for day, low, high in rows if high > low)


def _instant(minute: np.datetime64) -> datetime:
    found: datetime = minute.astype("M8[s]").item()
    return found.replace(tzinfo=UTC)
