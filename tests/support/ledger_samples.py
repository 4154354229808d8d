"""A ledger in memory with acknowledged orders and executions, for the tests of its tables."""

from copy import copy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from backtest.core.decision import Side
from live.ledger.ledger import Ledger, OrderPlan
from live.ledger.tables import Order
from live.model.broker import Execution
from live.model.order_state import JournalState as S

Row = TypeVar("Row")
NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)
DAY = date(2026, 11, 20)


def acked(
    ledger: Ledger,
    broker_id: str | int,
    symbol: str = "TQQQ",
    side: Side = "buy",
    quantity: int = 100,
    **changes: Any,
) -> Order:
    """An order that the broker acknowledged under `broker_id`."""
    intent = "entry" if side == "buy" else "exit"
    order = OrderPlan(
        f"20261120_{symbol}_{intent}_{side}_r{broker_id}",
        "golden",
        DAY,
        "offline_mock",
        symbol,
        side,
        intent,
        quantity,
        reference_price=Decimal(10),
        **changes,
    )
    ledger.orders.plan(order, at=NOW)
    ledger.orders.transition(order.client_order_id, S.SENDING, at=NOW)
    return ledger.orders.transition(order.client_order_id, S.ACKED, at=NOW, broker_order_id=str(broker_id))


def journalled(ledger: Ledger, name: str) -> Order:
    """The order of that client id, which must be in the journal."""
    found = ledger.orders.get(name)
    assert found is not None, name
    return found


def execution(
    number: str | int,
    broker_id: str | int,
    quantity: int,
    price: Decimal | str | int,
    side: Side = "buy",
    symbol: str = "TQQQ",
    commission: str = "0",
) -> Execution:
    return Execution(
        str(number), str(broker_id), symbol, side, quantity, Decimal(price), NOW, Decimal(commission)
    )


def changed(row: Row, **changes: Any) -> Row:
    """Return a copy of a ledger's row with other values."""
    made = copy(row)
    for name, value in changes.items():
        setattr(made, name, value)
    return made
