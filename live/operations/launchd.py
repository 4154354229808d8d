"""How launchd is told: an agent per command, an entry per offset and weekday, in the machine's local time.

The texts are checked with plistlib only; nothing of this was run on a Mac. launchd starts an agent that slept
through its time when the machine wakes up: the stages judge their window themselves.
"""

from __future__ import annotations

import plistlib
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from backtest.calendar.starts import LocalStart
from live.operations.schedule import BY_CLOCK, UNITS, ByClock, Project, Start

#: begins the label of each agent
LABEL: Final = "org.jutsu."
#: of agents below the home folder
AGENTS: Final = Path("Library/LaunchAgents")


def launchd_files(project: Project, planned: Iterable[Start]) -> Iterator[tuple[str, str]]:
    """Yield name and text of each agent; `planned` are starts in the local time of the machine."""
    starts = tuple(planned)
    for name, command in UNITS.items():
        times = [entry for start in starts if start.command == command for entry in _on_session(start.at)]
        if command in BY_CLOCK:
            times = _on_clock(BY_CLOCK[command])
        if times:
            yield f"{LABEL}{name}.plist", _agent(project, name, command, times)


def _agent(project: Project, name: str, command: str, times: list[dict[str, int]]) -> str:
    program, *rest = command.split()
    log = str(project.folder / "logs" / "launchd.log")
    agent: dict[str, Any] = {
        "Label": f"{LABEL}{name}",
        "ProgramArguments": [
            str(project.folder / project.programs / program),
            *rest,
            *shlex.split(project.flags),
        ],
        "WorkingDirectory": str(project.folder),
        "StartCalendarInterval": times,
        "StandardOutPath": log,
        "StandardErrorPath": log,
    }
    return plistlib.dumps(agent, sort_keys=False).decode()


def _on_session(start: LocalStart) -> list[dict[str, int]]:
    """Return an entry per weekday; of every month: an extra start is harmless."""
    days = sorted((day + start.day_shift) % 7 for day in range(1, 6))
    return [{"Weekday": day, "Hour": start.at.hour, "Minute": start.at.minute} for day in days]


def _on_clock(times: ByClock) -> list[dict[str, int]]:
    days: list[dict[str, int]] = [{"Weekday": 0}] if times.sundays else [{}]
    if times.until_day is not None:
        days = [{"Day": day, **one} for day in range(1, times.until_day + 1) for one in days]
    return [{**day, "Hour": hour, "Minute": times.minute} for day in days for hour in times.hours]
