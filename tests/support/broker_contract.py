"""What every broker adapter must do, whatever is behind it. Subclass it and provide `broker` and `market`.

A `market` lets the suite set prices and pass time: `price(symbol, value)` and `wait(seconds)`.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from backtest.core.errors import BrokerRefused
from live.model.broker import OrderRequest, OrderState


class BrokerContract:
    """Numbered cards: C1 identity, C2 account, C3 market order, C4 stop, C5 cancel, C6 refusals, C7 lists."""

    SYMBOL = "AAA"
    PRICE = 100.0

    def request(self, name="20250305_AAA_entry_buy", **fields):
        base = {"client_order_id": name, "symbol": self.SYMBOL, "side": "buy", "quantity": 10}
        return OrderRequest(**{**base, **fields})

    def stop(self, price="90.00", quantity=10, name="20250305_AAA_stop_sell"):
        return self.request(
            name,
            side="sell",
            quantity=quantity,
            order_type="stop",
            time_in_force="gtc",
            stop_price=Decimal(price),
        )

    def test_c1_it_has_a_short_name_and_says_what_it_can(self, broker):
        assert broker.name.isidentifier()
        assert isinstance(broker.honours_client_id, bool)
        assert isinstance(broker.supports_attached_stop, bool)

    def test_c2_the_account_has_figures_and_no_positions_at_first(self, broker):
        account = broker.account()
        assert account.cash is not None
        assert account.cash > 0
        assert account.shares() == {}
        assert len(account.reference) < 20

    def test_c3_a_market_order_fills_and_moves_cash_and_position_together(self, broker):
        before = broker.account().cash
        order_id = broker.submit(self.request())
        shown = broker.order(order_id)
        assert shown.state is OrderState.FILLED
        assert shown.filled_quantity == 10
        assert sum(e.quantity for e in shown.executions) == 10
        after = broker.account()
        assert after.shares() == {self.SYMBOL: 10}
        paid = sum(e.quantity * e.price + e.commission for e in shown.executions)
        assert before - after.cash == paid

    def test_c3_executions_keep_their_ids_however_often_they_are_read(self, broker):
        order_id = broker.submit(self.request())
        first = [e.execution_id for e in broker.order(order_id).executions]
        assert [e.execution_id for e in broker.order(order_id).executions] == first
        assert len(set(first)) == len(first)

    def test_c4_a_stop_rests_until_the_market_touches_it(self, broker, market):
        broker.submit(self.request())
        order_id = broker.submit(self.stop())
        assert broker.order(order_id).state is OrderState.WORKING
        market.price(self.SYMBOL, 89.0)
        shown = broker.order(order_id)
        assert shown.state is OrderState.FILLED
        assert broker.account().shares() == {}

    def test_c4_an_order_shows_what_was_asked(self, broker):
        broker.submit(self.request())
        shown = broker.order(broker.submit(self.stop("90.10")))
        assert (shown.symbol, shown.side, shown.quantity) == (self.SYMBOL, "sell", 10)
        assert (shown.order_type, shown.time_in_force, shown.stop_price) == ("stop", "gtc", Decimal("90.10"))

    def test_c4_an_attached_stop_waits_for_its_buy(self, broker):
        if not broker.supports_attached_stop:
            pytest.skip("this broker attaches no stops")
        order_id = broker.submit(self.request(attached_stop=Decimal("90.00")))
        parent = broker.order(order_id)
        shown = broker.orders(
            parent.entered_at - timedelta(minutes=1), parent.entered_at + timedelta(minutes=1)
        )
        (child,) = [o for o in shown if o.parent_id == order_id]
        assert (child.side, child.quantity, child.stop_price) == ("sell", 10, Decimal("90.00"))
        assert child.state is OrderState.WORKING

    def test_c5_a_cancelled_stop_ends_without_a_fill(self, broker, market):
        broker.submit(self.request())
        order_id = broker.submit(self.stop())
        broker.cancel(order_id)
        market.wait(30)
        shown = broker.order(order_id)
        assert shown.state is OrderState.CANCELED
        assert shown.filled_quantity == 0

    def test_c5_a_filled_order_cannot_be_cancelled_and_stays_filled(self, broker):
        order_id = broker.submit(self.request())
        with pytest.raises(BrokerRefused):
            broker.cancel(order_id)
        assert broker.order(order_id).state is OrderState.FILLED

    def test_c6_shares_held_by_a_stop_cannot_be_sold(self, broker):
        broker.submit(self.request())
        broker.submit(self.stop())
        with pytest.raises(BrokerRefused):
            broker.submit(self.request("20250305_AAA_exit_sell", side="sell"))
        assert broker.account().shares() == {self.SYMBOL: 10}

    def test_c6_what_is_not_held_cannot_be_sold(self, broker):
        with pytest.raises(BrokerRefused):
            broker.submit(self.request("20250305_AAA_exit_sell", side="sell"))

    def test_c6_buys_beyond_the_buying_power_are_refused(self, broker):
        with pytest.raises(BrokerRefused):
            broker.submit(self.request(quantity=1_000_000))
        assert broker.account().shares() == {}

    def test_c6_a_client_order_id_is_accepted_once(self, broker):
        if not broker.honours_client_id:
            pytest.skip("this broker knows no client order ids")
        broker.submit(self.request())
        with pytest.raises(BrokerRefused):
            broker.submit(self.request())
        assert broker.account().shares() == {self.SYMBOL: 10}

    def test_c7_orders_are_listed_by_the_time_they_were_entered(self, broker):
        order_id = broker.submit(self.request())
        at = broker.order(order_id).entered_at
        minute = timedelta(minutes=1)
        assert order_id in {o.order_id for o in broker.orders(at - minute, at + minute)}
        assert order_id not in {o.order_id for o in broker.orders(at - 2 * minute, at - minute)}

    def test_c7_an_unknown_id_is_none(self, broker):
        assert broker.order("999999999") is None

    def test_c7_the_body_is_plain_json_and_names_the_order_completely(self, broker):
        import json

        text = json.dumps(broker.body(self.stop("90.10")))
        assert "90.1" in text
        assert self.SYMBOL in text
