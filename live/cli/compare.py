"""`jutsu compare`: primary against shadows on equal terms, with the criteria for switching.

Both books are compared over the sessions they share. Source of the criteria: the switching rule of the
strategies' founding documents (90 days or 100 trades, profit factor +0.10, drawdown not worse, profit +3 %).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, console, emit_json, open_command, table
from live.model.run import Reading
from live.system.number_text import percent
from live.views.compare import gather


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(compare)


def compare(
    *,
    since: Annotated[str | None, typer.Option("--since", help="First session, YYYY-MM-DD.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Compare each primary with its shadows and judge whether switching is justified."""
    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        found = gather(runtime, _parse(since))
    if as_json:
        emit_json({"comparisons": found})
    else:
        show(found)


def show(comparisons: list[dict[str, Any]]) -> None:
    """Print the tables and a verdict per criterion."""
    out = console()
    if not comparisons:
        out.print("no shadows are configured: add one to books in config/live.yaml", markup=False)
    for found in comparisons:
        name = f"{found['shadow']} against {found['primary']}"
        if not found["records"]:
            out.print(f"{name}: {found['sessions']} shared session(s), at least 2 are needed", markup=False)
            continue
        first = found["records"][0]
        columns = ("variant", "role", "return", "drawdown", "profit factor", "trades")
        rows = [
            (
                r["variant"],
                r["role"],
                percent(r["total_return"]),
                percent(r["max_drawdown"]),
                "" if r["profit_factor"] is None else f"{r['profit_factor']:.2f}",
                r["trades"],
            )
            for r in found["records"]
        ]
        title = f"{name}, {first['first']} to {first['last']} ({first['sessions']} sessions)"
        table(title, columns, rows, right=columns[2:])
        for criterion in found["criteria"]:
            mark = {True: "yes", False: "no", None: "?"}[criterion["met"]]
            out.print(f"  {mark:<4}{criterion['name']}: {criterion['detail']}", markup=False)
        verdict = "switching is justified" if found["switch"] else "stay with the primary"
        out.print(f"  → {verdict}", markup=False)


def _parse(text: str | None) -> date | None:
    from backtest.core.errors import UsageError

    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a date", where="--since", remedy="write YYYY-MM-DD") from error
