"""When the programs start: the starts behind `jutsu schedule`, however the machine is told.

The starts follow from the exchange's rules for years ahead. An extra start is harmless: the programs ask the
calendar, and a second run says "already done".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final

from backtest.calendar.sessions import NEW_YORK, Session, window
from backtest.calendar.starts import LocalStart, local_starts
from backtest.core.decision import ExecutionTime

GENERATOR: Final = "python -m live.signal_generator"
EXECUTOR: Final = "python -m live.executor"
PLACE: Final = f"{EXECUTOR} --phase place"
POLL: Final = f"{EXECUTOR} --phase poll"
#: of a book of breakouts: hourly, since a plan is made within the hour before its first window; each minute
ORB_PLAN: Final = f"{GENERATOR} --strategy orb"
ORB_SESSION: Final = f"{EXECUTOR} --phase session"
VALIDATE: Final = "jutsu validate"
DOCTOR: Final = "jutsu doctor --alert"
FLUSH: Final = "jutsu alerts flush"
BACKUP: Final = "jutsu backup"
REHEARSE: Final = "jutsu backup rehearse"
#: DIR is the folder of a person's own price files
IMPORT: Final = "jutsu data import DIR"
WEEKLY: Final = "jutsu report weekly --mail"
MONTHLY: Final = "jutsu report monthly --mail"
#: commands of a window: started late they are of no use, the next program says that they were missed
STAGES: Final = (GENERATOR, EXECUTOR, PLACE, POLL)
#: unit or agent → what it starts
UNITS: Final = {
    "signal-generator": GENERATOR,
    "executor": EXECUTOR,
    "executor-place": PLACE,
    "executor-poll": POLL,
    "validate": VALIDATE,
    "doctor": DOCTOR,
    "alerts": FLUSH,
    "backup": BACKUP,
    "backup-rehearse": REHEARSE,
    "report-weekly": WEEKLY,
    "report-monthly": MONTHLY,
}


@dataclass(frozen=True, slots=True)
class ByClock:
    """A command that follows the clock alone: at one minute of these hours, every day or on some.

    Attributes:
        sundays: on Sundays alone.
        until_day: last day of the month on which it starts, None: every day.
    """

    minute: int
    hours: tuple[int, ...]
    sundays: bool = False
    until_day: int | None = None

    def on(self, day: date) -> bool:
        """Whether it starts on a day."""
        return (not self.sundays or day.isoweekday() == 7) and day.day <= (self.until_day or 31)


EVERY_HOUR: Final = tuple(range(24))
#: no start between 01:00 and 03:00, where clocks are changed, but of the hourly one
BY_CLOCK: Final = {
    DOCTOR: ByClock(0, (0, 6, 12, 18)),
    FLUSH: ByClock(5, EVERY_HOUR),
    BACKUP: ByClock(20, (4,)),
    REHEARSE: ByClock(40, (4,), until_day=1),
    WEEKLY: ByClock(10, (9,), sundays=True),
    #: the first session of a month is on one of these days; before it and once it was sent it ends at once
    MONTHLY: ByClock(15, (9,), until_day=7),
}
#: where a checkout keeps its programs, below the project folder
CHECKOUT: Final = Path(".venv/bin")
EVERY_MONTH: Final = tuple(range(1, 13))
#: minutes before the open at which a book with reports is decided: a late or corrected report is taken up
DECIDES: Final = (30, 20, 12)
#: minutes before the open at which its orders are placed
PLACES: Final = 10
#: minutes after the open at which fills of the opening auction are looked for
POLLS: Final = (2, 10, 30)


@dataclass(frozen=True, slots=True)
class ScheduledBook:
    """A daily book: its window, and whether it trades the opening auction on a report of candidates."""

    variant: str
    execution_time: ExecutionTime
    reads_candidates: bool = False


@dataclass(frozen=True, slots=True)
class Project:
    """What every started command belongs to.

    Attributes:
        folder: the project.
        flags: further flags of every command, quoted for a shell.
        programs: folder of `python` and `jutsu`, absolute or below the project folder.
        breakouts: it has a book of breakouts, which follows the clock alone.
    """

    folder: Path
    flags: str = ""
    programs: Path = CHECKOUT
    breakouts: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """A command and one of its regular starts on the host's clock."""

    command: str
    at: LocalStart


def starts(books: Iterable[ScheduledBook], zone: tzinfo, today: date) -> tuple[Start, ...]:
    """Return every start of the programs that follow the sessions, in the order of the day.

    The validation has one start only, the latest: it looks at the last closed session, whenever that was.
    """
    found: set[Start] = set()
    for command, instant in instants(books):
        found |= {Start(command, at) for at in local_starts(instant, zone, today)}
    last = max(local_starts(validation_of, zone, today))
    found.add(Start(VALIDATE, LocalStart(last.day_shift, last.at, EVERY_MONTH)))
    return tuple(sorted(found, key=lambda start: (start.at, start.command)))


def validation_of(session: Session) -> datetime:
    """Return when the validation of a session starts."""
    return session.close + timedelta(minutes=15)


def instants(books: Iterable[ScheduledBook]) -> Iterator[tuple[str, Callable[[Session], datetime]]]:
    """Yield each command of the stages with its instant of a session."""

    def opens(name: ExecutionTime, minutes: int) -> Callable[[Session], datetime]:
        return lambda s: window(s, name).opens_at + timedelta(minutes=minutes)

    for book in books:
        if book.reads_candidates and book.execution_time == "open":
            for minutes in DECIDES:
                yield GENERATOR, opens("open", -minutes)
            yield PLACE, opens("open", -PLACES)
            for minutes in POLLS:
                yield POLL, opens("open", minutes)
        else:
            yield GENERATOR, opens(book.execution_time, -20)
            yield EXECUTOR, opens(book.execution_time, 0)


def import_starts(books: Iterable[ScheduledBook], zone: tzinfo, today: date) -> tuple[Start, ...]:
    """Return when the bars of a store must be brought in.

    Five minutes before a stage that decides on today's bar as it is then; and after the close, when it is
    final.
    """
    wanted: list[Callable[[Session], datetime]] = [lambda s: s.close + timedelta(minutes=10)]
    for command, instant in instants(book for book in books if "close" in book.execution_time):
        if command == GENERATOR:
            wanted.append(lambda s, of=instant: of(s) - timedelta(minutes=5))  # type: ignore[misc]
    found = {Start(IMPORT, at) for instant in wanted for at in local_starts(instant, zone, today)}
    return tuple(sorted(found, key=lambda start: start.at))


def new_york_starts(books: Iterable[ScheduledBook], today: date) -> tuple[Start, ...]:
    """Return the starts on the exchange's own clock: no clock change splits them."""
    every = starts(books, NEW_YORK, today)
    merged = {Start(start.command, LocalStart(0, start.at.at, EVERY_MONTH)) for start in every}
    return tuple(sorted(merged, key=lambda start: (start.at, start.command)))
