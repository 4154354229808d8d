"""Before a run ends because nobody knows what became of an order: the stops first, then what is protected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backtest.core.errors import JutsuError
from live.execution import split_stops, stops
from live.orders.attempts import may_fill

if TYPE_CHECKING:
    from live.execution.context import ExecutionContext


def protect_before_stopping(context: ExecutionContext) -> None:
    """Place missing stops of a run that has not compared its books yet; never raises a JutsuError."""
    try:
        context.notes.behind |= split_stops.disarm(context, context.broker.account())
    except JutsuError as error:
        context.notes.alarm(f"no stop was looked after: {error.line()}")
    else:
        stops.protect_after_failure(context)
    name_unresolved_sales(context)


def name_unresolved_sales(context: ExecutionContext) -> None:
    """Say of every sale of unknown fate whether its shares have their stop meanwhile."""
    alive = [order for order in context.ledger.orders.unfinished(context.variant) if may_fill(order)]
    for sale in context.ledger.orders.unresolved():
        row = context.ledger.positions.get(sale.variant, sale.symbol)
        if sale.side != "sell" or sale.intent == "stop" or row is None or not row.needs_stop:
            continue
        resting = [
            order
            for order in alive
            if order.intent == "stop" and order.symbol == sale.symbol and order.broker_order_id is not None
        ]
        protected = ", ".join(f"{order.quantity} at {order.stop_price}" for order in resting)
        context.notes.alarm(
            f"{sale.symbol}: nobody knows whether {sale.client_order_id} sold its {row.quantity} shares; "
            + (f"its stop rests ({protected})" if protected else "they have NO STOP meanwhile")
        )
