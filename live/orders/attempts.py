"""All tries of one intent: how many shares were filled, which are still open."""

from __future__ import annotations

from collections.abc import Iterable

from live.ledger.tables import Order
from live.model.order_state import JournalState


def filled(attempts: Iterable[Order]) -> int:
    """Return the shares filled over all tries of an intent."""
    return sum(order.filled_quantity for order in attempts)


def live(attempts: Iterable[Order]) -> list[Order]:
    """Return the tries the broker may still fill."""
    quiet = {JournalState.PLANNED}
    return [o for o in attempts if not JournalState(o.state).terminal and o.state not in quiet]
