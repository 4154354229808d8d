"""When a program must start on a host of another time zone: what `jutsu schedule` prints.

A host's clock time of an exchange instant changes with the clocks of both, and on days that close early. The
answer here follows from the sessions of many years, so that a rare combination (an early close in summer,
which some years do not have) is not missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from itertools import islice
from typing import Final

from backtest.calendar import sessions as calendar
from backtest.calendar.sessions import Session

#: Every combination of weekday, early close and daylight time occurs within this time.
YEARS: Final = 12
WARN_DAYS: Final = 366


@dataclass(frozen=True, slots=True, order=True)
class LocalStart:
    """One regular start on a host's clock.

    Attributes:
        day_shift: days after the session's date: 1 far in the east, -1 far in the west, else 0.
        at: time of day on the host.
        months: in which months of the host's calendar it occurs, sorted.
    """

    day_shift: int
    at: time
    months: tuple[int, ...]

    @property
    def cron(self) -> str:
        """The five fields of a cron line: minute, hour, day, months, weekdays."""
        days = ",".join(str((day + self.day_shift) % 7) for day in range(1, 6))
        plain = "1-5" if not self.day_shift else "2-6" if self.day_shift == 1 else days
        months = "*" if len(self.months) == 12 else ",".join(map(str, self.months))
        return f"{self.at.minute} {self.at.hour} * {months} {plain}"


def local_starts(
    instant: Callable[[Session], datetime], zone: tzinfo, today: date, *, years: int = YEARS
) -> tuple[LocalStart, ...]:
    """Return every clock time at which a host must start something for a session, sorted.

    Args:
        instant: the aware instant wanted of a session, such as the opening of its execution window.
        zone: of the host; a zone with clock changes gives the extra lines they need.
        today: sessions from this day on count.
        years: for how long, but no further than the calendar knows.

    A line may also fire on a day of its months that needs another one: the programs know the calendar.
    """
    last = min(date(today.year + years, 12, 31), calendar.known_until())
    found: dict[tuple[int, time], set[int]] = {}
    for session in calendar.sessions(today, last):
        local = instant(session).astimezone(zone)
        key = ((local.date() - session.day).days, local.time().replace(tzinfo=None))
        found.setdefault(key, set()).add(local.month)
    return tuple(sorted(LocalStart(shift, at, tuple(sorted(of))) for (shift, at), of in found.items()))


def next_sessions(after: date, count: int) -> tuple[Session, ...]:
    """Return the first `count` sessions strictly after a day; DataError beyond what the calendar knows."""
    return tuple(islice(_following(after), count))


def next_early_closes(after: date, count: int) -> tuple[Session, ...]:
    """Return the first `count` early closes strictly after a day; DataError beyond the calendar."""
    return tuple(islice(_early(_following(after)), count))


def table_warning(today: date) -> str | None:
    """Return what to do when the table of published holidays ends within a year, None before that."""
    ends = calendar.table_ends()
    if (ends - today).days >= WARN_DAYS:
        return None
    return (
        f"the table of published holidays ends on {ends}; later sessions follow the exchange's rules, which "
        f"know no special closings → {calendar.REFRESH}"
    )


def _following(day: date) -> Iterator[Session]:
    while True:
        session = calendar.next_session(day)
        yield session
        day = session.day


def _early(sessions: Iterable[Session]) -> Iterator[Session]:
    return (session for session in sessions if session.early_close)
