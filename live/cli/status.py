"""`jutsu status`: is all well, and what to do next."""

from __future__ import annotations

from datetime import datetime

import typer

from live.cli.common import ConfigOption, JsonOption, StateOption, console, emit_json, open_command, table
from live.model.run import Overview
from live.operations.checks import login_problems
from live.runtime.lenient import diagnostics
from live.system.number_text import money, percent
from live.views.inputs import ViewInputs
from live.views.status import BookStatus, HeldPosition, StatusView, read_status


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(*, as_json: JsonOption = False, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Show on one screen whether all is well and what to do next."""
    with open_command(config=config, state_db=state_db, run=Overview()) as runtime:
        view = read_status(ViewInputs.of(runtime), (*diagnostics(runtime.loaded), *login_problems(runtime)))
        if as_json:
            emit_json(view)
        else:
            show(view)


def show(view: StatusView) -> None:
    """Print the view: problems first."""
    from rich.text import Text

    screen = console()
    for problem in view.problems:
        screen.print(Text(f"PROBLEM  {problem}", style="bold red"))
    if not view.problems:
        screen.print(Text("all is well", style="green"))
    source = {"demo": "DEMO data"}.get(view.data_source, f"data: {view.data_source}")
    screen.print(f"account {view.account}, mode {view.mode} ({source})", markup=False)
    screen.print(f"next: {view.next_session}, {_windows(view.books)}")
    if not any(book.last_session for book in view.books):
        screen.print("no run yet: `jutsu doctor` checks this machine, `jutsu schedule` prints the cron lines")
    _show_books(view.books)
    _show_positions(view.books)
    if view.unfinished_orders:
        screen.print(f"unfinished orders: {', '.join(view.unfinished_orders)}")
    if view.missed_sessions:
        screen.print(f"missed sessions: {', '.join(map(str, view.missed_sessions))}")


def _show_books(books: tuple[BookStatus, ...]) -> None:
    columns = ("variant", "role", "last run", "outcome", "equity", "cash", "return", "drawdown")
    rows = [
        (
            book.variant,
            book.role,
            book.last_session or "never",
            book.last_outcome or "",
            money(book.equity),
            money(book.cash),
            percent(book.cumulative_return),
            percent(book.drawdown),
        )
        for book in books
    ]
    table("", columns, rows, right=columns[4:])


def _show_positions(books: tuple[BookStatus, ...]) -> None:
    rows = [
        (book.variant, held.symbol, held.quantity, money(held.entry_price), _stop(held))
        for book in books
        for held in book.positions
    ]
    if rows:
        columns = ("variant", "symbol", "shares", "average price", "stop")
        table("positions", columns, rows, right=("shares", "average price"))


def _stop(held: HeldPosition) -> object:
    from rich.text import Text

    return Text("NAKED", style="bold red") if held.protected is False else money(held.stop_price)


def _windows(books: tuple[BookStatus, ...]) -> str:
    """Return the execution windows, each with the variants that share it."""
    shared: dict[str, list[str]] = {}
    for book in books:
        span = f"{_hour(book.window_opens)}-{_hour(book.window_closes)}"
        shared.setdefault(span, []).append(book.variant)
    spans = [f"{span} ({', '.join(names)})" if len(shared) > 1 else span for span, names in shared.items()]
    return f"{', '.join(spans)} New York" if spans else "no strategy runs daily"


def _hour(at: datetime) -> str:
    from backtest.calendar.sessions import NEW_YORK

    return at.astimezone(NEW_YORK).strftime("%H:%M")
