"""Dates and times as a person writes them: one spelling each, so that none misleads.

The standard library also takes `20260924` (as a time: midnight of that day) and `2026-W39-4`. Years are those
the exchange calendar knows with the year before and after: whoever counts a week back or an hour on from such
a date never leaves the calendar.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Final, TypeVar

DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII
)

FIRST_YEAR: Final = 1991
LAST_YEAR: Final = 2047

Day = TypeVar("Day", date, datetime)


class UnknownYearError(ValueError):
    """A date of a year the calendar does not know."""


def written_date(text: str) -> date:
    """Return the date of `2026-11-20`. ValueError: anything else; UnknownYearError: a strange year."""
    return _written(text, DATE, date.fromisoformat, "a date like 2026-11-20")


def written_time(text: str) -> datetime:
    """Return the time of `2026-11-20T15:55`, aware when it names its zone. ValueError: as for a date."""
    return _written(text, TIME, datetime.fromisoformat, "a time like 2026-11-20T15:55")


def _written(text: str, spelling: re.Pattern[str], read: Callable[[str], Day], kind: str) -> Day:
    if spelling.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not {kind}")
    try:
        found = read(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not {kind}: {error}") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise UnknownYearError(f"{text!r} is outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return found
