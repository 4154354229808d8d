"""What every broker adapter must do, whatever is behind it: the cards of `docs/broker_contract.md`.

Subclass `BrokerContract`, name what the broker can do, and provide the fixtures `broker` and `market`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Protocol

import pytest

from backtest.core.errors import BrokerRefused
from live.model.broker import Broker, BrokerOrder, ListsResting, OrderRequest, OrderState


class Market(Protocol):
    """The world behind a broker: the suite sets its prices and lets time pass."""

    def price(self, symbol: str, value: float) -> None:
        """Let `symbol` trade at `value` from now on."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass at the broker."""
        ...


#: seconds after which account, positions and lists of every broker show what happened
SETTLES = 10


def submitted(broker: Broker, request: OrderRequest) -> str:
    """Send an order and return the id it must get."""
    order_id = broker.submit(request)
    assert order_id is not None
    return order_id


def shown(broker: Broker, order_id: str) -> BrokerOrder:
    """Return an order that must exist."""
    order = broker.order(order_id)
    assert order is not None
    return order


def entered(order: BrokerOrder) -> datetime:
    """Return when the broker took the order; it must say so."""
    assert order.entered_at is not None
    return order.entered_at


class BrokerContract:
    """One test a card. A card of `NEEDS` runs with the brokers whose `ABILITIES` hold what it needs."""

    #: what the broker of the suite is called on the cards
    BROKER: ClassVar[str]
    #: "client ids": it finds orders by our id; "attached stops": a buy carries its stop
    ABILITIES: ClassVar[frozenset[str]]
    NEEDS: ClassVar[Mapping[str, str]] = {
        "C07": "attached stops",
        "C13": "client ids",
        "C17": "client ids",
        "C22": "attached stops",
    }
    SYMBOL = "AAA"

    @pytest.fixture(autouse=True)
    def _skip_what_it_cannot(self, request: pytest.FixtureRequest, broker: Broker) -> None:
        card = request.function.__name__.split("_")[1].upper()
        able = {"client ids": broker.honours_client_id, "attached stops": broker.supports_attached_stop}
        need = self.NEEDS.get(card)
        if need is not None and not able[need]:
            pytest.skip(f"this broker has no {need}")

    def request(self, name: str = "20250305_AAA_entry_buy", **fields: Any) -> OrderRequest:
        base: dict[str, Any] = {"client_order_id": name, "symbol": self.SYMBOL, "side": "buy", "quantity": 10}
        return OrderRequest(**{**base, **fields})

    def stop(
        self, price: str = "90.00", quantity: int = 10, name: str = "20250305_AAA_stop_sell"
    ) -> OrderRequest:
        return self.request(
            name,
            side="sell",
            quantity=quantity,
            order_type="stop",
            time_in_force="gtc",
            stop_price=Decimal(price),
        )

    def limited(self, price: str, name: str = "20250305_AAA_entry_buy", **fields: Any) -> OrderRequest:
        return self.request(name, order_type="limit", limit_price=Decimal(price), **fields)

    def test_c01_it_has_a_short_name_and_says_what_it_can(self, broker: Broker) -> None:
        assert broker.name.isidentifier()
        assert isinstance(broker.honours_client_id, bool)
        assert isinstance(broker.supports_attached_stop, bool)
        assert "client ids" in self.ABILITIES or not broker.honours_client_id
        assert "attached stops" in self.ABILITIES or not broker.supports_attached_stop

    def test_c02_the_account_has_figures_and_no_positions_at_first(self, broker: Broker) -> None:
        account = broker.account()
        assert account.cash is not None
        assert account.cash > 0
        assert account.shares() == {}
        assert len(account.reference) < 20

    def test_c03_a_market_order_fills_and_moves_cash_and_position_together(
        self, broker: Broker, market: Market
    ) -> None:
        before = broker.account().cash
        assert before is not None
        order_id = submitted(broker, self.request())
        found = shown(broker, order_id)
        assert found.state is OrderState.FILLED
        assert found.filled_quantity == 10
        assert sum(e.quantity for e in found.executions) == 10
        market.wait(SETTLES)
        after = broker.account()
        assert after.cash is not None
        assert after.shares() == {self.SYMBOL: 10}
        paid = sum(e.quantity * e.price + e.commission for e in found.executions)
        assert before - after.cash == paid

    def test_c04_executions_keep_their_ids_however_often_they_are_read(self, broker: Broker) -> None:
        order_id = submitted(broker, self.request())
        first = [e.execution_id for e in shown(broker, order_id).executions]
        assert [e.execution_id for e in shown(broker, order_id).executions] == first
        assert len(set(first)) == len(first)

    def test_c05_a_stop_rests_until_the_market_touches_it(self, broker: Broker, market: Market) -> None:
        broker.submit(self.request())
        order_id = submitted(broker, self.stop())
        assert shown(broker, order_id).state is OrderState.WORKING
        market.price(self.SYMBOL, 89.0)
        found = shown(broker, order_id)
        assert found.state is OrderState.FILLED
        market.wait(SETTLES)
        assert broker.account().shares() == {}

    def test_c06_an_order_shows_what_was_asked(self, broker: Broker) -> None:
        broker.submit(self.request())
        found = shown(broker, submitted(broker, self.stop("90.10")))
        assert (found.symbol, found.side, found.quantity) == (self.SYMBOL, "sell", 10)
        assert (found.order_type, found.time_in_force, found.stop_price) == ("stop", "gtc", Decimal("90.10"))

    def test_c07_an_attached_stop_waits_for_its_buy(self, broker: Broker, market: Market) -> None:
        order_id = submitted(broker, self.request(attached_stop=Decimal("90.00")))
        at = entered(shown(broker, order_id))
        market.wait(SETTLES)
        listed = broker.orders(at - timedelta(minutes=1), at + timedelta(minutes=1))
        (child,) = [o for o in listed if o.parent_id == order_id]
        assert (child.side, child.quantity, child.stop_price) == ("sell", 10, Decimal("90.00"))
        assert child.state is OrderState.WORKING

    def test_c08_a_cancelled_stop_ends_without_a_fill(self, broker: Broker, market: Market) -> None:
        broker.submit(self.request())
        order_id = submitted(broker, self.stop())
        broker.cancel(order_id)
        market.wait(30)
        found = shown(broker, order_id)
        assert found.state is OrderState.CANCELED
        assert found.filled_quantity == 0

    def test_c09_a_filled_order_cannot_be_cancelled_and_stays_filled(self, broker: Broker) -> None:
        order_id = submitted(broker, self.request())
        with pytest.raises(BrokerRefused):
            broker.cancel(order_id)
        assert shown(broker, order_id).state is OrderState.FILLED

    def test_c10_shares_held_by_a_stop_cannot_be_sold(self, broker: Broker, market: Market) -> None:
        broker.submit(self.request())
        broker.submit(self.stop())
        with pytest.raises(BrokerRefused):
            broker.submit(self.request("20250305_AAA_exit_sell", side="sell"))
        market.wait(SETTLES)
        assert broker.account().shares() == {self.SYMBOL: 10}

    def test_c11_what_is_not_held_cannot_be_sold(self, broker: Broker) -> None:
        with pytest.raises(BrokerRefused):
            broker.submit(self.request("20250305_AAA_exit_sell", side="sell"))

    def test_c12_buys_beyond_the_buying_power_are_refused(self, broker: Broker) -> None:
        with pytest.raises(BrokerRefused):
            broker.submit(self.request(quantity=1_000_000))
        assert broker.account().shares() == {}

    def test_c13_a_client_order_id_is_accepted_once(self, broker: Broker, market: Market) -> None:
        broker.submit(self.request())
        with pytest.raises(BrokerRefused):
            broker.submit(self.request())
        market.wait(SETTLES)
        assert broker.account().shares() == {self.SYMBOL: 10}

    def test_c14_orders_are_listed_by_the_time_they_were_entered(
        self, broker: Broker, market: Market
    ) -> None:
        order_id = submitted(broker, self.request())
        at = entered(shown(broker, order_id))
        minute = timedelta(minutes=1)
        market.wait(SETTLES)
        assert order_id in {o.order_id for o in broker.orders(at - minute, at + minute)}
        assert order_id not in {o.order_id for o in broker.orders(at - 2 * minute, at - minute)}

    def test_c15_an_unknown_id_is_none(self, broker: Broker) -> None:
        assert broker.order("999999999") is None

    def test_c16_the_body_is_plain_json_and_names_the_order_completely(self, broker: Broker) -> None:
        text = json.dumps(broker.body(self.stop("90.10")))
        assert "90.1" in text
        assert self.SYMBOL in text

    def test_c17_an_order_is_found_by_our_id_and_an_unused_id_finds_none(self, broker: Broker) -> None:
        request = self.request()
        order_id = submitted(broker, request)
        found = broker.find(request.client_order_id)
        assert found is not None
        assert (found.order_id, found.client_order_id) == (order_id, request.client_order_id)
        assert broker.find("20250305_BBB_entry_buy") is None

    def test_c18_the_clock_of_the_broker_is_near_ours_or_not_known(self, broker: Broker) -> None:
        broker.account()
        offset = broker.clock_offset()
        assert offset is None or abs(offset) < timedelta(minutes=1)

    def test_c19_a_refused_order_moves_nothing_and_leaves_nothing_live(
        self, broker: Broker, market: Market
    ) -> None:
        before = broker.account()
        with pytest.raises(BrokerRefused):
            broker.submit(self.request(quantity=1_000_000))
        after = broker.account()
        assert (after.cash, after.shares()) == (before.cash, before.shares())
        at = entered(shown(broker, submitted(broker, self.request("20250305_AAA_entry_buy_2"))))
        market.wait(SETTLES)
        day = timedelta(days=1)
        listed = broker.orders(at - day, at + day)
        assert [o.quantity for o in listed if not o.state.terminal or o.filled_quantity] == [10]

    def test_c20_a_limit_buy_above_the_market_fills_for_no_more_than_its_limit(
        self, broker: Broker, market: Market
    ) -> None:
        found = shown(broker, submitted(broker, self.limited("101.00")))
        assert (found.order_type, found.time_in_force, found.limit_price) == (
            "limit",
            "day",
            Decimal("101.00"),
        )
        assert (found.state, found.filled_quantity) == (OrderState.FILLED, 10)
        assert all(e.price <= Decimal("101.00") for e in found.executions)
        market.wait(SETTLES)
        assert broker.account().shares() == {self.SYMBOL: 10}

    def test_c21_a_limit_buy_below_the_market_rests_until_the_market_comes_or_it_is_cancelled(
        self, broker: Broker, market: Market
    ) -> None:
        first = submitted(broker, self.limited("99.00"))
        assert (shown(broker, first).state.terminal, shown(broker, first).filled_quantity) == (False, 0)
        broker.cancel(first)
        market.wait(30)
        assert shown(broker, first).state is OrderState.CANCELED
        second = submitted(broker, self.limited("99.00", "20250305_AAA_entry_buy_r1"))
        market.price(self.SYMBOL, 98.5)
        market.wait(SETTLES)
        found = shown(broker, second)
        assert (found.state, found.filled_quantity) == (OrderState.FILLED, 10)
        assert all(e.price <= Decimal("99.00") for e in found.executions)

    def test_c22_a_limit_buy_carries_its_stop_like_any_other(self, broker: Broker, market: Market) -> None:
        order_id = submitted(broker, self.limited("101.00", attached_stop=Decimal("90.00")))
        at = entered(shown(broker, order_id))
        market.wait(SETTLES)
        listed = broker.orders(at - timedelta(minutes=1), at + timedelta(minutes=1))
        (child,) = [o for o in listed if o.parent_id == order_id]
        assert (child.state, child.order_type, child.stop_price) == (
            OrderState.WORKING,
            "stop",
            Decimal("90.00"),
        )

    def test_c24_what_rests_is_listed_however_long_ago_it_was_entered(
        self, broker: Broker, market: Market
    ) -> None:
        assert isinstance(broker, ListsResting)
        order_id = submitted(broker, self.limited("99.00"))
        at = entered(shown(broker, order_id))
        market.wait(SETTLES)
        minute = timedelta(minutes=1)
        assert [order.order_id for order in broker.resting(at + minute)] == [order_id]
        assert [order.order_id for order in broker.resting(at - minute)] == []
        broker.cancel(order_id)
        market.wait(30)
        assert [order.order_id for order in broker.resting(at + minute)] == []

    def test_c23_a_sell_is_never_limited(self, broker: Broker, market: Market) -> None:
        broker.submit(self.request())
        with pytest.raises(BrokerRefused):
            broker.submit(self.limited("99.00", "20250305_AAA_exit_sell", side="sell"))
        market.wait(SETTLES)
        assert broker.account().shares() == {self.SYMBOL: 10}
