"""Rows as brokers have sent them to others, in our own words: what the adapters make of each."""

from decimal import Decimal
from typing import Any

import pytest

from live.brokers.alpaca.orders import parse_order as alpaca_order
from live.brokers.alpaca.orders import parse_orders as alpaca_orders
from live.brokers.schwab.account import parse_account
from live.brokers.schwab.orders import parse_orders as schwab_orders
from live.feeds.schwab import parse_quote
from live.model.broker import OrderState

# Alpaca --------------------------------------------------------------------------------------------------


def leg(**fields: Any) -> dict[str, Any]:
    row = {
        "id": "leg-1",
        "client_order_id": "made-by-alpaca",
        "symbol": "QQQ",
        "qty": "10",
        "filled_qty": "0",
        "type": "stop",
        "side": "sell",
        "time_in_force": "gtc",
        "stop_price": "90",
        "status": "new",
        "submitted_at": "2024-03-12T19:45:00.123456789Z",
    }
    return row | fields


def parent(**fields: Any) -> dict[str, Any]:
    bought = {"id": "buy-1", "type": "market", "side": "buy", "order_class": "oto", "stop_price": None}
    return leg(**bought, status="filled", filled_qty="10", filled_avg_price="100", legs=[leg()]) | fields


def test_a_leg_at_the_top_level_has_no_parent_and_a_nested_one_has() -> None:
    assert [o.parent_id for o in alpaca_orders([leg()], {})] == [None]
    assert [o.parent_id for o in alpaca_orders([parent()], {})] == [None, "buy-1"]


def test_a_leg_held_after_its_buy_filled_is_alive() -> None:
    _, child = alpaca_orders([parent(legs=[leg(status="held")])], {})
    assert child.state is OrderState.PENDING


def test_a_replaced_leg_has_ended_and_its_successor_is_alive() -> None:
    rows = [leg(status="replaced", replaced_by="leg-2"), leg(id="leg-2", replaces="leg-1", stop_price="95")]
    old, new = alpaca_orders(rows, {})
    assert (old.state, old.state.terminal) == (OrderState.REPLACED, True)
    assert (new.state, new.stop_price) == (OrderState.WORKING, Decimal(95))


def test_a_fill_whose_activity_is_late_has_a_quantity_and_no_execution_yet() -> None:
    late = alpaca_order(parent(legs=None))
    assert (late.filled_quantity, late.executions) == (10, ())


# Schwab --------------------------------------------------------------------------------------------------


def stop(**fields: Any) -> dict[str, Any]:
    shares = {"instruction": "SELL", "quantity": 10, "instrument": {"symbol": "QQQ", "assetType": "EQUITY"}}
    row = {
        "orderId": 11,
        "orderType": "STOP",
        "duration": "GOOD_TILL_CANCEL",
        "quantity": 10.0,
        "filledQuantity": 0.0,
        "stopPrice": 90.0,
        "status": "WORKING",
        "orderStrategyType": "SINGLE",
        "orderLegCollection": [shares],
    }
    return row | fields


def test_a_stop_replaced_in_the_web_page_has_ended_and_the_new_one_is_alive() -> None:
    replaced = stop(status="REPLACED", replacingOrderCollection=[{"orderId": 12}])
    old, new = schwab_orders([replaced, stop(orderId=12, stopPrice=95.0)])
    assert (old.state, new.state, new.stop_price) == (
        OrderState.REPLACED,
        OrderState.WORKING,
        Decimal("95.0"),
    )


def test_a_child_listed_without_its_parent_is_an_order_of_its_own() -> None:
    (child,) = schwab_orders([stop()])
    assert (child.parent_id, child.quantity) == (None, 10)


def test_a_filled_buy_may_have_a_rejected_child_with_its_reason() -> None:
    buy = stop(orderId=10, orderType="MARKET", status="FILLED", orderStrategyType="TRIGGER", duration="DAY")
    buy["childOrderStrategies"] = [stop(status="REJECTED", statusDescription="stop above the bid")]
    _, child = schwab_orders([buy])
    assert (child.parent_id, child.state, child.reason) == ("10", OrderState.REJECTED, "stop above the bid")


@pytest.mark.parametrize(
    ("kind", "balances", "cash", "settled"),
    [
        ("CASH", {"totalCash": 100.0, "cashAvailableForTrading": 90.0}, 100, None),  # nothing says unsettled
        ("MARGIN", {"cashBalance": 0.0, "availableFunds": 5000.0}, 0, 0),  # cash lies in a sweep fund
        ("MARGIN", {"cashBalance": -50.0, "availableFunds": 5000.0}, -50, -50),  # borrowed
        ("CASH", {}, None, None),
    ],
)
def test_odd_balances_are_never_more_than_what_is_given(
    kind: str, balances: dict[str, float], cash: int | None, settled: int | None
) -> None:
    found = parse_account({"securitiesAccount": {"type": kind, "currentBalances": balances}}, "***1")
    assert (found.cash, found.settled_cash) == (cash, settled)


def test_a_wide_quote_before_the_open_keeps_both_sides() -> None:
    row = {"quote": {"bidPrice": 60.0, "askPrice": 300.0, "lastPrice": 100.0}, "realtime": True}
    found = parse_quote("QQQ", row, session_over=False)
    assert (found.bid, found.ask, found.last) == (60.0, 300.0, 100.0)
