"""`jutsu runs`: what was due, what became of it, and why."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import typer

from live.cli.common import (
    ConfigOption,
    JsonOption,
    SinceOption,
    StateOption,
    echo,
    emit_json,
    open_command,
    parse_date,
    table,
)
from live.model.run import Reading

if TYPE_CHECKING:
    from live.operations.run_lines import RunLine
    from live.runtime.runtime import Runtime

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
        past = () if lines else _past_runs(runtime, first if since else date.min)
    if as_json:
        emit_json(lines or past)
    elif not lines and not past:
        echo(f"no runs since {since}" if since else "no runs yet")
    else:
        _show(lines or past)
        if past:
            echo("all of them about the past (--as-of, demo, replay): nothing was due by the clock")


def _past_runs(runtime: Runtime, first: date) -> tuple[RunLine, ...]:
    """Return the sessions that a book was run for when all its runs were about the past."""
    from live.operations.watch import run_lines_of

    lines = run_lines_of(runtime.context, first, past=True)
    return tuple(line for line in lines if line.became not in {"missed", "due"})


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
            echo(f"CRITICAL: {line.variant} was not executed in {line.in_a_row} sessions in a row")
    echo("times are New York; `jutsu logs --since DATE` shows what the programs said")


def _time(at: datetime | None) -> str:
    from backtest.calendar.sessions import NEW_YORK

    return "" if at is None else f"{at.astimezone(NEW_YORK):%H:%M}"
