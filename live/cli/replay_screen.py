"""The screen of `jutsu replay` and `jutsu demo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.cli.common import console, table
from live.system.number_text import money, percent

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.views.performance import ReplayView


def show(view: ReplayView, *, warnings: bool = True) -> None:
    """Print one line per book, per warning (unless `warnings` is False) and per failure."""
    columns = ("variant", "first", "last", "start equity", "end equity", "return", "max drawdown")
    rows = [
        (
            book.variant,
            book.first,
            book.last,
            money(book.start_equity),
            money(book.end_equity),
            percent(book.total_return),
            percent(book.max_drawdown),
        )
        for book in view.variants
    ]
    table(f"{view.sessions} sessions replayed", columns, rows, right=columns[3:])
    screen = console()
    for warning in view.warnings if warnings else ():
        screen.print(f"warning: {warning}")
    for failure in view.failures:
        screen.print(f"failed: {failure}")
    screen.print(f"signal files and CSVs: {view.equity_file.parent}")


def show_last_trades(ledger: Ledger) -> None:
    """Print the last trades: what was decided, ordered and filled."""
    trades = list(reversed(ledger.trades.recent(12)))
    states = dict.fromkeys(
        name for t in trades for name in t.context if not isinstance(t.context[name], float)
    )
    table(
        "the last trades (DEMO data: a seeded synthetic market)",
        (
            *("session", "symbol", "action", "shares", "price"),
            *(name.removesuffix("_state") for name in states),
            "profit",
        ),
        [
            (
                t.session,
                t.symbol,
                f"{t.action} ({t.intent})",
                t.quantity,
                money(t.fill_price),
                *(t.context.get(name) for name in states),
                money(t.realised_pnl),
            )
            for t in trades
        ],
        right=("shares", "price", "profit"),
    )
