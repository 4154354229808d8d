"""How systemd is told: a service and a timer per command, in the exchange's own time."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from typing import Final

from backtest.calendar.starts import LocalStart
from live.operations.schedule import BY_CLOCK, EVERY_HOUR, STAGES, UNITS, ByClock, Project, Start

#: what a unit of this project says where it belongs to
FOLDER_LINE: Final = "WorkingDirectory="


def systemd_files(project: Project, planned: Iterable[Start]) -> Iterator[tuple[str, str]]:
    """Yield name and text of each unit; `planned` are starts in New York time.

    A stage that could not start in time is not started later (`Persistent=false`): the machine slept through
    the window, and the next program says so. Everything else is made up for.
    """
    starts = tuple(planned)
    for name, command in UNITS.items():
        times = [_on_session(start.at) for start in starts if start.command == command]
        if command in BY_CLOCK:
            times = [_on_clock(BY_CLOCK[command])]
        if times:
            yield f"jutsu-{name}.service", _service(project, command)
            yield f"jutsu-{name}.timer", _timer(command, times)


def _service(project: Project, command: str) -> str:
    program, *rest = command.split(" ", 1)
    executable = _quoted(str(project.folder / project.programs / program))
    called = " ".join([executable, *rest, *map(_quoted, shlex.split(project.flags))])
    place = str(project.folder).replace("%", "%%")
    return (
        f"[Unit]\nDescription={command}\n\n"
        f"[Service]\nType=oneshot\n{FOLDER_LINE}{place}\nExecStart={called}\n"
    )


def _timer(command: str, times: Iterable[str]) -> str:
    late = "false" if command in STAGES else "true"
    calendar = "\n".join(f"OnCalendar={text}" for text in times)
    return (
        f"[Unit]\nDescription=starts of {command}\n\n"
        f"[Timer]\n{calendar}\nAccuracySec=1s\nPersistent={late}\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def _on_session(start: LocalStart) -> str:
    return f"Mon..Fri {start.at:%H:%M} America/New_York"


def _on_clock(times: ByClock) -> str:
    hours = "*" if times.hours == EVERY_HOUR else ",".join(f"{hour:02}" for hour in times.hours)
    last = times.until_day
    days = "*" if last is None else "01" if last == 1 else f"01..{last:02}"
    return f"{'Sun ' if times.sundays else ''}*-*-{days} {hours}:{times.minute:02}:00"


def _quoted(text: str) -> str:
    """Return a word of a unit file: specifiers and variables in it are ordinary text."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"'
