"""The command `jutsu schedule`: lines for cron or systemd."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, emit_json, open_command
from live.operations.schedule import (
    CHECKOUT,
    ScheduledBook,
    Start,
    cron_lines,
    new_york_starts,
    starts,
    systemd_units,
)

if TYPE_CHECKING:
    from live.runtime.runtime import Runtime


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(schedule)


def schedule(
    *,
    systemd: Annotated[
        bool, typer.Option("--systemd", help="Print systemd timers instead of cron lines.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Print the cron lines: stages, validation, doctor, waiting alerts; the stages know the calendar."""
    from live.system.clock import HostZone

    with open_command(config=config, state_db=state_db) as runtime:
        books, needs = _books(runtime)
        folder, today = runtime.loaded.root, runtime.today()
    planned = new_york_starts(books, today) if systemd else starts(books, HostZone(), today)
    if as_json:
        emit_json({"folder": folder, "starts": [_row(start) for start in planned], "needs": needs})
        return
    flags = _flags(folder, config, state_db)
    for text in (systemd_units if systemd else cron_lines)(folder, planned, flags, _programs(folder)):
        typer.echo(text)
    for need in needs:
        typer.echo(f"# {need}")


def _programs(folder: Path) -> Path:
    """Return the folder of the programs that run now, as it is called from the project folder."""
    own = Path(sys.prefix) / "bin"
    return CHECKOUT if own == folder / CHECKOUT else own


def _books(runtime: Runtime) -> tuple[tuple[ScheduledBook, ...], tuple[str, ...]]:
    """Return the daily books, and what their lines still need."""
    from live.books.variants import groups

    found = groups(runtime.settings, runtime.strategies, overrides=runtime.loaded.parameter_overrides)
    variants = [group.primary for group in found if group.primary]
    books = tuple(
        ScheduledBook(variant.name, variant.strategy.execution_time, variant.strategy.family.reads_candidates)
        for variant in variants
    )
    folders = {book.primary: getattr(book, "reports", None) for book in runtime.settings.books}
    needs = tuple(
        f"{book.variant}: name the folder of its reports in books[].reports; without one nothing is entered"
        for book in books
        if book.reads_candidates and not folders.get(book.variant)
    )
    return books, needs


def _flags(folder: Path, config: Path | None, state_db: Path | None) -> str:
    """Return the flags the lines must repeat to mean this project."""
    found: list[str] = []
    if config is not None and config.absolute() != folder / "config" / "live.yaml":
        found += ["--config", str(config.absolute())]
    if state_db is not None:
        found += ["--state-db", str(state_db.absolute())]
    return shlex.join(found)


def _row(start: Start) -> dict[str, object]:
    return {
        "command": start.command,
        "at": f"{start.at.at:%H:%M}",
        "day_shift": start.at.day_shift,
        "months": start.at.months,
        "cron": start.at.cron,
    }
