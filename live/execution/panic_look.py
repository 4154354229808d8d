"""What panic would do, by the broker's account as it is now; nothing is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from live.execution.panic import foreign
from live.orders.attempts import may_fill
from live.reconciliation.settling import settled

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.model.broker import Broker
    from live.runtime.runtime import RunContext


@dataclass(frozen=True, slots=True)
class PanicLook:
    """What would be done, a line each.

    Attributes:
        cancelled: orders that would be ended. closed: shares that would be sold.
        left: what would stay, because no book owns it.
    """

    cancelled: tuple[str, ...]
    closed: tuple[str, ...]
    left: tuple[str, ...]


def look(context: RunContext, broker: Broker, *, everything: bool = False) -> PanicLook:
    """Return what panic would do now; what fills or changes until then changes it.

    Args:
        context: the account.
        broker: where its orders and shares are.
        everything: with foreign shares and orders too.

    Raises:
        BrokerError: 6, the account or its orders cannot be read.
    """
    held = settled(context, broker, broker.account()).shares()
    owned = context.ledger.positions.shares()
    closed = [
        f"{symbol}: {min(held.get(symbol, 0), shares)} shares{_stop(context.ledger, symbol)}"
        for symbol, shares in sorted(owned.items())
        if min(held.get(symbol, 0), shares) > 0
    ]
    cancelled = [
        f"{order.symbol} {order.side} {order.quantity} (order {order.broker_order_id})"
        for order in context.ledger.orders.unfinished()
        if order.intent != "stop" and order.broker_order_id is not None and may_fill(order)
    ]
    others = foreign(context, broker)
    shares = [f"{symbol}: {more} shares that no book owns" for symbol, more in sorted(others.shares.items())]
    orders = [f"{o.symbol} {o.side} {o.quantity} (order {o.order_id}, foreign)" for o in others.orders]
    if everything:
        return PanicLook((*cancelled, *orders), (*closed, *shares), ())
    return PanicLook(tuple(cancelled), tuple(closed), (*shares, *orders))


def _stop(ledger: Ledger, symbol: str) -> str:
    """Return that the stop of a position ends with it."""
    stops = [row for row in ledger.positions.open_positions() if row.symbol == symbol and row.stop_price]
    return ", its stop ends" if stops else ""
