"""When the programs start: the starts behind `jutsu schedule`, and how cron and systemd are told.

The starts follow from the exchange's rules for years ahead. An extra start is harmless: the programs ask the
calendar, and a second run says "already done".
"""

from __future__ import annotations

import shlex
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
VALIDATE, DOCTOR, FLUSH = "jutsu validate", "jutsu doctor --alert", "jutsu alerts flush"
#: systemd unit → what it starts
UNITS: Final = {
    "signal-generator": GENERATOR,
    "executor": EXECUTOR,
    "executor-place": PLACE,
    "executor-poll": POLL,
    "validate": VALIDATE,
    "doctor": DOCTOR,
    "alerts": FLUSH,
}
#: by the clock alone: command → cron fields and systemd calendar
BY_CLOCK: Final = {DOCTOR: ("0 */6 * * *", "00/6:00"), FLUSH: ("5 * * * *", "*:05")}
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
class Start:
    """A command and one of its regular starts on the host's clock."""

    command: str
    at: LocalStart


def starts(books: Iterable[ScheduledBook], zone: tzinfo, today: date) -> tuple[Start, ...]:
    """Return every start of the programs that follow the sessions, in the order of the day.

    The validation has one start only, the latest: it looks at the last closed session, whenever that was.
    """
    found: set[Start] = set()
    for command, instant in _instants(books):
        found |= {Start(command, at) for at in local_starts(instant, zone, today)}
    last = max(local_starts(lambda s: s.close + timedelta(minutes=15), zone, today))
    found.add(Start(VALIDATE, LocalStart(last.day_shift, last.at, EVERY_MONTH)))
    return tuple(sorted(found, key=lambda start: (start.at, start.command)))


def _instants(books: Iterable[ScheduledBook]) -> Iterator[tuple[str, Callable[[Session], datetime]]]:
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


def cron_lines(
    folder: Path, planned: Iterable[Start], flags: str = "", programs: Path = CHECKOUT
) -> Iterator[str]:
    """Yield the lines of a crontab, in the local time of the machine.

    Args:
        folder: the project folder, quoted for the shell and for cron.
        planned: the starts.
        flags: further flags of every command, already quoted.
        programs: folder of `python` and `jutsu`, absolute or below the project folder.
    """
    yield "# local times; several lines because of early closes and clock changes: an extra start is harmless"
    yield "# MAILTO=you@example.org   cron mails what a line prints: here only that a program failed"
    yield "# keys and alert addresses: state/secrets.env (chmod 600); cron has no variable of your shell"
    for start in planned:
        yield f"{start.at.cron}  {_cron_command(folder, start.command, flags, programs)}"
    for command, (fields, _) in BY_CLOCK.items():
        yield f"{fields}  {_cron_command(folder, command, flags, programs)}"


def _cron_command(folder: Path, command: str, flags: str, programs: Path) -> str:
    name, _, rest = command.partition(" ")
    called = f"{shlex.quote(str(programs / name))} {rest} {flags}".rstrip()
    text = (
        f"cd {shlex.quote(str(folder))} && mkdir -p logs && {called} >> logs/cron.log 2>&1 "
        f'|| echo "{command}: exit $?, see logs/cron.log"'
    )
    return text.replace("%", r"\%")  # a bare % is a new line to cron


def systemd_units(
    folder: Path, planned: Iterable[Start], flags: str = "", programs: Path = CHECKOUT
) -> Iterator[str]:
    """Yield the text of each systemd service and timer; `planned` are starts in New York time."""
    starts_ = tuple(planned)
    for name, command in UNITS.items():
        times = [_on_calendar(start.at) for start in starts_ if start.command == command]
        if command in BY_CLOCK:
            times = [BY_CLOCK[command][1]]
        if not times:
            continue
        program, *rest = command.split(" ", 1)
        executable = _unit_quoted(str(folder / programs / program))
        called = " ".join([executable, *rest, *([flags] if flags else [])])
        place = str(folder).replace("%", "%%")
        yield f"# jutsu-{name}.service"
        yield f"[Service]\nType=oneshot\nWorkingDirectory={place}\nExecStart={called}\n"
        yield f"# jutsu-{name}.timer"
        yield "\n".join(["[Timer]", *(f"OnCalendar={text}" for text in times)])
        yield "\n[Install]\nWantedBy=timers.target\n"


def _on_calendar(start: LocalStart) -> str:
    return f"Mon..Fri {start.at:%H:%M} America/New_York"


def _unit_quoted(text: str) -> str:
    """Return a word of a unit file: specifiers and variables in it are ordinary text."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"'


def new_york_starts(books: Iterable[ScheduledBook], today: date) -> tuple[Start, ...]:
    """Return the starts on the exchange's own clock: no clock change splits them."""
    every = starts(books, NEW_YORK, today)
    merged = {Start(start.command, LocalStart(0, start.at.at, EVERY_MONTH)) for start in every}
    return tuple(sorted(merged, key=lambda start: (start.at, start.command)))
