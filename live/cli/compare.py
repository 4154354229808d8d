"""`jutsu compare`: primary against shadows over the sessions they share, with the criteria for switching."""

from __future__ import annotations

import typer

from live.cli.common import (
    ConfigOption,
    JsonOption,
    SinceOption,
    StateOption,
    console,
    emit_json,
    open_command,
    parse_date,
    table,
)
from live.model.run import Reading
from live.system.number_text import percent
from live.views.compare import CompareView, Record, read_comparisons
from live.views.inputs import ViewInputs


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(compare)


def compare(
    *,
    since: SinceOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Compare each primary with its shadows and judge whether switching is justified."""
    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        view = read_comparisons(ViewInputs.of(runtime.context), parse_date(since, "--since"))
    if as_json:
        emit_json(view)
    else:
        show(view)


def show(view: CompareView) -> None:
    """Print the tables and a verdict per criterion."""
    out = console()
    if not view.comparisons:
        out.print("no shadow is in use: add one to a daily book in config/live.yaml")
    for found in view.comparisons:
        name = f"{found.shadow} against {found.primary}"
        if not found.records:
            out.print(f"{name}: {found.sessions} shared session(s), at least 2 are needed")
            continue
        _show_records(name, found.records)
        for criterion in found.criteria:
            mark = {True: "yes", False: "no", None: "?"}[criterion.met]
            out.print(f"  {mark:<4}{criterion.name}: {criterion.detail}")
        verdict = "switching is justified" if found.switch else "stay with the primary"
        out.print(f"  → {verdict}")


def _show_records(name: str, records: tuple[Record, ...]) -> None:
    first = records[0]
    columns = ("variant", "role", "return", "drawdown", "profit factor", "trades")
    rows = [
        (
            r.variant,
            r.role,
            percent(r.total_return),
            percent(r.max_drawdown),
            "" if r.profit_factor is None else f"{r.profit_factor:.2f}",
            r.trades,
        )
        for r in records
    ]
    title = f"{name}, {first.first} to {first.last} ({first.sessions} sessions)"
    table(title, columns, rows, right=columns[2:])
