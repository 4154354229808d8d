"""A stop whose level was changed at the broker, by a person or for a dividend, is kept and named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from live.execution.context import ExecutionContext
    from live.ledger.tables import Order, PositionRow

#: candidate detail from which the stop follows the fill (also read by `live.execution.stops`)
STOP_PCT: Final = "stop_loss_pct"


def keep_moved(context: ExecutionContext, position: PositionRow, stop: Order) -> bool:
    """Take over the level of a resting stop that is no longer where we put it; False when it is.

    Only the order that protects the position by our books, for exactly its shares: then nobody but the broker
    or a person can have moved it, and it no longer follows the fill.
    """
    before, now = position.stop_price, stop.stop_price
    if position.stop_client_order_id != stop.client_order_id or before is None or now is None:
        return False
    if now == before or stop.quantity - stop.filled_quantity != position.quantity:
        return False
    details = {key: value for key, value in position.details.items() if key != STOP_PCT}
    with context.ledger.transaction():
        context.ledger.positions.set_details(position.id, details)
        context.ledger.positions.set_stop(position.id, stop_price=now)
    context.notes.warn(f"{position.symbol}: its stop was moved at the broker, {before} to {now}, and is kept")
    return True
