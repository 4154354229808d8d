"""Which of the broker's orders is ours: equal in everything and entered in time, or nobody's."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from live.ledger.ledger import Ledger
from live.ledger.tables import Order
from live.model.broker import BrokerOrder, OrderState
from live.orders.matching import Sighting, differences, look_for, request_of
from tests.support.ledger_samples import NOW, acked, changed


@pytest.fixture(scope="module")
def sent() -> Iterator[Order]:
    with Ledger.open("sqlite://", account="paper", now=NOW) as ledger:
        yield acked(ledger, 1)


def shown(order: Order, **changes: Any) -> BrokerOrder:
    request = request_of(order)
    values: dict[str, Any] = {
        "order_id": "b1",
        "client_order_id": None,
        "symbol": request.symbol,
        "side": request.side,
        "quantity": request.quantity,
        "order_type": request.order_type,
        "time_in_force": request.time_in_force,
        "stop_price": request.stop_price,
        "limit_price": request.limit_price,
        "state": OrderState.WORKING,
        "raw_status": "WORKING",
        "filled_quantity": 0,
        "entered_at": order.sent_at,
    }
    return BrokerOrder(**{**values, **changes})


def sight(
    order: Order, *listed: BrokerOrder, taken: Collection[str] = (), tag: str | None = None
) -> Sighting:
    return look_for(order, listed, taken=taken, learnt_tag=tag, now=NOW + timedelta(minutes=1))


def test_an_equal_order_entered_in_time_is_ours(sent: Order) -> None:
    assert sight(sent, shown(sent)).full == (shown(sent),)


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": 99},
        {"time_in_force": "gtc"},
        {"entered_at": NOW - timedelta(hours=1)},
        {"entered_at": None},
    ],
)
def test_one_that_differs_forbids_guessing(sent: Order, change: dict[str, Any]) -> None:
    found = sight(sent, shown(sent, **change))
    assert (found.full, len(found.near)) == ((), 1)


@pytest.mark.parametrize(
    "change", [{"symbol": "AAPL"}, {"side": "sell"}, {"client_order_id": "somebody"}, {"tag": "other"}]
)
def test_orders_of_somebody_else_are_no_candidates(sent: Order, change: dict[str, str]) -> None:
    found = sight(sent, shown(sent, **change), tag="ours")
    assert (found.full, found.near) == ((), ())


def test_an_id_bound_already_is_no_candidate(sent: Order) -> None:
    assert sight(sent, shown(sent), taken={"b1"}).full == ()


def test_our_own_reference_needs_no_clock(sent: Order) -> None:
    mine = shown(sent, client_order_id=sent.client_order_id, entered_at=None)
    assert sight(sent, mine).full == (mine,)


def test_an_opening_order_may_be_shown_as_a_day_order(sent: Order) -> None:
    opening = changed(sent, time_in_force="opg")
    assert differences(request_of(opening), shown(opening, time_in_force="day")) == ()
    assert differences(request_of(opening), shown(opening, stop_price=Decimal(1))) == ("stop_price",)


def test_a_limit_order_is_one_with_the_same_limit(sent: Any) -> None:
    limited = changed(sent, order_type="limit", limit_price=Decimal("101.5"), stop_price=Decimal(90))
    request = request_of(limited)
    assert (request.order_type, request.limit_price) == ("limit", Decimal("101.5"))
    assert (request.stop_price, request.attached_stop) == (None, Decimal(90))
    assert differences(request, shown(limited)) == ()
    assert differences(request, shown(limited, limit_price=Decimal("101.49"))) == ("limit_price",)
    assert sight(limited, shown(limited, order_type="market")).full == ()
