"""Cron expressions: five fields, and the next times they mean, in New York.

Fields are minute (0-59), hour (0-23), day of the month (1-31), month (1-12) and weekday (0-7, Sunday is 0 and
7); each is `*`, a number, a range `a-b`, a step `*/n` or `a-b/n`, or a list of those. As in cron, a time fits
when the day of the month or the weekday does, where both are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import UsageError

_FIELDS: Final = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
#: a leap day may be eight years away
_FURTHEST_DAYS: Final = 366 * 9


@dataclass(frozen=True, slots=True)
class CronTimes:
    """The times of an expression; a field of every value is as wide as it can be."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def after(self, instant: datetime) -> Iterator[datetime]:
        """Yield the times after an aware instant, aware in New York; what a clock skips is left out."""
        local = instant.astimezone(NEW_YORK)
        for shift in range(_FURTHEST_DAYS):
            day = local.date() + timedelta(days=shift)
            if day.month not in self.months or not self._fits(day.day, day.isoweekday() % 7):
                continue
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    found = datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK)
                    if found > local and _exists(found):
                        yield found

    def _fits(self, day: int, weekday: int) -> bool:
        by_day, by_weekday = day in self.days, weekday in self.weekdays
        if self.any_day or self.any_weekday:
            return by_day and by_weekday
        return by_day or by_weekday


def parse(expression: str) -> CronTimes:
    """Return the times of an expression.

    Raises:
        UsageError: it is no cron expression, or no day fits it.
    """
    parts = expression.split()
    if len(parts) != len(_FIELDS):
        raise _wrong(expression, f"has {len(parts)} fields, not 5")
    try:
        values = [_values(part, low, high) for part, (_, low, high) in zip(parts, _FIELDS, strict=True)]
    except ValueError as error:
        raise _wrong(expression, str(error)) from error
    minutes, hours, days, months, weekdays = values
    found = CronTimes(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        any_day=parts[2].startswith("*"),
        any_weekday=parts[4].startswith("*"),
    )
    if next(found.after(datetime(2000, 1, 1, tzinfo=NEW_YORK)), None) is None:
        raise _wrong(expression, "fits no day")
    return found


def _values(text: str, low: int, high: int) -> frozenset[int]:
    """Return the numbers a field means. ValueError: it is none."""
    return frozenset(number for part in text.split(",") for number in _part(part, low, high))


def _part(text: str, low: int, high: int) -> range:
    base, slash, step = text.partition("/")
    begin, dash, end = (str(low), "-", str(high)) if base == "*" else base.partition("-")
    numbers = (begin, end) if dash else (begin,)
    if not all(one.isascii() and one.isdigit() for one in (*numbers, *([step] if slash else []))):
        raise ValueError(f"{text!r} is no field")
    first, last = int(begin), int(numbers[-1])
    if slash and not dash:
        last = high
    if not low <= first <= last <= high or (slash and int(step) == 0):
        raise ValueError(f"{text!r} is not between {low} and {high}")
    return range(first, last + 1, int(step) if slash else 1)


def _exists(local: datetime) -> bool:
    """Whether a local time is not skipped when clocks go forward."""
    return local.astimezone(UTC).astimezone(NEW_YORK).replace(tzinfo=None) == local.replace(tzinfo=None)


def _wrong(expression: str, problem: str) -> UsageError:
    return UsageError(
        f"{expression[:80]!r} {problem}" if problem[:3] in {"has", "fit"} else problem,
        where="cron_expression",
        remedy="minute hour day month weekday, such as `30 18 * * 1-5`",
    )
