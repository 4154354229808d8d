"""`jutsu status`: is all well, and what to do next."""

from __future__ import annotations

from typing import Any

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, console, emit_json, open_command, table
from live.model.run import Reading
from live.system.number_text import money, percent
from live.views.status import gather


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(*, as_json: JsonOption = False, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Show on one screen whether all is well and what to do next."""
    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        facts = gather(runtime)
        if as_json:
            emit_json(facts)
            return
        _show(facts)


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
