"""What a project schedules: its daily books, what they need, and the flags and programs of every start."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from backtest.core.errors import UsageError
from live.operations.schedule import (
    CHECKOUT,
    IMPORT,
    ORB_PLAN,
    ORB_SESSION,
    Project,
    ScheduledBook,
    Start,
    import_starts,
    new_york_starts,
    starts,
)

if TYPE_CHECKING:
    from live.runtime.runtime import RunContext

Kind = Literal["cron", "systemd", "launchd", "container"]
_DEFAULT: Final = Path("config/live.yaml")


def planned(context: RunContext, kind: Kind, books: tuple[ScheduledBook, ...]) -> tuple[Start, ...]:
    """Return the starts as a kind wants them: on the exchange's clock, else on the machine's.

    Raises:
        UsageError: 2, the machine's clock has a time zone that does not exist.
    """
    from live.system.clock import host_zone

    if kind == "systemd":
        return new_york_starts(books, context.today())
    return starts(books, host_zone(os.environ), context.today())


def project_of(
    folder: Path, config: Path | None, state_db: Path | None, account: str | None = None
) -> Project:
    """Return the project as its starts name it, with the flags that mean it and the programs that run now.

    `account` is one of several, or `all`.

    Raises:
        UsageError: 2, a folder has a name that no crontab or unit can hold: a line break, say.
    """
    own = Path(sys.prefix) / "bin"
    programs = CHECKOUT if own == folder / CHECKOUT else own
    found = Project(folder, _flags(folder, config, state_db, account), programs)
    for text in (str(folder), str(programs), found.flags):
        if not text.isprintable():
            raise UsageError(
                "a name with a line break or another character that cannot be printed",
                where=repr(text),
                remedy="rename the folder: neither cron nor systemd could start anything there",
            )
    return found


def import_lines(
    context: RunContext, project: Project, books: tuple[ScheduledBook, ...], kind: Kind
) -> tuple[str, ...]:
    """Return what a person who trades on stored bars still has to add, as lines of a comment."""
    from live.operations.cron_lines import cron_command
    from live.system.clock import host_zone

    if context.settings.data.source != "store":
        return ()
    if kind != "cron":
        return (f"data.source is store: start `{IMPORT}` before each decision and after the close yourself",)
    found = import_starts(books, host_zone(os.environ), context.today())
    lines = (f"{start.at.cron}  {cron_command(project, start.command)}" for start in found)
    return ("data.source is store: put the folder of your files for DIR and take the # away", *lines)


def breakout_needs(project: Project, kind: Kind) -> tuple[str, ...]:
    """Return what a person still starts of a book of breakouts: only cron is told of it."""
    if not project.breakouts or kind == "cron":
        return ()
    return (f"the book of breakouts: start `{ORB_PLAN}` each hour and `{ORB_SESSION}` each minute yourself",)


def scheduled_books(context: RunContext) -> tuple[tuple[ScheduledBook, ...], tuple[str, ...]]:
    """Return the daily books, and what their lines still need."""
    from live.books.variants import groups

    found = groups(context.settings, context.strategies, overrides=context.parameter_overrides)
    variants = [group.primary for group in found if group.primary]
    books = tuple(
        ScheduledBook(variant.name, variant.strategy.execution_time, variant.strategy.family.reads_candidates)
        for variant in variants
    )
    folders = {book.primary: getattr(book, "reports", None) for book in context.settings.books}
    needs = tuple(
        f"{book.variant}: name the folder of its reports in books[].reports; without one nothing is entered"
        for book in books
        if book.reads_candidates and not folders.get(book.variant)
    )
    return books, needs


def _flags(folder: Path, config: Path | None, state_db: Path | None, account: str | None) -> str:
    """Return the flags the lines must repeat to mean this project."""
    found: list[str] = []
    if config is not None and config.absolute() != folder / _DEFAULT:
        found += ["--config", str(config.absolute())]
    if state_db is not None:
        found += ["--state-db", str(state_db.absolute())]
    if account is not None:
        found += ["--account", account]
    return shlex.join(found)
