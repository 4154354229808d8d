"""`jutsu status`, `trades`, `export`: is it fine, what happened, and take it with you."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from live.cli.common import (
    ConfigOption,
    JsonOption,
    StateOption,
    console,
    emit_json,
    money,
    open_command,
    percent,
    plain,
    table,
)

if TYPE_CHECKING:
    from live.runtime.open import Runtime


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(status)
    app.command()(trades)
    app.command()(export)


def status(*, as_json: JsonOption = False, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Show on one screen whether all is well and what to do next."""
    with open_command(config=config, state_db=state_db, reading=True) as runtime:
        facts = gather(runtime)
        if as_json:
            emit_json(facts)
            return
        _show(facts)


def gather(runtime: Runtime) -> dict[str, Any]:
    """Return everything the status screen shows."""
    from backtest.calendar import sessions as calendar
    from backtest.core.errors import JutsuError
    from live.books.variants import groups

    ledger, today = runtime.ledger, runtime.today()
    session = calendar.session(today)
    upcoming = session or calendar.next_session(today)
    if session is not None and runtime.clock.now() > session.close:
        upcoming = calendar.next_session(today)
    books: list[dict[str, Any]] = []
    problems: list[str] = []
    try:
        daily = {book.primary for book in runtime.settings.books if book.run == "daily"}
        for group in groups(
            runtime.settings,
            runtime.strategies,
            overrides=runtime.loaded.parameter_overrides,
            everything=True,
        ):
            for line in ((group.primary,) if group.primary else ()) + group.shadows:
                if line.follows not in daily and not ledger.runs.recent(1, line.variant):
                    continue
                window = calendar.window(upcoming, line.strategy.execution_time)
                books.append(_book_facts(runtime, line, upcoming, window))
    except JutsuError as error:
        problems.append(error.line())
    kill = ledger.state.kill_level()
    if kill != "none":
        problems.append(f"kill switch is on ({kill}); turn it off with `jutsu resume`")
    unresolved = [order.client_order_id for order in ledger.orders.unresolved()]
    problems += [
        f"order {name}: fate unknown; run the executor or `jutsu resolve {name}`" for name in unresolved
    ]
    naked = [
        f"{row.variant}/{row.symbol}"
        for row in ledger.positions.open_positions()
        if row.needs_stop and not row.stop_broker_order_id
    ]
    problems += [f"position {name} has no protective stop; run the executor" for name in naked]
    problems += [text for book in books for text in _trouble(runtime, book)]
    return {
        "account": runtime.account,
        "mode": runtime.settings.mode,
        "data_source": runtime.settings.data.source,
        "kill_switch": kill,
        "next_session": upcoming.day,
        "books": books,
        "unfinished_orders": [order.client_order_id for order in ledger.orders.unfinished()],
        "unresolved_orders": unresolved,
        "naked_positions": naked,
        "missed_sessions": [str(row.session) for row in ledger.runs.recent(20) if row.missed],
        "problems": problems,
    }


def _book_facts(runtime: Runtime, line: Any, session: Any, window: Any) -> dict[str, Any]:
    latest = runtime.ledger.snapshots.latest(line.variant)
    run = next(iter(runtime.ledger.runs.recent(1, line.variant)), None)
    if line.role == "primary":
        held = [
            {
                "symbol": row.symbol,
                "quantity": row.quantity,
                "entry_price": float(row.entry_price),
                "stop_price": None if row.stop_price is None else float(row.stop_price),
                "protected": bool(row.stop_broker_order_id) if row.needs_stop else None,
            }
            for row in runtime.ledger.positions.open_positions(line.variant)
        ]
    else:
        virtual = runtime.ledger.shadow.book(line.variant)
        held = [
            {
                "symbol": p.symbol,
                "quantity": p.quantity,
                "entry_price": p.entry_price,
                "stop_price": p.stop_price,
            }
            for p in (() if virtual is None else virtual.book.positions.values())
        ]
    return {
        "variant": line.variant,
        "role": line.role,
        "strategy": line.strategy.name,
        "window_opens": window.opens_at,
        "window_closes": window.closes_at,
        "early_close": session.early_close,
        "last_session": None if run is None else run.session,
        "last_outcome": None if run is None else run.outcome,
        "equity": None if latest is None else latest.equity,
        "cash": None if latest is None else latest.cash,
        "drawdown": None if latest is None else latest.drawdown,
        "cumulative_return": None if latest is None else latest.cumulative_return,
        "positions": held,
    }


def _trouble(runtime: Runtime, book: dict[str, Any]) -> list[str]:
    """Say what the newest run of a primary could not do."""
    run = next(iter(runtime.ledger.runs.recent(1, book["variant"])), None)
    if run is None or book["role"] != "primary":
        return []
    detail = dict(run.detail or {})
    found = list(detail.get("critical", ())) or (
        [] if run.outcome != "failed" else detail.get("warnings", ())
    )
    if not found and run.outcome == "failed":
        found = ["no order was filled"]
    return [f"{book['variant']} {run.session}: {text}; see `jutsu explain SYMBOL`" for text in found]


def _show(facts: dict[str, Any]) -> None:
    from rich.text import Text

    screen = console()
    for problem in facts["problems"]:
        screen.print(Text(f"PROBLEM  {problem}", style="bold red"))
    if not facts["problems"]:
        screen.print(Text("all is well", style="green"))
    demo = " (DEMO data)" if facts["data_source"] == "demo" else ""
    screen.print(f"account {facts['account']}, mode {facts['mode']}{demo}")
    screen.print(f"next: {facts['next_session']}, {_windows(facts['books'])}")
    if not any(book["last_session"] for book in facts["books"]):
        screen.print("no run yet: `jutsu doctor` checks this machine, `jutsu schedule` prints the cron lines")
    table(
        "",
        (
            "variant",
            "role",
            "last run",
            "outcome",
            "equity",
            "cash",
            "return",
            "drawdown",
        ),
        [
            (
                book["variant"],
                book["role"],
                book["last_session"] or "never",
                book["last_outcome"] or "",
                money(book["equity"]),
                money(book["cash"]),
                percent(book["cumulative_return"]),
                percent(book["drawdown"]),
            )
            for book in facts["books"]
        ],
        right=("equity", "cash", "return", "drawdown"),
    )
    rows = [
        (
            book["variant"],
            held["symbol"],
            held["quantity"],
            money(held["entry_price"]),
            Text("NAKED", style="bold red") if held.get("protected") is False else money(held["stop_price"]),
        )
        for book in facts["books"]
        for held in book["positions"]
    ]
    if rows:
        table(
            "positions",
            ("variant", "symbol", "shares", "average price", "stop"),
            rows,
            right=("shares", "average price"),
        )
    if facts["unfinished_orders"]:
        screen.print(f"unfinished orders: {', '.join(facts['unfinished_orders'])}")
    if facts["missed_sessions"]:
        screen.print(f"missed sessions: {', '.join(facts['missed_sessions'])}")


def _windows(books: list[dict[str, Any]]) -> str:
    """Return the execution windows, each with the variants that share it."""
    shared: dict[str, list[str]] = {}
    for book in books:
        span = f"{_hour(book['window_opens'])}-{_hour(book['window_closes'])}"
        shared.setdefault(span, []).append(book["variant"])
    spans = [f"{span} ({', '.join(names)})" if len(shared) > 1 else span for span, names in shared.items()]
    return f"{', '.join(spans)} New York" if spans else "no strategy runs daily"


def _hour(at: Any) -> str:
    from backtest.calendar.sessions import NEW_YORK

    return str(at.astimezone(NEW_YORK).strftime("%H:%M"))


LimitOption = Annotated[int, typer.Option("--limit", min=1, help="How many rows, newest first.")]
ModeOption = Annotated[
    Literal["offline_mock", "online_live"] | None, typer.Option("--mode", help="Only trades of this mode.")
]

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


def trades(
    *,
    limit: LimitOption = 20,
    mode: ModeOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """List executed trades, newest first, with the regime they were decided in."""
    with open_command(config=config, state_db=state_db, reading=True) as runtime:
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
    with open_command(config=config, state_db=state_db, reading=True) as runtime:
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
