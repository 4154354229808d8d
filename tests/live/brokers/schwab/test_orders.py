"""Bodies are exactly what Schwab's documented orders look like; rows are read without guessing."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import BrokerRefused
from live.brokers.common import tick_text
from live.brokers.schwab.connection import import_schwab
from live.brokers.schwab.orders import complete, order_body, order_state, parse_order, parse_orders
from live.model.broker import OrderRequest, OrderState

BUY = OrderRequest("20240312_AAPL_entry_buy", "AAPL", "buy", 58)

GOLDEN_BUY = {
    "session": "NORMAL",
    "duration": "DAY",
    "orderType": "MARKET",
    "orderLegCollection": [
        {"instruction": "BUY", "instrument": {"assetType": "EQUITY", "symbol": "AAPL"}, "quantity": 58}
    ],
    "orderStrategyType": "SINGLE",
}
GOLDEN_STOP = {
    "session": "NORMAL",
    "duration": "GOOD_TILL_CANCEL",
    "orderType": "STOP",
    "orderLegCollection": [
        {"instruction": "SELL", "instrument": {"assetType": "EQUITY", "symbol": "AAPL"}, "quantity": 58}
    ],
    "orderStrategyType": "SINGLE",
    "stopPrice": "90.10",
}


def test_market_buy_is_the_golden_body() -> None:
    assert order_body(BUY) == GOLDEN_BUY


def test_gtc_stop_is_the_golden_body() -> None:
    stop = OrderRequest(
        "20240312_AAPL_stop_sell", "AAPL", "sell", 58, "stop", "gtc", stop_price=Decimal("90.1")
    )
    assert order_body(stop) == GOLDEN_STOP


def test_entry_with_stop_is_one_triggers_other() -> None:
    request = OrderRequest("20240312_AAPL_entry_buy", "AAPL", "buy", 58, attached_stop=Decimal("90.10"))
    assert order_body(request) == GOLDEN_BUY | {
        "orderStrategyType": "TRIGGER",
        "childOrderStrategies": [GOLDEN_STOP],
    }


def test_bodies_equal_what_the_real_order_builder_makes() -> None:
    import_schwab()
    from schwab.orders.common import Duration, OrderType, first_triggers_second
    from schwab.orders.equities import equity_buy_market, equity_sell_market

    stop = (
        equity_sell_market("AAPL", 58)
        .set_order_type(OrderType.STOP)
        .set_stop_price("90.10")
        .set_duration(Duration.GOOD_TILL_CANCEL)
    )
    both = first_triggers_second(equity_buy_market("AAPL", 58), stop).build()
    ours = order_body(
        OrderRequest("20240312_AAPL_entry_buy", "AAPL", "buy", 58, attached_stop=Decimal("90.10"))
    )
    assert ours == both


def test_share_classes_get_a_slash() -> None:
    body = order_body(OrderRequest("x", "BRK.B", "sell", 1))
    assert body["orderLegCollection"][0]["instrument"]["symbol"] == "BRK/B"


@pytest.mark.parametrize(
    ("price", "text"),
    [("90.1", "90.10"), ("1", "1.00"), ("0.9999", "0.9999"), ("0.5", "0.5000"), ("12345.67", "12345.67")],
)
def test_prices_are_spelled_on_their_tick(price: str, text: str) -> None:
    assert tick_text(Decimal(price)) == text


@pytest.mark.parametrize("price", ["10.129", "0.12345", "0", "-1"])
def test_prices_off_the_tick_are_refused_not_truncated(price: str) -> None:
    with pytest.raises(BrokerRefused):
        tick_text(Decimal(price))


@pytest.mark.parametrize(
    "request_",
    [
        OrderRequest("x", "AAPL", "buy", 0),
        OrderRequest("x", "AAPL", "buy", 3.5),  # type: ignore[arg-type] # wrong on purpose
        OrderRequest("x", "AAPL", "sell", 3, "stop", "gtc"),
        OrderRequest("x", "AAPL", "buy", 3, "market", "gtc"),
        OrderRequest("x", "AAPL", "sell", 3, attached_stop=Decimal(90)),
    ],
)
def test_orders_schwab_would_not_take_are_refused_before_sending(request_: OrderRequest) -> None:
    with pytest.raises(BrokerRefused):
        order_body(request_)


@pytest.mark.parametrize(
    ("word", "filled", "state"),
    [
        ("WORKING", 0, OrderState.WORKING),
        ("WORKING", 3, OrderState.PARTIAL),
        ("QUEUED", 0, OrderState.PENDING),
        ("AWAITING_PARENT_ORDER", 0, OrderState.PENDING),
        ("PENDING_ACTIVATION", 0, OrderState.PENDING),
        ("PENDING_CANCEL", 3, OrderState.CANCEL_PENDING),
        ("AWAITING_UR_OUT", 0, OrderState.CANCEL_PENDING),
        ("FILLED", 10, OrderState.FILLED),
        ("CANCELED", 3, OrderState.CANCELED),
        ("EXPIRED", 0, OrderState.EXPIRED),
        ("REJECTED", 0, OrderState.REJECTED),
        ("REPLACED", 0, OrderState.REPLACED),
        ("UNKNOWN", 0, OrderState.UNKNOWN_LIVE),
        ("SOMETHING_NEW", 0, OrderState.UNKNOWN_LIVE),
    ],
)
def test_status_words(word: str, filled: int, state: OrderState) -> None:
    assert order_state(word, filled) is state


def test_every_status_the_library_knows_has_a_meaning() -> None:
    import_schwab()
    from schwab.client import Client

    words = {status.value for status in Client.Order.Status} - {"UNKNOWN"}
    assert {word for word in words if order_state(word, 0) is OrderState.UNKNOWN_LIVE} == set()


ROW = {
    "session": "NORMAL",
    "duration": "DAY",
    "orderType": "MARKET",
    "quantity": 10.0,
    "filledQuantity": 7.0,
    "remainingQuantity": 0.0,
    "orderLegCollection": [
        {"legId": 1, "instruction": "BUY", "quantity": 10.0, "instrument": {"symbol": "QQQ"}}
    ],
    "orderStrategyType": "SINGLE",
    "orderId": 1000003,
    "status": "CANCELED",
    "enteredTime": "2024-03-12T19:55:01+0000",
    "tag": "TA_user1700000000",
    "accountNumber": 87654321,
    "orderActivityCollection": [
        {
            "activityType": "EXECUTION",
            "activityId": 71,
            "executionType": "FILL",
            "quantity": 4.0,
            "executionLegs": [
                {"legId": 1, "price": 440.10, "quantity": 4.0, "time": "2024-03-12T19:55:02+0000"}
            ],
        },
        {
            "activityType": "EXECUTION",
            "activityId": 72,
            "executionType": "FILL",
            "quantity": 3.0,
            "executionLegs": [{"legId": 1, "price": 440.30, "quantity": 3.0, "time": "2024-03-12T19:55:03Z"}],
        },
        {
            "activityType": "EXECUTION",
            "activityId": 73,
            "executionType": "CANCELED",
            "quantity": 3.0,
            "executionLegs": [
                {"legId": 1, "price": 0.0, "quantity": 3.0, "time": "2024-03-12T19:56:00+0000"}
            ],
        },
    ],
}


def test_a_cancelled_partial_fill_keeps_its_fills_and_ignores_the_cancel_activity() -> None:
    order = parse_order(ROW)
    assert (order.state, order.quantity, order.filled_quantity) == (OrderState.CANCELED, 10, 7)
    assert [e.execution_id for e in order.executions] == ["1000003:71:1", "1000003:72:1"]
    # (4 x 440.10 + 3 x 440.30) / 7
    assert order.average_price == (Decimal("1760.40") + Decimal("1320.90")) / 7
    assert order.entered_at == datetime(2024, 3, 12, 19, 55, 1, tzinfo=UTC)
    assert order.executions[1].at == datetime(2024, 3, 12, 19, 55, 3, tzinfo=UTC)
    assert complete(order)


def test_fills_that_do_not_add_up_give_no_average() -> None:
    order = parse_order(ROW | {"filledQuantity": 9.0})
    assert not complete(order)
    assert order.average_price is None


def test_the_limit_price_is_never_taken_for_a_fill() -> None:
    row = {k: v for k, v in ROW.items() if k != "orderActivityCollection"}
    assert parse_order(row | {"price": 999.0, "filledQuantity": 0.0}).average_price is None


def test_raw_row_is_json_and_hides_the_account_number() -> None:
    text = json.dumps(parse_order(ROW).raw)
    assert "87654321" not in text
    assert '"***4321"' in text


def test_two_legs_of_one_activity_stay_two_executions() -> None:
    leg = {"legId": 1, "price": 10.0, "quantity": 1.0, "time": "2024-03-12T19:55:02+0000"}
    activity = {
        "activityType": "EXECUTION",
        "activityId": 5,
        "executionType": "FILL",
        "executionLegs": [leg, leg],
    }
    order = parse_order(ROW | {"filledQuantity": 2.0, "orderActivityCollection": [activity]})
    assert [e.execution_id for e in order.executions] == ["1000003:5:1", "1000003:5:1:2"]
    assert complete(order)


def test_children_are_flattened_at_any_depth_and_the_oco_node_is_not_an_order() -> None:
    def child(number: int) -> dict[str, Any]:
        return ROW | {
            "orderId": number,
            "status": "WORKING",
            "filledQuantity": 0.0,
            "orderActivityCollection": [],
        }

    oco = {
        "orderStrategyType": "OCO",
        "orderId": 11,
        "status": "WORKING",
        "childOrderStrategies": [child(13), child(12)],
    }
    found = parse_orders([ROW | {"orderId": 10, "childOrderStrategies": [oco]}])
    assert [(o.order_id, o.parent_id) for o in found] == [("10", None), ("13", "11"), ("12", "11")]


@pytest.mark.parametrize("missing", sorted(ROW))
def test_no_single_missing_or_null_field_breaks_the_reader(missing: str) -> None:
    assert parse_order({k: v for k, v in ROW.items() if k != missing}).order_type in {"market", ""}
    parse_order(ROW | {missing: None, "novelty": {"deep": [1]}})


def test_limited_bodies_equal_what_the_real_order_builder_makes() -> None:
    import_schwab()
    from schwab.orders.equities import equity_buy_limit

    limited = OrderRequest("x", "AAPL", "buy", 58, "limit", limit_price=Decimal("101.5"))
    assert order_body(limited) == equity_buy_limit("AAPL", 58, "101.50").build()
    child = order_body(replace(limited, attached_stop=Decimal("90.10")))
    assert (child["orderStrategyType"], child["childOrderStrategies"]) == ("TRIGGER", [GOLDEN_STOP])


def test_the_price_of_a_row_is_a_limit_only_where_the_order_has_one() -> None:
    row = {"orderId": 1, "orderType": "LIMIT", "price": 101.5, "status": "WORKING"}
    assert parse_order(row).limit_price == Decimal("101.5")
    assert parse_order(row | {"orderType": "MARKET"}).limit_price is None
