"""How cron is told: the lines of `jutsu schedule`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from live.operations.schedule import (
    BY_CLOCK,
    EVERY_HOUR,
    ORB_PLAN,
    ORB_SESSION,
    ByClock,
    Project,
    Start,
)


def cron_lines(project: Project, planned: Iterable[Start]) -> Iterator[str]:
    """Yield the lines of a crontab, in the local time of the machine, quoted for the shell and for cron."""
    yield "# local times; several lines because of early closes and clock changes: an extra start is harmless"
    yield "# MAILTO=you@example.org   cron mails what a line prints: here only that a program failed"
    yield "# keys and alert addresses: state/secrets.env (chmod 600); cron has no variable of your shell"
    for start in planned:
        yield f"{start.at.cron}  {cron_command(project, start.command)}"
    if project.breakouts:
        yield f"35 * * * *  {cron_command(project, ORB_PLAN)}"
        yield f"* * * * *  {cron_command(project, ORB_SESSION)}"
    for command, times in BY_CLOCK.items():
        yield f"{_fields(times)}  {cron_command(project, command)}"


def _fields(times: ByClock) -> str:
    hours = "*" if times.hours == EVERY_HOUR else ",".join(map(str, times.hours))
    last = times.until_day
    days = "*" if last is None else "1" if last == 1 else f"1-{last}"
    return f"{times.minute} {hours} {days} * {'0' if times.sundays else '*'}"


def cron_command(project: Project, command: str) -> str:
    """Return what cron runs for a command of a project: its output kept, its failure printed."""
    name, _, rest = command.partition(" ")
    called = f"{shlex.quote(str(project.programs / name))} {rest} {project.flags}".rstrip()
    text = (
        f"cd {shlex.quote(str(project.folder))} && mkdir -p logs && {called} >> logs/cron.log 2>&1 "
        f'|| echo "{command}: exit $?, see logs/cron.log"'
    )
    return text.replace("%", r"\%")  # a bare % is a new line to cron
