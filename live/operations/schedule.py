"""When the programs start: the starts behind `jutsu schedule`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from live.runtime.runtime import Runtime

GENERATOR, EXECUTOR = "python -m live.signal_generator", "python -m live.executor"
VALIDATE, DOCTOR = "jutsu validate", "jutsu doctor --alert"
#: systemd unit → what it starts
UNITS = {"signal-generator": GENERATOR, "executor": EXECUTOR, "validate": VALIDATE, "doctor": DOCTOR}


@dataclass(frozen=True, slots=True, order=True)
class Start:
    """One regular start in local time: days after the session's (1 far in the east), time, command."""

    day: int
    at: str
    command: str


def starts(windows: Sequence[str], runtime: Runtime) -> list[Start]:
    """Return every start of the next year, so that early closes and clock changes are covered.

    The validation has one start only, the latest: it looks at the last closed session, whenever that was.
    """
    from backtest.calendar import sessions as calendar

    today = runtime.today()
    upcoming = calendar.sessions(today, today + timedelta(days=370))
    found: set[Start] = set()
    for session in upcoming:
        for name in windows:
            window = calendar.window(session, name)  # type: ignore[arg-type] # validated by the strategy
            found.add(_start(session.day, window.opens_at - timedelta(minutes=20), GENERATOR))
            found.add(_start(session.day, window.opens_at, EXECUTOR))
    last = max(_start(session.day, session.close + timedelta(minutes=15), VALIDATE) for session in upcoming)
    return [*sorted(found), last]


def _start(day: date, at: datetime, command: str) -> Start:
    local = datetime.fromtimestamp(at.timestamp(), UTC).astimezone()
    return Start((local.date() - day).days, local.strftime("%H:%M"), command)


def cron_lines(folder: Path, starts: list[Start]) -> Iterator[str]:
    """Yield the lines of a crontab, in the local time of the machine."""
    yield "# local times; several lines because of early closes and clock changes: an extra start is harmless"
    for start in starts:
        hour, minute = start.at.split(":")
        days = f"{1 + start.day}-{5 + start.day}"
        yield f"{int(minute)} {int(hour)} * * {days}  cd {folder} && .venv/bin/{start.command}"
    yield f"0 */6 * * *  cd {folder} && .venv/bin/{DOCTOR}"


def systemd_units(folder: Path, starts: list[Start]) -> Iterator[str]:
    """Yield the text of each systemd service and timer."""
    for name, command in UNITS.items():
        yield f"# jutsu-{name}.service"
        yield f"[Service]\nType=oneshot\nWorkingDirectory={folder}\nExecStart={folder}/.venv/bin/{command}\n"
        yield f"# jutsu-{name}.timer"
        yield "[Timer]"
        for start in starts:
            if start.command == command:
                yield f"OnCalendar={'Tue..Sat' if start.day else 'Mon..Fri'} {start.at}"
        if command == DOCTOR:
            yield "OnCalendar=00/6:00"
        yield "\n[Install]\nWantedBy=timers.target\n"
