"""What a person decides about an order whose fate the program could not find out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backtest.core.errors import UsageError
from live.ledger.tables import Order
from live.model.order_state import JournalState
from live.orders.booking import forget_stop
from live.orders.matching import differences, request_of
from live.orders.submission import Submission

if TYPE_CHECKING:
    from datetime import datetime

    from live.ledger.ledger import Ledger
    from live.model.broker import Broker
    from live.system.clock import Clock

#: what is wrong with a broker's order id that a person gave, and where the right one is
NO_SUCH_ORDER: Final = "the broker knows no such order"
ITS_ID: Final = "give the id that the broker's own screen shows"


def declare_adopted(
    ledger: Ledger, broker: Broker, clock: Clock, client_order_id: str, broker_order_id: str, *, by: str
) -> Order:
    """Bind an unresolved order to a broker's order and book its fills.

    Raises:
        UsageError: not unresolved, no such order at the broker, another symbol or side, or already bound.
    """
    order = _unresolved(ledger, client_order_id)
    shown = broker.order(broker_order_id)
    if shown is None:
        raise UsageError(NO_SUCH_ORDER, where=broker_order_id, remedy=ITS_ID)
    if broker_order_id in ledger.orders.bound_broker_ids():
        raise UsageError("this order already belongs to another of ours", where=broker_order_id)
    differing = differences(request_of(order), shown)
    if {"symbol", "side", "order_type"} & set(differing):
        raise UsageError(
            f"it is a different order ({', '.join(differing)})",
            where=broker_order_id,
            remedy="check the id; nothing was changed",
        )
    _note(ledger, order, at=clock.now(), by=by, verdict=f"adopted as {broker_order_id}")
    return Submission(broker, ledger, clock).adopt(order, shown)


def declare_absent(ledger: Ledger, client_order_id: str, *, by: str, at: datetime) -> Order:
    """Close an unresolved order that the broker never had; the next run may plan it anew.

    An order that the broker had and shows no more (brokers list the past weeks only) ends as cancelled.

    Raises:
        UsageError: the order is not unresolved.
    """
    gone = ledger.orders.get(client_order_id)
    if gone is not None and gone.state == JournalState.UNKNOWN_LIVE:
        return _declare_gone(ledger, gone, by=by, at=at)
    order = _unresolved(ledger, client_order_id)
    _note(ledger, order, at=at, by=by, verdict="absent")
    return ledger.orders.transition(
        client_order_id, JournalState.ABSENT, at=at, state_reason=f"declared absent by {by}"
    )


def _declare_gone(ledger: Ledger, order: Order, *, by: str, at: datetime) -> Order:
    with ledger.transaction():
        _note(ledger, order, at=at, by=by, verdict="gone")
        reason = f"not at the broker any more, says {by}"
        ended = ledger.orders.transition(
            order.client_order_id, JournalState.CANCELED, at=at, state_reason=reason
        )
        if ended.intent == "stop":
            forget_stop(ledger, ended)
    return ended


def _unresolved(ledger: Ledger, client_order_id: str) -> Order:
    order = ledger.orders.get(client_order_id)
    if order is None:
        remedy = "`jutsu status` names the orders of unknown fate"
        raise UsageError("this order is not in the ledger", where=client_order_id, remedy=remedy)
    if not JournalState(order.state).unresolved:
        raise UsageError(
            f"nothing to resolve: the order is {order.state}",
            where=client_order_id,
            remedy="`jutsu status` lists orders that need a person",
        )
    return order


def _note(ledger: Ledger, order: Order, *, at: datetime, by: str, verdict: str) -> None:
    detail = {"resolved_by": by, "verdict": verdict}
    ledger.orders.note(order.client_order_id, at=at, detail=detail)
