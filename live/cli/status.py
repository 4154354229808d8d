"""`jutsu status`: is all well, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import typer

from live.alerts.state import channel_problems
from live.cli.common import (
    ConfigOption,
    JsonOption,
    StateOption,
    console,
    echo,
    emit_json,
    open_command,
    table,
)
from live.cli.status_books import show_books_now
from live.model.run import Overview
from live.operations.checks import ledger_problems, login_problems
from live.operations.health import start_time_problems
from live.reconciliation.standing import paper_differences
from live.runtime.lenient import diagnostics
from live.system.number_text import money, percent
from live.views.alignment import realign_notes
from live.views.inputs import ViewInputs
from live.views.status import BookStatus, HeldPosition, StatusView, day_of, read_status
from live.views.words import outcome_words


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(*, as_json: JsonOption = False, config: ConfigOption = None, state_db: StateOption = None) -> None:
    """Show on one screen whether all is well and what to do next."""
    from live.cli.orb import line_of
    from live.views.orb import read_orb

    with open_command(config=config, state_db=state_db, run=Overview()) as runtime:
        found = (
            *ledger_problems(runtime.context),
            *diagnostics(runtime.loaded),
            *login_problems(runtime.context, runtime.loaded.root),
            *paper_differences(runtime.context, runtime.broker),
            *channel_problems(runtime),
            *start_time_problems(runtime.context),
        )
        inputs = ViewInputs.of(runtime.context)
        view = read_status(inputs, found)
        asked = tuple(realign_notes(inputs, [book.variant for book in view.books if book.role == "primary"]))
        if as_json:
            emit_json(view)
        else:
            show(view, asked)
            breakouts = line_of(read_orb(inputs)) if inputs.settings.orb.portfolio is not None else ""
            if breakouts:
                echo(breakouts)


def show(view: StatusView, notes: Iterable[str] = ()) -> None:
    """Print the view: problems first, then what was asked for and is still to come."""
    from rich.text import Text

    screen = console()
    for problem in view.problems:
        screen.print(Text(f"PROBLEM  {problem}", style="bold red"))
    if not view.problems:
        screen.print(Text("all is well", style="green"))
    for note in notes:
        screen.print(note)
    source = {"demo": "DEMO data"}.get(view.data_source, f"data: {view.data_source}")
    screen.print(f"account {view.account}, mode {view.mode} ({source})", markup=False)
    screen.print(f"next: {view.next_session}, {_windows(view)}")
    if not any(book.last_session for book in view.books):
        screen.print("no run yet: `jutsu doctor` checks this machine, `jutsu schedule` prints the cron lines")
    _show_books(view.books)
    show_books_now(view.books)
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
            outcome_words(book.last_outcome or ""),
            money(book.equity),
            money(book.cash),
            percent(book.cumulative_return),
            percent(book.drawdown),
        )
        for book in books
    ]
    table("", columns, rows, right=columns[4:])


def _show_positions(books: tuple[BookStatus, ...]) -> None:
    """Print the open positions; a column that nobody fills is left out."""
    rows = [
        (book.variant, *(cell(held) for _, cell in _POSITION)) for book in books for held in book.positions
    ]
    names = ("variant", *(name for name, _ in _POSITION))
    used = [at for at in range(len(names)) if any(str(row[at] or "") for row in rows)]
    if rows:
        shown = [[row[at] for at in used] for row in rows]
        numbers = set(names) - {"variant", "symbol", "entry", "grade", "weeks"}
        table("positions", [names[at] for at in used], shown, right=sorted(numbers))


def _weeks(held: HeldPosition) -> str:
    if held.weeks_held is None:
        return ""
    return f"{held.weeks_held}" if held.weeks_needed is None else f"{held.weeks_held} of {held.weeks_needed}"


def _signed(fraction: float | None) -> str:
    return "" if fraction is None else f"{fraction:+.1%}"


def _stop(held: HeldPosition) -> object:
    from rich.text import Text

    return Text("NAKED", style="bold red") if held.protected is False else money(held.stop_price)


def _windows(view: StatusView) -> str:
    """Return the execution windows of the next session, each with the variants that share it."""
    shared: dict[str, list[str]] = {}
    for book in (book for book in view.books if day_of(book) == view.next_session):
        span = f"{_hour(book.window_opens)}-{_hour(book.window_closes)}"
        shared.setdefault(span, []).append(book.variant)
    spans = [f"{span} ({', '.join(names)})" if len(shared) > 1 else span for span, names in shared.items()]
    return f"{', '.join(spans)} New York" if spans else "no strategy runs daily"


def _hour(at: datetime) -> str:
    from backtest.calendar.sessions import NEW_YORK

    return at.astimezone(NEW_YORK).strftime("%H:%M")


_POSITION: Final[tuple[tuple[str, Callable[[HeldPosition], object]], ...]] = (
    ("symbol", lambda held: held.symbol),
    ("shares", lambda held: held.quantity),
    ("entry", lambda held: held.entry_session),
    ("average price", lambda held: money(held.entry_price)),
    ("last", lambda held: money(held.last_price)),
    ("profit", lambda held: "" if held.profit is None else f"{held.profit:+,.2f}"),
    ("stop", _stop),
    ("to stop", lambda held: _signed(held.to_stop)),
    ("weeks", _weeks),
    ("trend", lambda held: money(held.trend_line)),
    ("to trend", lambda held: _signed(held.to_trend)),
    ("grade", lambda held: held.grade or ""),
    ("score", lambda held: "" if held.score is None else f"{held.score:g}"),
)
