"""`jutsu trades` and `jutsu export`: what was traded, why, at which price; and the same as files."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, emit_json, open_command, table
from live.model.run import Mode, Reading
from live.system.json_text import plain
from live.system.number_text import money

if TYPE_CHECKING:
    from live.runtime.runtime import Runtime


LimitOption = Annotated[int, typer.Option("--limit", min=1, help="How many rows, newest first.")]


ModeOption = Annotated[Mode | None, typer.Option("--mode", help="Only trades of this mode.")]


COLUMNS = (
    "session",
    "variant",
    "symbol",
    "action",
    "intent",
    "quantity",
    "target_price",
    "fill_price",
    "commission",
    "slippage_pct",
    "realised_pnl",
    "cell",
    "trend_state",
    "vol_state",
    "t_norm",
    "z_score",
    "execution_time",
    "mode",
    "broker_order_id",
    "at",
)


#: why the order existed: the rule that ended a position, or what led to an entry
REASON = "reason"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(trades)
    app.command()(export)


def trades(
    *,
    limit: LimitOption = 20,
    mode: ModeOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """List executed trades, newest first, with the regime they were decided in."""
    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        rows = [_trade(runtime, row) for row in runtime.ledger.trades.recent(limit, mode)]
    if as_json:
        emit_json(rows)
        return
    if not rows:
        typer.echo("no trades yet")
        return
    _show_trades(rows)


def _show_trades(rows: list[dict[str, Any]]) -> None:
    table(
        "",
        ("session", "variant", "symbol", "action", "shares", "price", "slippage", "profit", "cell"),
        [
            (
                row["session"],
                row["variant"],
                row["symbol"],
                f"{row['action']} ({_why(row)})",
                row["quantity"],
                money(row["fill_price"]),
                "" if row["slippage_pct"] is None else f"{row['slippage_pct']:.2f} %",
                money(row["realised_pnl"]),
                row["cell"],
            )
            for row in rows
        ],
        right=("shares", "price", "slippage", "profit"),
    )


def _why(row: dict[str, Any]) -> str:
    """Return the rule that ended a position where one did, else the intent."""
    coded = row["action"] == "sell" and row[REASON] and " " not in row[REASON]
    return str(row[REASON] if coded else row["intent"])


def _trade(runtime: Runtime, row: Any) -> dict[str, Any]:
    facts: dict[str, Any] = plain({name: getattr(row, name) for name in COLUMNS})
    order = runtime.ledger.orders.by_broker_id(row.broker_order_id) if row.broker_order_id else None
    return facts | {REASON: "" if order is None else order.reason}


def export(
    *,
    output: Annotated[
        Path | None, typer.Option("--output", help="File to write; standard output otherwise.")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="First session, YYYY-MM-DD.")] = None,
    mode: ModeOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Export all trades as CSV (or JSON)."""
    import json

    from backtest.core.errors import UsageError
    from backtest.core.files import write_atomic

    try:
        first = None if since is None else date.fromisoformat(since)
    except ValueError as error:
        raise UsageError(f"{since!r} is not a date", where="--since", remedy="write YYYY-MM-DD") from error
    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        found = [
            row for row in runtime.ledger.trades.recent(None, mode) if first is None or row.session >= first
        ]
        rows = [_trade(runtime, row) for row in reversed(found)]
    if as_json:
        text = json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    else:
        buffer = io.StringIO(newline="")
        writer = csv.DictWriter(buffer, (*COLUMNS, REASON), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        text = buffer.getvalue()
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        write_atomic(output, text.encode())
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}", where=str(output), remedy="give another --output"
        ) from error
    typer.echo(f"{len(rows)} trade(s) written to {output}", err=True)
