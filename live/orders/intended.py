"""An order on its way into the journal: it is written down in the same commit that says it is being sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from live.ledger.orders import OrderPlan
from live.ledger.tables import Order
from live.orders.listing import LIST_MARGIN

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.model.broker import Broker

Intended = Order | OrderPlan
"""A row of the journal, or the plan of one that is not written yet."""


def journalled(ledger: Ledger, order: Intended, *, at: datetime) -> Order:
    """Return the row of an order, written now when it is a plan.

    Raises:
        SignalFileError: the id of the plan exists for a different trade.
    """
    return ledger.orders.plan(order, at=at) if isinstance(order, OrderPlan) else order


@dataclass(frozen=True, slots=True)
class Before:
    """What a search for a lost order needs to know of the time before it was sent.

    Attributes:
        ids: the broker's ids of the orders of the day before, sorted; None where client ids tell ours.
        position: shares of its symbol held; None likewise.
        clock_offset_seconds: the broker's clock minus ours, None when it does not say.
    """

    ids: list[str] | None
    position: int | None
    clock_offset_seconds: float | None


def seen_before(broker: Broker, symbol: str, now: datetime) -> Before:
    """Ask the broker what a later search needs; without client ids these are two reads of up to 30 s each."""
    ids: list[str] | None = None
    position: int | None = None
    if not broker.honours_client_id:
        listed = broker.orders(now - timedelta(days=1), now + LIST_MARGIN)
        ids = sorted(shown.order_id for shown in listed)
        position = broker.account().shares().get(symbol, 0)
    offset = broker.clock_offset()
    return Before(ids, position, None if offset is None else offset.total_seconds())
