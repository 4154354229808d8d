"""A stop of another hand, or one whose level was changed at the broker, is kept and named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.books.owners import at_its_level
from live.execution.stop_rows import entry_of, remember, stop_plan
from live.model.broker import OrderState
from live.orders.listing import listed

if TYPE_CHECKING:
    from decimal import Decimal

    from live.execution.context import ExecutionContext
    from live.ledger.tables import Order, PositionRow


def moved_level(context: ExecutionContext, position: PositionRow, stop: Order) -> Decimal | None:
    """Take over the level of a resting stop that is no longer where we put it; None when it is.

    Only the order that protects the position by our books: nobody but the broker or a person can have moved
    it. The level is theirs from then on and no longer follows the fill, also when its count is another one.
    """
    before, now = position.stop_price, stop.stop_price
    if position.stop_client_order_id != stop.client_order_id or before is None or now is None:
        return None
    if now == before:
        return None
    with context.ledger.transaction():
        context.ledger.positions.set_details(position.id, at_its_level(position.details))
        context.ledger.positions.set_stop(position.id, stop_price=now)
    context.notes.warn(f"{position.symbol}: its stop was moved at the broker, {before} to {now}, and is kept")
    return now


def keep_by_hand(context: ExecutionContext, position: PositionRow) -> bool:
    """Adopt the one live GTC stop for exactly our shares that the ledger does not know; False without one.

    An edit in the broker's pages and a corporate action both end our order and make a new one, whose price is
    kept from then on. With several such stops, or one for other shares, nothing is adopted; nor is one that
    waits for the fill of another order, which may never come.
    """
    if context.shared.run.alone:
        return False
    bound = context.ledger.orders.bound_broker_ids()
    found = [
        shown
        for shown in listed(context.broker, context.clock)
        if shown.symbol == position.symbol
        and (shown.side, shown.order_type, shown.time_in_force) == ("sell", "stop", "gtc")
        and not shown.state.terminal
        and shown.order_id not in bound
        and not (shown.parent_id is not None and shown.state is OrderState.PENDING)
        and shown.quantity - shown.filled_quantity == position.quantity
    ]
    if len(found) != 1 or found[0].stop_price is None:
        return False
    price = found[0].stop_price
    entry = entry_of(context, position)
    planned = stop_plan(context, position, price, quantity=found[0].quantity, parent=entry)
    order = context.submission.adopt(planned, found[0])
    context.ledger.positions.set_details(position.id, at_its_level(position.details))
    remember(context, position, order, price)
    context.notes.warn(
        f"{position.symbol}: a stop at {price} not sent by this program protects it and is kept"
    )
    return True
