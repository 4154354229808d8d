"""The command `jutsu schedule`: lines, units or agents; installed, removed, looked ahead, or run."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from live.cli.common import (
    ConfigOption,
    JsonOption,
    StateOption,
    command_of,
    echo,
    emit_json,
    open_command,
    options_of,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, tzinfo

    from live.cli.schedule_install import Done
    from live.operations.next_starts import NextStart
    from live.operations.schedule import Project, ScheduledBook, Start
    from live.operations.scheduled import Kind
    from live.runtime.runtime import RunContext

SHOWN: Final = 5


def register(app: typer.Typer) -> None:
    """Add the group; without a subcommand it prints the lines."""
    group = typer.Typer(
        invoke_without_command=True,
        help="When the programs start: print, install or remove cron lines, timers, agents; look ahead.",
    )
    group.callback()(schedule)
    group.command("next")(show_next)
    group.command("run")(run)
    app.add_typer(group, name="schedule")


def schedule(
    context: typer.Context,
    *,
    systemd: Annotated[bool, typer.Option("--systemd", help="systemd timers instead of cron lines.")] = False,
    launchd: Annotated[bool, typer.Option("--launchd", help="launchd agents (not tried on a Mac).")] = False,
    container: Annotated[bool, typer.Option("--container", help="A compose service of one process.")] = False,
    install: Annotated[
        bool, typer.Option("--install", help="Install it for this user; shows what changes, keeps the old.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take out what --install installed, of every kind or the named.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Print when stages, validation, doctor, waiting alerts and backup start; stages know the calendar."""
    if context.invoked_subcommand is not None:
        return
    from backtest.core.errors import UsageError

    chosen = [
        name
        for name, given in (("systemd", systemd), ("launchd", launchd), ("container", container))
        if given
    ]
    if len(chosen) > 1 or (install and remove):
        raise UsageError(
            "these flags exclude each other", where="jutsu schedule", remedy="give one kind, one action"
        )
    if container and (install or remove):
        raise UsageError(
            "a container is not installed from here",
            where="--container",
            remedy="start it where it shall run",
        )
    kind: Kind = chosen[0] if chosen else "cron"  # type: ignore[assignment] # names of the flags above
    if remove:
        _remove(kind if chosen else None, as_json=as_json, config=config, state_db=state_db)
    elif install:
        install_schedule(kind, as_json=as_json, config=config, state_db=state_db)
    else:
        print_schedule(kind, as_json=as_json, config=config, state_db=state_db)


def print_schedule(
    kind: Kind, *, as_json: bool = False, config: Path | None = None, state_db: Path | None = None
) -> None:
    """Print the lines, units or agents of a kind."""
    from live.cli.schedule_install import text_of

    found = _scheduled(config, state_db)
    starts, needs = found.starts(kind)
    project = found.project
    if as_json:
        emit_json({"folder": project.folder, "starts": [_row(start) for start in starts], "needs": needs})
        return
    for text in text_of(kind, project, starts):
        echo(text)
    for need in needs:
        echo(f"# {need}")


@dataclass(frozen=True, slots=True)
class _Scheduled:
    """What is scheduled: the books of every account, what their lines still need, and where it belongs.

    Attributes:
        context: of one account; what is asked of it holds for all.
        state: folder of the schedule's own files.
    """

    books: tuple[ScheduledBook, ...]
    needs: tuple[str, ...]
    project: Project
    context: RunContext
    state: Path

    def starts(self, kind: Kind) -> tuple[tuple[Start, ...], tuple[str, ...]]:
        """Return the starts as a kind wants them, and what a person still has to do."""
        from live.operations.scheduled import breakout_needs, import_lines, planned

        further = import_lines(self.context, self.project, self.books, kind)
        starts = planned(self.context, kind, self.books)
        return starts, (*self.needs, *further, *breakout_needs(self.project, kind))


def _scheduled(config: Path | None, state_db: Path | None) -> _Scheduled:
    """Return what is scheduled for the account that was named, or for every one."""
    from live.operations.scheduled import project_of, scheduled_books
    from live.runtime.each_account import options_of_each
    from live.settings.accounts import ALL, common_folder

    found: list[_Scheduled] = []
    for options in options_of_each(options_of(config, state_db)):
        with command_of(options.account), open_command(config=config, state_db=state_db) as runtime:
            books, needs = scheduled_books(runtime.context)
            account = ALL if options.shared else options.account
            project = project_of(runtime.loaded.root, config, state_db, account)
            project = replace(project, breakouts=runtime.settings.orb.portfolio is not None)
            state = common_folder(runtime.state, runtime.settings.account)
            found.append(_Scheduled(books, needs, project, runtime.context, state))
    every = dict.fromkeys(book for one in found for book in one.books)
    needs = tuple(dict.fromkeys(need for one in found for need in one.needs))
    project = replace(found[0].project, breakouts=any(one.project.breakouts for one in found))
    return replace(found[0], books=tuple(every), needs=needs, project=project)


def install_schedule(
    kind: Kind,
    *,
    as_json: bool = False,
    config: Path | None = None,
    state_db: Path | None = None,
    quiet: bool = False,
) -> None:
    """Install the lines, units or agents of a kind for this user, and say what changed unless `quiet`."""
    from live.cli import schedule_install

    found = _scheduled(config, state_db)
    starts, needs = found.starts(kind)
    done = schedule_install.install(kind, found.project, starts, found.state)
    if quiet:
        return
    _say(done, as_json=as_json)
    for need in () if as_json else needs:
        echo(f"note: {need}")


def _remove(kind: Kind | None, *, as_json: bool, config: Path | None, state_db: Path | None) -> None:
    from live.cli import schedule_install

    found = _scheduled(config, state_db)
    done = schedule_install.remove(kind, found.project, found.state)
    _say(done, as_json=as_json)


def _say(done: Done, *, as_json: bool) -> None:
    if as_json:
        emit_json({"changed": [change.name for change in done.changes], "notes": done.notes})
        return
    for change in done.changes:
        for text in change.difference():
            echo(text)
    echo(f"{len(done.changes)} changed" if done.changes else "nothing to change")
    for note in done.notes:
        echo(f"note: {note}")


def show_next(
    *, as_json: JsonOption = False, config: ConfigOption = None, state_db: StateOption = None
) -> None:
    """Show the next five starts of stages and validation, in local time and in New York."""
    from itertools import islice

    from backtest.calendar.sessions import NEW_YORK
    from live.operations.next_starts import session_starts
    from live.system.clock import host_zone

    host = host_zone(os.environ)
    found = _scheduled(config, state_db)
    now = found.context.clock.now()
    coming = list(islice(session_starts(found.books, now), SHOWN))
    if as_json:
        emit_json([{"at": start.at, "command": start.command} for start in coming])
        return
    rows = [
        (
            f"{s.at.astimezone(host):%a %d %b %H:%M}",
            f"{s.at.astimezone(NEW_YORK):%a %d %b %H:%M}",
            _in(s.at - now),
            s.command,
        )
        for s in coming
    ]
    table("", ("here", "New York", "in", "command"), rows)
    echo("by the clock: doctor every six hours, waiting alerts hourly, a backup daily")


def run(*, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Start the programs at their times until stopped: one process for a container, no cron needed.

    Books and times are read once: restart it after a change. On SIGTERM it starts nothing more and waits for
    the programs that run. A stage that is more than two minutes late is not started.
    """
    from live.cli.schedule_install import children, until_signalled
    from live.operations.start_loop import StartLoop, one_loop
    from live.system.clock import WakingClock, host_zone

    zone = host_zone(os.environ)
    found = _scheduled(config, state_db)
    project, state = found.project, found.state

    def coming(after: datetime) -> Iterator[NextStart]:
        return _coming(found.books, after, zone)

    with one_loop(state), until_signalled() as stopped:
        echo(f"started; sleeping to the starts of {project.folder} (`jutsu schedule next`)")
        clock = WakingClock(stopped)
        StartLoop(clock, coming, children(project), state, stopped, _spoken).run()
    echo("stopped")


def _spoken(text: str) -> None:
    from live.system.clock import SystemClock

    echo(f"{SystemClock().now():%Y-%m-%d %H:%M:%S} UTC {text}")
    sys.stdout.flush()


def _coming(books: tuple[ScheduledBook, ...], after: datetime, zone: tzinfo) -> Iterator[NextStart]:
    from live.operations.next_starts import every_start

    return every_start(books, after, zone)


def _in(left: timedelta) -> str:
    minutes = int(left.total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    return f"{days} d {rest // 60} h" if days else f"{rest // 60} h {rest % 60} min"


def _row(start: Start) -> dict[str, object]:
    return {
        "command": start.command,
        "at": f"{start.at.at:%H:%M}",
        "day_shift": start.at.day_shift,
        "months": start.at.months,
        "cron": start.at.cron,
    }
