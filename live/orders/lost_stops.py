"""Stops that the ledger believes in and the broker shows no more: the shares are naked and nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.orders.listing import living

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.ledger.tables import PositionRow
    from live.model.broker import Broker
    from live.system.clock import Clock


def lost_stops(
    ledger: Ledger, broker: Broker, clock: Clock, variant: str | None = None
) -> tuple[PositionRow, ...]:
    """Return the positions (of one book, None: of all) whose stop was ended by somebody else; reads only.

    A stop that filled is not lost, and a position over which another sell stop rests is not naked.

    Raises:
        BrokerError: the orders cannot be read.
    """
    rows = [
        row
        for row in ledger.positions.open_positions(variant)
        if row.needs_stop and row.stop_broker_order_id is not None
    ]
    if not rows:
        return ()
    alive = [o for o in living(broker, clock) if o.side == "sell" and o.order_type == "stop"]
    ids, covered = {order.order_id for order in alive}, {order.symbol for order in alive}
    return tuple(
        row
        for row in rows
        if row.stop_broker_order_id not in ids
        and row.symbol not in covered
        and not _accounted_for(broker, str(row.stop_broker_order_id))
    )


def _accounted_for(broker: Broker, order_id: str) -> bool:
    """Whether an order that no list shows still lives (a list lags), or has sold something."""
    shown = broker.order(order_id)
    return shown is not None and (not shown.state.terminal or shown.filled_quantity > 0)
