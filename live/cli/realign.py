"""`jutsu realign`: the next file brings a book to its targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from live.cli.common import ConfigOption, StateOption, actor, echo, open_command, table

if TYPE_CHECKING:
    from live.actions.realign import Realign
    from live.ledger.ledger import Ledger
    from live.views.alignment import Alignment


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(realign)


def realign(
    *,
    variant: Annotated[
        str | None, typer.Option("--variant", help="The book (default: the only one with targets).")
    ] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Take it back.")] = False,
    config: ConfigOption = None,
    state_db: StateOption = None,
) -> None:
    """Ask that the next file carries the orders that bring a book to its strategy's targets."""
    from live.actions import realign as actions
    from live.views.alignment import read_alignment
    from live.views.inputs import ViewInputs

    with open_command(config=config, state_db=state_db) as runtime:
        inputs = ViewInputs.of(runtime.context)
        name = actions.chosen(inputs, variant)
        act = actions.withdraw if cancel else actions.ask
        done = act(runtime.ledger, name, actor=actor(), at=runtime.clock.now())
        if cancel:
            echo(_withdrawn(runtime.ledger, done))
            return
        _show(read_alignment(inputs, name))
        echo(_asked(runtime.ledger, done))


def _show(view: Alignment) -> None:
    """Print held against target."""
    rows = [
        [leg.symbol, leg.shares, "unknown" if leg.held is None else f"{leg.held:.1%}", f"{leg.target:.1%}"]
        for leg in view.legs
    ]
    if rows:
        columns = ["symbol", "shares", "held", f"wanted on {view.session}"]
        table(f"{view.variant} at its newest marking", columns, rows, right=columns[1:])


def _asked(ledger: Ledger, done: Realign) -> str:
    """Say which file will carry the orders."""
    head = "realign is asked" if done.changed else "realign was asked before and no file has carried it out"
    waiting = _waiting_file(ledger, done.variant)
    if waiting is None:
        return f"{head}: the next file of {done.variant} carries the orders"
    if done.request is not None and done.request.session == waiting:
        return f"{head}: the file of {waiting} carries the orders"
    again = f"`python -m live.signal_generator --strategy {done.variant} --force` makes that one again"
    return f"{head}: the file after that of {waiting} carries the orders ({again})"


def _withdrawn(ledger: Ledger, done: Realign) -> str:
    """Say what is asked no more, and which file still carries it."""
    if done.request is None:
        return f"realign is not asked for {done.variant}: nothing was changed"
    waiting = _waiting_file(ledger, done.variant)
    if waiting is None or done.request.session != waiting:
        return f"realign is withdrawn for {done.variant}"
    return (
        f"realign is withdrawn for {done.variant}; the file of {waiting} still carries its orders: "
        f"`jutsu skip`, or `python -m live.signal_generator --strategy {done.variant} --force`"
    )


def _waiting_file(ledger: Ledger, variant: str) -> str | None:
    """Return the session of the newest file when it was not executed yet."""
    row = next(iter(ledger.signals.recent(1, variant)), None)
    return row.session.isoformat() if row is not None and row.outcome == "pending" else None
