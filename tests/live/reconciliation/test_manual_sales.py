"""Positions sold by hand: only an unmistakable sale closes one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from live.model.broker import BrokerOrder, OrderRequest
from live.reconciliation.compare import compare
from live.reconciliation.manual_sales import REASON, close_sold_by_hand
from live.reconciliation.model import SymbolDifference
from live.runtime.runtime import Runtime
from tests.support.exec_world import AT, DAY, World, Wrapped, enter, order


def sold_by_hand(made: World, quantity: int = 10, price: float = 95.0) -> None:
    """Buy 10 AAA through the executor, then sell some at the broker as a person would."""
    enter(made, order("AAA", "entry", 10, 100.0))
    (stop,) = (row.stop_broker_order_id for row in made.ledger.positions.open_positions())
    if stop is not None:
        made.broker.cancel(stop)
    made.feed.prices["AAA"] = price
    made.clock.set(AT + timedelta(minutes=2))
    made.broker.submit(OrderRequest("by hand", "AAA", "sell", quantity))


def close(runtime: Runtime) -> tuple[str, ...]:
    """Compare, and close what was sold by hand."""
    result = compare(runtime.ledger, runtime.broker.account(), {}, cash_jump_pct=50.0)
    return close_sold_by_hand(runtime.context, runtime.broker, result.differences)


def test_a_sale_by_hand_closes_the_position_at_its_price_and_books_the_cash(made: World) -> None:
    sold_by_hand(made)
    runtime = made.open()
    (text,) = close(runtime)
    assert "10 shares of golden were sold by hand at 95" in text
    (row,) = runtime.ledger.positions.closed()
    assert (row.exit_reason, row.exit_price) == (REASON, Decimal(95))
    result = compare(runtime.ledger, runtime.broker.account(), {}, cash_jump_pct=0.01)
    assert result.agrees
    assert result.ledger_cash == result.broker_cash
    assert close(runtime) == ()
    (sale,) = [trade for trade in runtime.ledger.trades.recent() if trade.action == "sell"]
    assert (sale.symbol, sale.quantity, sale.fill_price, sale.realised_pnl) == ("AAA", 10, 95, -50)
    (sold,) = runtime.ledger.orders.of_session(DAY, "golden")[-1:]
    assert (sold.client_order_id, sold.state, sold.reason) == (
        f"golden_{DAY:%Y%m%d}_AAA_exit_sell",
        "FILLED",
        REASON,
    )


def test_part_of_a_position_sold_by_hand_stays_a_difference(made: World) -> None:
    sold_by_hand(made, quantity=4)
    runtime = made.open()
    assert close(runtime) == ()
    assert runtime.ledger.positions.shares("golden") == {"AAA": 10}


def twice(listed: list[BrokerOrder]) -> list[BrokerOrder]:
    return [*listed, *(replace(o, order_id=f"{o.order_id}0") for o in listed if o.side == "sell")]


def without_executions(listed: list[BrokerOrder]) -> list[BrokerOrder]:
    return [replace(o, executions=()) for o in listed]


def before_the_purchase(listed: list[BrokerOrder]) -> list[BrokerOrder]:
    return [replace(o, entered_at=AT - timedelta(days=2)) for o in listed]


def of_unknown_time(listed: list[BrokerOrder]) -> list[BrokerOrder]:
    return [replace(o, entered_at=None) for o in listed]


def not_listed(listed: list[BrokerOrder]) -> list[BrokerOrder]:
    return [o for o in listed if o.side != "sell"]


@pytest.mark.parametrize(
    "changed", [twice, without_executions, before_the_purchase, of_unknown_time, not_listed]
)
def test_a_sale_that_leaves_any_doubt_closes_nothing(made: World, changed: Any) -> None:
    sold_by_hand(made)
    made.wrap = lambda broker: Wrapped(
        broker, orders=lambda inner, since, until: changed(list(inner.orders(since, until)))
    )
    runtime = made.open()
    assert close(runtime) == ()
    assert runtime.ledger.positions.shares("golden") == {"AAA": 10}


def test_our_own_sale_is_never_taken_for_one_by_hand(made: World) -> None:
    enter(made, order("AAA", "entry", 10, 100.0))
    runtime = made.open()
    gone = SymbolDifference("AAA", ledger=10, broker=0, kind="differs")
    assert close_sold_by_hand(runtime.context, runtime.broker, [gone]) == ()


def test_nothing_is_asked_while_nothing_is_gone(made: World) -> None:
    enter(made, order("AAA", "entry", 10, 100.0))

    def asked(*_: object) -> list[BrokerOrder]:
        raise AssertionError("the broker's list was read for nothing")

    made.wrap = lambda broker: Wrapped(broker, orders=asked)
    runtime = made.open()
    assert (
        close_sold_by_hand(runtime.context, runtime.broker, [SymbolDifference("AAA", 10, 5, "differs")]) == ()
    )
