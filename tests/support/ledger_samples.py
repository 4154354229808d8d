"""A ledger in memory with acknowledged orders and executions, for the tests of its tables."""

from copy import copy
from datetime import UTC, date, datetime
from decimal import Decimal

from live.ledger.ledger import OrderPlan
from live.model.broker import Execution
from live.model.order_state import JournalState as S

NOW = datetime(2026, 11, 20, 20, 55, tzinfo=UTC)
DAY = date(2026, 11, 20)


def acked(ledger, broker_id, symbol="TQQQ", side="buy", quantity=100, **changes):
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


def execution(number, broker_id, quantity, price, side="buy", symbol="TQQQ", commission="0"):
    return Execution(
        str(number), str(broker_id), symbol, side, quantity, Decimal(price), NOW, Decimal(commission)
    )


def changed(row, **changes):
    """Return a copy of a ledger's row with other values."""
    made = copy(row)
    for name, value in changes.items():
        setattr(made, name, value)
    return made
