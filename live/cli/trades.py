"""`jutsu trades` and `jutsu export`: what was traded, why, at which price; and the same as files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

from live.cli.common import (
    AnyMode,
    ConfigOption,
    JsonOption,
    SinceOption,
    StateOption,
    echo,
    emit_json,
    mode_of,
    open_command,
    parse_date,
    table,
)
from live.model.run import Reading
from live.system.json_text import plain
from live.system.number_text import money
from live.views.trades import TradeRow, read_trades

LimitOption = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, help="How many, newest first.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(trades)
    app.command()(export)


def trades(
    *,
    limit: LimitOption = 20,
    mode: AnyMode = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """List executed trades, newest first, with the regime they were decided in."""
    from live.cli.orb import show_trades
    from live.views.inputs import ViewInputs
    from live.views.orb import read_orb

    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        rows = read_trades(runtime.ledger, limit=limit, mode=mode_of(mode))
        has_breakouts = runtime.settings.orb.portfolio is not None and not as_json
        breakouts = read_orb(ViewInputs.of(runtime.context)).trades[:limit] if has_breakouts else ()
    if as_json:
        emit_json(rows)
        return
    if rows:
        show(rows)
    elif not breakouts:
        echo("no trades yet")
    show_trades(breakouts)


def show(rows: Sequence[TradeRow]) -> None:
    """Print one line per trade."""
    columns = ("session", "variant", "symbol", "action", "shares", "price", "slippage", "profit", "cell")
    cells = [
        (
            row.session,
            row.variant,
            row.symbol,
            f"{row.action} ({row.why})",
            row.quantity,
            money(row.fill_price),
            "" if row.judged_slippage_pct is None else f"{row.judged_slippage_pct:.2f} %",
            money(row.realised_pnl),
            row.cell,
        )
        for row in rows
    ]
    table("", columns, cells, right=columns[4:8])


def export(
    *,
    output: Annotated[
        Path | None, typer.Option("--output", help="File to write; standard output otherwise.")
    ] = None,
    since: SinceOption = None,
    mode: AnyMode = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Export all trades as CSV (or JSON)."""
    first = parse_date(since, "--since")
    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        rows = tuple(reversed(read_trades(runtime.ledger, mode=mode_of(mode), since=first)))
    text = json.dumps(plain(rows), indent=2, ensure_ascii=False) + "\n" if as_json else _csv(rows)
    if output is None:
        echo(text, nl=False)
        return
    _write(output, text)
    echo(f"{len(rows)} trade(s) written to {output}", err=True)


def _csv(rows: Sequence[TradeRow]) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, [field.name for field in fields(TradeRow)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(plain(rows))
    return buffer.getvalue()


def _write(output: Path, text: str) -> None:
    from backtest.core.errors import UsageError
    from backtest.core.files import write_atomic

    try:
        write_atomic(output, text.encode())
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}", where=str(output), remedy="give another --output"
        ) from error
