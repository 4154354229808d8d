"""Rows of stops: the buy they protect, their plan in the journal, the position that remembers them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from live.books.owners import RAISED_STOP, at_its_level
from live.execution.context import stop_id
from live.ledger.orders import OrderPlan
from live.model.order_state import JournalState

if TYPE_CHECKING:
    from live.execution.context import ExecutionContext
    from live.ledger.tables import Order, PositionRow
    from live.orders.intended import Intended


def entry_of(context: ExecutionContext, position: PositionRow) -> Order | None:
    """Return the newest filled buy of a position's entry session or of this session, None without one."""
    buys = buys_of_position(context, position)
    return buys[-1] if buys else None


def buys_of_position(context: ExecutionContext, position: PositionRow) -> list[Order]:
    """Return the filled buys of a position in its entry session and in this one, oldest first."""
    sessions = sorted({position.entry_session, context.session.day})
    rows = [o for day in sessions for o in context.ledger.orders.of_session(day, position.variant)]
    return [o for o in rows if o.symbol == position.symbol and o.side == "buy" and o.filled_quantity]


def stop_plan(
    context: ExecutionContext,
    position: PositionRow,
    price: Decimal | None,
    *,
    quantity: int,
    parent: Order | None,
) -> Intended:
    """Return the plan of a stop under the first free id of this session, or an unsent row of equal content.

    `price` None plans the sale at market instead.
    """
    name, attempt = stop_id(context, position.symbol), 0
    known = context.attempts(name)
    if known:
        unsent = known.planned
        if unsent is not None:
            if (unsent.quantity, unsent.stop_price) == (quantity, price):
                return unsent
            context.ledger.orders.transition(
                unsent.client_order_id, JournalState.LAPSED, at=context.clock.now(), state_reason="replaced"
            )
        name, attempt = context.ledger.orders.next_retry_id(name)
    return OrderPlan(
        client_order_id=name,
        variant=position.variant,
        session=context.session.day,
        mode=context.settings.mode,
        symbol=position.symbol,
        side="sell",
        intent="stop",
        quantity=quantity,
        order_type="market" if price is None else "stop",
        time_in_force="day" if price is None else "gtc",
        attempt=attempt,
        parent_client_order_id=None if parent is None else parent.client_order_id,
        reason="stop_loss",
        reference_price=position.entry_price,
        stop_price=price,
        seal=context.seal,
    )


def remember(context: ExecutionContext, position: PositionRow, order: Order, price: Decimal) -> None:
    """Note with a position which stop protects it, when that is not known yet."""
    if (
        position.stop_client_order_id == order.client_order_id
        and position.stop_broker_order_id == order.broker_order_id
        and position.stop_price == price
    ):
        return
    shown = None if order.broker_order_id is None else context.broker.order(order.broker_order_id)
    with context.ledger.transaction():
        if RAISED_STOP in position.details:  # it is where its rule wanted it
            context.ledger.positions.set_details(position.id, at_its_level(position.details))
        context.ledger.positions.set_stop(
            position.id,
            needs_stop=True,
            stop_price=price,
            stop_client_order_id=order.client_order_id,
            stop_broker_order_id=order.broker_order_id,
            stop_expires_at=None if shown is None else shown.expires_at,
        )
