"""`jutsu drift`: live against the backtest of the same sessions, and which cause cost how much."""

from __future__ import annotations

from typing import Annotated

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
)
from live.model.run import Reading
from live.views.drift import BookDrift, DriftView, read_drift


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(drift)


def drift(
    *,
    since: SinceOption = None,
    variant: Annotated[str | None, typer.Option("--variant", help="One primary; all when left out.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Compare live with the backtest of the same sessions and name what each cause cost, to the cent."""
    first = parse_date(since, "--since")
    with open_command(config=config, state_db=state_db, run=Reading()) as runtime:
        view = read_drift(runtime.context, runtime.feed, variant, first)
    if as_json:
        emit_json(view)
    else:
        show(view)


def show(view: DriftView) -> None:
    """Print three lines a book, and one for every decision that differs."""
    out = console()
    for book in view.books:
        for line in lines(book):
            out.print(line, soft_wrap=True)
    for missing in view.not_measured:
        out.print(f"{missing.variant}: not measured: {missing.why}")


def lines(book: BookDrift) -> list[str]:
    """Return a book as lines of text."""
    bps = "" if book.gap_bps is None else f" ({book.gap_bps:+.1f} bps)"
    head = (
        f"{book.variant} {book.first}..{book.last}, {book.sessions} session(s)  live {book.live:,.2f}  "
        f"backtest {book.backtest:,.2f}  gap {book.gap:+,.2f}{bps}"
    )
    causes = "  ".join(f"{cause.name} {_money(cause.amount)}" for cause in book.causes)
    error = "none yet" if book.tracking_error is None else f"{book.tracking_error:.2%}"
    text = [
        head,
        f"{causes}  unexplained {_money(book.unexplained)}",
        f"decisions equal {book.decisions_equal}/{book.decisions_compared}   tracking error {error}",
        *(f"  {found.session}: {found.text}" for found in book.differences),
        *(f"  note: {note}" for note in book.notes),
    ]
    if book.unexplained_is_large:
        text.append(
            "  WARNING: more than 5 bps a month is unexplained: run `jutsu reconcile`, then look at trades "
            "by hand, splits and cash movements"
        )
    return text


def _money(amount: object) -> str:
    return f"{amount:+,.2f}" if amount else "0.00"
