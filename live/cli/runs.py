"""`jutsu runs`: what was due, what became of it, and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import typer

from live.cli.common import (
    ConfigOption,
    JsonOption,
    SinceOption,
    StateOption,
    emit_json,
    open_command,
    parse_date,
    table,
)
from live.model.run import Reading

if TYPE_CHECKING:
    from live.operations.run_lines import RunLine

#: without `--since`: about a month of sessions
SHOWN_DAYS: Final = 30


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(runs)


def runs(
    *,
    since: SinceOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """List every session that was due, what became of it, and the likely reason where it was missed."""
    from live.operations.watch import run_lines_of

    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        first = parse_date(since, "--since") or runtime.today() - timedelta(days=SHOWN_DAYS)
        lines = run_lines_of(runtime.context, first)
    if as_json:
        emit_json(lines)
    elif not lines:
        typer.echo("no runs yet")
    else:
        _show(lines)


def _show(lines: tuple[RunLine, ...]) -> None:
    table(
        "",
        ("session", "variant", "became", "generated", "approved", "executed", "why"),
        [
            (
                line.session,
                line.variant,
                (line.outcome or line.became) if line.became == "executed" else line.became,
                _time(line.generated_at),
                _time(line.approved_at),
                _time(line.executed_at),
                line.reason,
            )
            for line in lines
        ],
    )
    newest = {line.variant: line for line in lines if line.became not in {"due", "waits"}}
    for line in newest.values():
        if line.critical:
            typer.echo(f"CRITICAL: {line.variant} was not executed in {line.in_a_row} sessions in a row")
    typer.echo("times are New York; `jutsu logs --since DATE` shows what the programs said")


def _time(at: datetime | None) -> str:
    from backtest.calendar.sessions import NEW_YORK

    return "" if at is None else f"{at.astimezone(NEW_YORK):%H:%M}"
