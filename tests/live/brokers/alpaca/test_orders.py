"""Alpaca's order JSON: bodies as the real models make them, rows as the API shows them."""

import json
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import (
    BrokerRefused,
)
from live.brokers.alpaca.connection import import_alpaca
from live.brokers.alpaca.orders import STATES, order_body, parse_account, parse_order
from live.model.broker import OrderRequest, OrderState
from tests.support.alpaca_world import NAME, buy


def test_bodies_are_what_the_real_models_make() -> None:
    import_alpaca()
    from alpaca.trading.enums import OrderClass, OrderSide, TimeInForce
    from alpaca.trading.requests import MarketOrderRequest, StopLossRequest, StopOrderRequest

    entry = MarketOrderRequest(
        symbol="AAPL",
        qty=10,
        side=OrderSide.BUY,
        time_in_force=TimeInForce.GTC,
        order_class=OrderClass.OTO,
        stop_loss=StopLossRequest(stop_price=160.5),
        client_order_id=NAME,
    )
    stop = StopOrderRequest(
        symbol="AAPL",
        qty=10,
        side=OrderSide.SELL,
        time_in_force=TimeInForce.GTC,
        stop_price=160.5,
        client_order_id=NAME,
    )

    def plain(fields: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(json.dumps(fields, default=str), parse_int=str, parse_float=str)
        return found

    ours = order_body(buy("AAPL", attached_stop=Decimal("160.5")))
    theirs = plain(entry.to_request_fields())
    assert ours["stop_loss"].pop("stop_price") == "160.50"
    assert theirs["stop_loss"].pop("stop_price") == "160.5"
    assert ours == {k: v.removesuffix(".0") if isinstance(v, str) else v for k, v in theirs.items()}
    ours = order_body(OrderRequest(NAME, "AAPL", "sell", 10, "stop", "gtc", stop_price=Decimal("160.5")))
    theirs = plain(stop.to_request_fields())
    assert (ours.pop("stop_price"), theirs.pop("stop_price")) == ("160.50", "160.5")
    assert ours == {k: v.removesuffix(".0") for k, v in theirs.items()}


def test_an_opening_order_goes_without_its_stop() -> None:
    body = order_body(buy(time_in_force="opg", attached_stop=Decimal(400)))
    assert "stop_loss" not in body
    assert body["time_in_force"] == "opg"


@pytest.mark.parametrize(
    "request_",
    [
        buy(quantity=0),
        OrderRequest(NAME, "QQQ", "sell", 5, "stop", "gtc"),
        buy(attached_stop=Decimal("1.005")),
    ],
)
def test_orders_alpaca_would_not_take(request_: OrderRequest) -> None:
    with pytest.raises(BrokerRefused):
        order_body(request_)


def test_every_status_of_the_real_library_has_a_meaning() -> None:
    import_alpaca()
    from alpaca.trading.enums import OrderStatus

    assert {status.value for status in OrderStatus} - set(STATES) == set()
    assert parse_order({"status": "brand_new"}).state is OrderState.UNKNOWN_LIVE


def test_missing_figures_stay_unknown() -> None:
    account = parse_account({}, [{"symbol": "X", "qty": "1", "asset_class": "crypto"}])
    assert (account.cash, account.settled_cash, account.buying_power, account.equity) == (None,) * 4
    assert account.shares() == {}


def test_limited_bodies_are_what_the_real_models_make() -> None:
    import_alpaca()
    from alpaca.trading.enums import OrderSide, TimeInForce
    from alpaca.trading.requests import LimitOrderRequest

    theirs = LimitOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, limit_price=101.5,
        client_order_id=NAME,
    ).to_request_fields()  # fmt: skip
    ours = order_body(buy("AAPL", order_type="limit", limit_price=Decimal("101.5")))
    assert (Decimal(ours.pop("limit_price")), ours.pop("qty")) == (Decimal("101.5"), "10")
    assert (theirs.pop("limit_price"), theirs.pop("qty")) == (101.5, 10)
    assert ours == json.loads(json.dumps(theirs, default=str))


def test_a_limited_entry_with_its_stop_is_a_day_order_to_us() -> None:
    body = order_body(
        buy("AAPL", order_type="limit", limit_price=Decimal("101.5"), attached_stop=Decimal(90))
    )
    assert (body["type"], body["limit_price"], body["time_in_force"]) == ("limit", "101.50", "gtc")
    shown = parse_order(body | {"id": "1", "status": "new", "filled_qty": "0"})
    assert (shown.order_type, shown.time_in_force, shown.limit_price) == ("limit", "day", Decimal("101.50"))
