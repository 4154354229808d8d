"""Whose order it is that only the broker remembers: never another book's, and never without its stop."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from live.books.owners import intended, owner_of
from live.ledger.orders import OrderPlan
from live.ledger.restore import rejoin
from live.model.broker import BrokerOrder, Execution, OrderState
from live.model.order_ids import OrderName
from live.runtime.runtime import Runtime
from tests.live.books.conftest import Opened

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)
SHIPPED = {"golden": "daily", "ema_p10": "on_request"}


def name(symbol: str, variant: str = "") -> OrderName:
    return OrderName(DAY, symbol, "entry", "buy", variant)


def bought(order_id: str, client_order_id: str, symbol: str) -> BrokerOrder:
    fill = Execution(f"e{order_id}", order_id, symbol, "buy", 10, Decimal(200), NOW)
    return BrokerOrder(
        order_id, symbol, "buy", 10, 10, OrderState.FILLED, "market", "day",
        average_price=Decimal(200), client_order_id=client_order_id, entered_at=NOW, executions=(fill,),
    )  # fmt: skip


def recovered(runtime: Runtime, *orders: BrokerOrder) -> Any:
    return rejoin(
        runtime.ledger,
        orders,
        mode="offline_mock",
        owner=partial(owner_of, runtime.context),
        intended=partial(intended, runtime.context),
        at=NOW,
    )


def test_a_bare_name_belongs_to_the_only_book_that_trades_its_symbol(opened: Opened) -> None:
    with opened(**SHIPPED) as runtime:
        assert owner_of(runtime.context, name("TQQQ")) == "golden"
        assert owner_of(runtime.context, name("AAPL")) == "ema_p10"
        assert owner_of(runtime.context, name("AAPL", "nwl_p4")) == "nwl_p4"


def test_a_single_stock_of_an_earnings_book_returns_to_it_with_its_stop_owed(opened: Opened) -> None:
    with opened(**SHIPPED) as runtime:
        recovered(runtime, bought("b1", "20261120_AAPL_entry_buy", "AAPL"))

        (position,) = runtime.ledger.positions.unprotected()
        assert (position.variant, position.symbol, position.quantity) == ("ema_p10", "AAPL", 10)
        assert position.details["stop_loss_pct"] > 0
        (order,) = runtime.ledger.orders.recent()
        assert order.planned_stop_price is not None
        assert Decimal(100) < order.planned_stop_price < Decimal(200)


def test_a_symbol_no_configured_book_trades_is_nobodys(opened: Opened) -> None:
    with opened(golden="daily") as runtime:
        result = recovered(runtime, bought("b1", "20261120_AAPL_entry_buy", "AAPL"))

        assert [o.order_id for o in result.unowned] == ["b1"]
        assert runtime.ledger.positions.shares() == {}


def test_bare_names_of_a_book_that_is_gone_prove_nothing(opened: Opened) -> None:
    with opened(**SHIPPED) as runtime:
        plan = OrderPlan("20261101_MSFT_entry_buy", "nwl_p4", DAY, "offline_mock", "MSFT", "buy", "entry", 1)
        runtime.ledger.orders.plan(plan, at=NOW)

        assert owner_of(runtime.context, name("AAPL")) is None
        assert owner_of(runtime.context, name("AAPL", "ema_p10")) == "ema_p10"
