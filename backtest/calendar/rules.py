"""The holidays and early closes that the exchange's own rules give for any year from 2022 on (NYSE rule 7.2).

The table knows what was published and every exception of the past; after its last day these rules answer.
They know nothing of days of mourning, storms or new holidays: those need a refreshed table.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from functools import cache
from typing import Final

FIRST_YEAR: Final = 2022  # the first with Juneteenth
EARLY_CLOSE: Final = time(13, 0)

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6


@cache
def closed_weekdays(year: int) -> frozenset[date]:
    """Return the weekdays of a year on which the exchange is closed."""
    thanksgiving = _nth(year, 11, _THURSDAY, 4)
    new_year = date(year, 1, 1)
    moving = [
        _nth(year, 1, _MONDAY, 3),  # Martin Luther King
        _nth(year, 2, _MONDAY, 3),  # Washington
        _easter(year) - timedelta(days=2),  # Good Friday
        _last_monday_of_may(year),  # Memorial Day
        _nth(year, 9, _MONDAY, 1),  # Labor Day
        thanksgiving,
        *(_observed(date(year, month, day)) for month, day in ((6, 19), (7, 4), (12, 25))),
    ]
    # A New Year's Day on a Saturday is not moved: the year's accounts close on that Friday.
    if new_year.weekday() != _SATURDAY:
        moving.append(_observed(new_year))
    return frozenset(moving)


@cache
def early_close_days(year: int) -> frozenset[date]:
    """Return the sessions of a year that end at one o'clock."""
    eves = [date(year, 7, 3), date(year, 12, 24)]
    after_thanksgiving = _nth(year, 11, _THURSDAY, 4) + timedelta(days=1)
    # An eve on a Friday is itself the holiday, moved from the Saturday.
    return frozenset([after_thanksgiving, *(eve for eve in eves if eve.weekday() <= _THURSDAY)])


def _observed(day: date) -> date:
    if day.weekday() == _SATURDAY:
        return day - timedelta(days=1)
    return day + timedelta(days=1) if day.weekday() == _SUNDAY else day


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
