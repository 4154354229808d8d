"""What a failed run leaves without a stop, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.orders.attempts import may_fill

if TYPE_CHECKING:
    from live.execution.context import RunNotes
    from live.ledger.ledger import Ledger
    from live.ledger.tables import Order


def name_unprotected(ledger: Ledger, variant: str | None, notes: RunNotes) -> None:
    """Add a critical note for each position without its stop, and for each buy that may fill unseen.

    Of every book where `variant` is None: after an error that lets no other book have its turn.
    The fill of a buy may be at the broker although the ledger could not take it any more (a full disk).
    """
    name_uncovered(ledger, variant, notes)
    for row in ledger.positions.unprotected():
        if variant in {None, row.variant} and row.symbol not in notes.uncovered:
            notes.alarm(f"{row.symbol}: {row.quantity} shares have NO STOP")
    for order in ledger.orders.unfinished(variant):
        if _buys_without_stop(order):
            notes.alarm(f"{order.symbol}: {order.client_order_id} may have filled and have NO STOP")


def _buys_without_stop(order: Order) -> bool:
    """Whether a live buy gets its stop from us only after the fill: one for the auction never carries it."""
    carries_it = order.stop_price is not None and order.time_in_force != "opg"
    return order.side == "buy" and order.planned_stop_price is not None and not carries_it and may_fill(order)


def name_uncovered(ledger: Ledger, variant: str | None, notes: RunNotes) -> None:
    """Add a critical note for each position whose stop could not cover all its shares.

    One that a person sold meanwhile, and that is closed, needs none.
    """
    held = {row.symbol for row in ledger.positions.open_positions() if variant in {None, row.variant}}
    for symbol, problem in notes.uncovered.items():
        if symbol in held:
            notes.alarm(problem)
