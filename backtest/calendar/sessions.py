"""Sessions, early closes, week ends and execution windows of the exchange (XNYS).

Answers come from `backtest.calendar.table`, a small generated text that is verified against
pandas-market-calendars in the tests (reading the library itself costs half a second per start), and after its
last day from `backtest.calendar.rules`. The table knows what the exchange has published and every exception;
the rules know the regular holidays and early closes for some decades.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from backtest.calendar import rules, table
from backtest.core.decision import ExecutionTime
from backtest.core.errors import DataError

if TYPE_CHECKING:
    from backtest.core.bars import DateArray

NEW_YORK = ZoneInfo("America/New_York")
REGULAR_OPEN: Final = time(9, 30)
REGULAR_CLOSE: Final = time(16, 0)
REFRESH: Final = "python -m backtest.calendar.make_table --until YEAR"

_DAY: Final = timedelta(days=1)
_FIRST: Final = date.fromisoformat(table.FIRST)
_LAST: Final = date.fromisoformat(table.LAST)
_KNOWN_UNTIL: Final = date(_LAST.year + 20, 12, 31)

# Whether the window hangs on the open, and the minutes from there to its beginning and end. Live orders of
# `close` leave from 5 to 1 minute before the close: a later market order would fill at the next open.
_WINDOWS: Final[dict[ExecutionTime, tuple[bool, int, int]]] = {
    "open": (True, 0, 5),
    "15min_after_open": (True, 15, 30),
    "15min_before_close": (False, -15, -5),
    "5min_before_close": (False, -5, -1),
    "close": (False, -5, -1),
}


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day; `open` and `close` are aware New York instants."""

    day: date
    open: datetime
    close: datetime
    early_close: bool


@dataclass(frozen=True, slots=True)
class ExecutionWindow:
    """When orders of a session may be sent.

    Attributes:
        name: execution time.
        opens_at, closes_at: aware New York instants, both inclusive.
        decides_on: newest session whose bar the decision may read.
        fills_at_open: True for the opening windows.
    """

    name: ExecutionTime
    opens_at: datetime
    closes_at: datetime
    decides_on: date
    fills_at_open: bool


def table_starts() -> date:
    """Return the first day the table knows."""
    return _FIRST


def table_ends() -> date:
    """Return the last day the table knows: exceptions after it are not known (`jutsu doctor` warns)."""
    return _LAST


def known_until() -> date:
    """Return the last day with an answer: the rules of today say little about a far future."""
    return _KNOWN_UNTIL


@lru_cache(maxsize=20_000)
def session(day: date) -> Session | None:
    """Return the session of `day`, None when the exchange is closed; DataError outside the calendar."""
    if not _FIRST <= day <= _KNOWN_UNTIL:
        raise DataError(
            f"{day} is outside the exchange calendar ({_FIRST} to {_KNOWN_UNTIL})",
            where="backtest/calendar/table.py",
            remedy=f"check the date, or refresh the table: {REFRESH}",
        )
    closed, late_opens, early_closes = _table()
    if day.weekday() > 4 or day in closed:
        return None
    close = early_closes.get(day, REGULAR_CLOSE)
    return Session(
        day=day,
        open=datetime.combine(day, late_opens.get(day, REGULAR_OPEN), NEW_YORK),
        close=datetime.combine(day, close, NEW_YORK),
        early_close=close < REGULAR_CLOSE,
    )


@lru_cache(maxsize=64)
def sessions(start: date, end: date) -> Sequence[Session]:
    """Return every session from `start` to `end`, both inclusive; DataError outside the calendar."""
    days = (start + timedelta(days=n) for n in range((end - start).days + 1))
    return tuple(found for day in days if (found := session(day)) is not None)


def previous_session(day: date) -> Session:
    """Return the last session strictly before `day`."""
    return _neighbour(day, -_DAY)


def next_session(day: date) -> Session:
    """Return the first session strictly after `day`."""
    return _neighbour(day, _DAY)


def last_closed_session(at: datetime) -> Session:
    """Return the newest session whose close is at or before the aware instant `at`."""
    day = at.astimezone(NEW_YORK).date()
    today = session(day)
    return today if today is not None and today.close <= at else previous_session(day)


def is_week_end(day: date) -> bool:
    """Tell whether `day` is the last session of its ISO week; False when the exchange is closed."""
    if session(day) is None:
        return False
    rest_of_week = (day + timedelta(days=n) for n in range(1, 5 - day.weekday()))
    return all(later > _KNOWN_UNTIL or session(later) is None for later in rest_of_week)


def window(of: Session, execution_time: ExecutionTime) -> ExecutionWindow:
    """Return the execution window of a session; closing windows move with an early close.

    ====================  =============================================
    execution time        may send orders, New York time (both inclusive)
    ====================  =============================================
    open                  open to open + 5 min
    15min_after_open      open + 15 min to open + 30 min
    15min_before_close    close - 15 min to close - 5 min
    5min_before_close     close - 5 min to close - 1 min
    close                 close - 5 min to close - 1 min
    ====================  =============================================

    Opening windows decide on the previous session's bar, closing windows on the session's own.
    """
    at_open, begins, ends = _WINDOWS[execution_time]
    anchor = of.open if at_open else of.close
    return ExecutionWindow(
        name=execution_time,
        opens_at=anchor + timedelta(minutes=begins),
        closes_at=anchor + timedelta(minutes=ends),
        decides_on=previous_session(of.day).day if at_open else of.day,
        fills_at_open=at_open,
    )


def session_dates(start: date, end: date) -> DateArray:
    """Return the days of `sessions(start, end)` as datetime64[D], shape (n,), read-only; a view, no copy."""
    import numpy as np

    session(start)
    session(end)  # both raise outside the calendar
    days = _every_session()
    first = int(np.searchsorted(days, np.datetime64(start, "D")))
    return days[first : int(np.searchsorted(days, np.datetime64(end, "D"), side="right"))]


@cache
def _every_session() -> DateArray:
    import numpy as np

    days: DateArray = np.arange(np.datetime64(_FIRST, "D"), np.datetime64(_KNOWN_UNTIL + _DAY, "D"))
    weekdays = (days.astype(np.int64) + 3) % 7  # day 0 of numpy, 1970-01-01, was a Thursday
    trading = weekdays < 5
    closed = np.array(sorted(_table()[0]), dtype="datetime64[D]")
    trading[(closed - days[0]).astype(np.int64)] = False
    days = days[trading]
    days.setflags(write=False)
    return days


def _neighbour(day: date, step: timedelta) -> Session:
    found = None
    while found is None:
        day += step
        found = session(day)
    return found


@cache
def _table() -> tuple[frozenset[date], dict[date, time], dict[date, time]]:
    """Return closed weekdays, late opens and early closes of the table, and of the rules after it."""
    closed = {
        date.fromisoformat(f"{line[:4]}-{monthday}")
        for line in table.CLOSED.strip().splitlines()
        for monthday in line[5:].split()
    }
    early = _times(table.EARLY_CLOSES)
    for year in range(_LAST.year, _KNOWN_UNTIL.year + 1):
        closed |= {day for day in rules.closed_weekdays(year) if day > _LAST}
        later = (day for day in rules.early_close_days(year) if day > _LAST)
        early |= dict.fromkeys(later, rules.EARLY_CLOSE)
    return frozenset(closed), _times(table.LATE_OPENS), early


def _times(text: str) -> dict[date, time]:
    pairs = (line.split() for line in text.strip().splitlines())
    return {date.fromisoformat(day): time.fromisoformat(at) for day, at in pairs}
