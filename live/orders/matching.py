"""Does an order the broker shows belong to a request of ours? Pure comparisons, no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from backtest.core.errors import UnresolvedError
from live.ledger.tables import Order
from live.model.broker import BrokerOrder, OrderRequest, OrderType, TimeInForce

#: slack on both ends of the entered-time filter: broker times are whole seconds and may run a second early
TIME_SLACK = timedelta(seconds=5)
#: how long a request may have been under way when the process died before noting that it gave up
LONGEST_REQUEST = timedelta(seconds=35)
_RESOLVE = "look at the account, then `jutsu resolve {id} --adopt BROKER_ID` or `jutsu resolve {id} --absent`"

#: details of an order of a session of breakouts: its target, and the entry whose position it ends
TARGET: Final = "target"
CLOSES: Final = "closes"


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one look at the broker's list says about a request.

    Attributes:
        full: orders equal to the request in everything we know.
        near: orders of the same symbol, side and type that differ in something (a changed quantity, a time or
            a tag that does not fit): they forbid guessing.
    """

    full: tuple[BrokerOrder, ...] = ()
    near: tuple[BrokerOrder, ...] = ()


def request_of(order: Order) -> OrderRequest:
    """Return the request a journalled order stands for; the same row always gives the same request."""
    return OrderRequest(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side="buy" if order.side == "buy" else "sell",
        quantity=order.quantity,
        order_type=_order_type(order.order_type),
        time_in_force=_time_in_force(order.time_in_force),
        stop_price=order.stop_price if order.order_type == "stop" else None,
        attached_stop=order.stop_price if order.order_type != "stop" else None,
        limit_price=order.limit_price,
        target=None if (target := order.details.get(TARGET)) is None else Decimal(target),
        closes=order.details.get(CLOSES),
    )


def _order_type(text: str) -> OrderType:
    if text == "stop":
        return "stop"
    return "limit" if text == "limit" else "market"


def _time_in_force(text: str) -> TimeInForce:
    if text == "gtc":
        return "gtc"
    return "opg" if text == "opg" else "day"


def differences(request: OrderRequest, shown: BrokerOrder) -> tuple[str, ...]:
    """Return the names of the fields in which the broker's order is not the request."""
    pairs: dict[str, tuple[object, object]] = {
        "symbol": (request.symbol, shown.symbol),
        "side": (request.side, shown.side),
        "quantity": (request.quantity, shown.quantity),
        "order_type": (request.order_type, shown.order_type),
        "time_in_force": (_one_day(request.time_in_force), _one_day(shown.time_in_force)),
        "stop_price": (_price(request.stop_price), _price(shown.stop_price)),
        "limit_price": (_price(request.limit_price), _price(shown.limit_price)),
    }
    return tuple(name for name, (ours, theirs) in pairs.items() if ours != theirs)


def _one_day(time_in_force: str) -> str:
    """A market-on-open order is, at a broker without such a kind, a day order sent before the session."""
    return "day" if time_in_force == "opg" else time_in_force


def _price(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(Decimal("0.0001"))


def entered_window(order: Order, now: datetime) -> tuple[datetime, datetime]:
    """Return the interval, on the broker's clock, in which the order must have been entered."""
    assert order.sent_at is not None
    offset = timedelta(seconds=order.clock_offset_seconds or 0.0)
    until = order.gave_up_at or min(order.sent_at + LONGEST_REQUEST, now)
    return order.sent_at + offset - TIME_SLACK, until + offset + TIME_SLACK


def look_for(
    order: Order,
    listed: Iterable[BrokerOrder],
    *,
    taken: Collection[str],
    learnt_tag: str | None,
    now: datetime,
) -> Sighting:
    """Compare everything the broker lists with a request whose reply is missing.

    Args:
        order: the journalled request.
        listed: the broker's orders, children flattened.
        taken: ids that were there before the request or belong to other orders of ours.
        learnt_tag: tag the broker puts on orders of this program, None when not known yet.
        now: our clock.
    """
    request = request_of(order)
    since, until = entered_window(order, now)
    full: list[BrokerOrder] = []
    near: list[BrokerOrder] = []
    for shown in listed:
        if shown.order_id in taken or not _same_kind(request, shown):
            continue
        if shown.client_order_id not in {None, request.client_order_id}:
            continue
        if learnt_tag is not None and shown.tag is not None and shown.tag != learnt_tag:
            continue  # another program or a person sent it
        ours = shown.client_order_id == request.client_order_id  # our own reference needs no clock
        timely = ours or (shown.entered_at is not None and since <= shown.entered_at <= until)
        (full if timely and not differences(request, shown) else near).append(shown)
    return Sighting(tuple(full), tuple(near))


def _same_kind(request: OrderRequest, shown: BrokerOrder) -> bool:
    return (request.symbol, request.side, request.order_type) == (shown.symbol, shown.side, shown.order_type)


def fate_unknown(order: Order, problem: str) -> UnresolvedError:
    """Return the error that stops a run for a person: nobody can tell what became of an order."""
    remedy = _RESOLVE.format(id=order.client_order_id)
    return UnresolvedError(problem, where=order.client_order_id, remedy=remedy)
