"""Which program starts when: the coming starts as instants, for `jutsu schedule next` and `schedule run`."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import dropwhile, groupby

from backtest.calendar.sessions import NEW_YORK, next_session
from live.operations.schedule import BY_CLOCK, VALIDATE, ByClock, ScheduledBook, instants, validation_of

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class NextStart:
    """A start that is coming: its instant (aware, UTC) and its command."""

    at: datetime
    command: str


def session_starts(books: Sequence[ScheduledBook], after: datetime) -> Iterator[NextStart]:
    """Yield the starts of stages and validation strictly after an instant, in order, without end.

    Unlike the lines of a crontab these know the calendar: nothing starts on a holiday, or for a window of
    another day. DataError: the calendar ends.
    """
    day = after.astimezone(NEW_YORK).date() - 2 * _DAY
    yield from dropwhile(lambda start: start.at <= after, _of_sessions(books, day))


def every_start(books: Sequence[ScheduledBook], after: datetime, zone: tzinfo) -> Iterator[NextStart]:
    """Yield every start after an instant, those by the clock of `zone` too, in order, without end."""
    merged = heapq.merge(session_starts(books, after), _by_clock(after, zone))
    for start, _ in groupby(merged):
        yield start


def _of_sessions(books: Sequence[ScheduledBook], day: date) -> Iterator[NextStart]:
    while True:
        session = next_session(day)
        found = {NextStart(at(session).astimezone(UTC), command) for command, at in instants(books)}
        found.add(NextStart(validation_of(session).astimezone(UTC), VALIDATE))
        yield from sorted(found)
        day = session.day


def _by_clock(after: datetime, zone: tzinfo) -> Iterator[NextStart]:
    day = after.astimezone(zone).date() - _DAY
    while True:
        found = {
            NextStart(at, command) for command, times in BY_CLOCK.items() for at in _of_day(day, times, zone)
        }
        yield from (start for start in sorted(found) if start.at > after)
        day += _DAY


def _of_day(day: date, times: ByClock, zone: tzinfo) -> Iterator[datetime]:
    for hour in times.hours if times.on(day) else ():
        yield datetime.combine(day, time(hour, times.minute), zone).astimezone(UTC)
