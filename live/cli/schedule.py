"""The command `jutsu schedule`: lines for cron or systemd."""

from __future__ import annotations

from typing import Annotated

import typer

from live.cli.common import (
    ConfigOption,
    StateOption,
    open_command,
)
from live.operations.schedule import cron_lines, starts, systemd_units


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(schedule)


def schedule(
    *,
    systemd: Annotated[
        bool, typer.Option("--systemd", help="Print systemd timers instead of cron lines.")
    ] = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Print the cron lines: both stages, the validation, the doctor; the stages know the calendar."""
    from live.books.variants import groups

    with open_command(config=config, state_db=state_db) as runtime:
        found = groups(runtime.settings, runtime.strategies, overrides=runtime.loaded.parameter_overrides)
        windows = {g.primary.strategy.execution_time for g in found if g.primary}
        planned = starts(sorted(windows), runtime)
        folder = runtime.loaded.root
    for text in systemd_units(folder, planned) if systemd else cron_lines(folder, planned):
        typer.echo(text)
