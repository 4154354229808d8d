"""Protective stops outside a run on a file: planned under the first free id, sent, remembered."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from backtest.core.errors import JutsuError
from live.books.variants import id_prefix
from live.ledger.orders import OrderPlan
from live.model.order_ids import OrderName, with_account
from live.orders.attempts import may_fill

if TYPE_CHECKING:
    from pathlib import Path

    from live.ledger.tables import Order, PositionRow
    from live.orders.submission import Submission
    from live.runtime.runtime import RunContext
    from live.settings.model import Settings


def plan_stop(
    context: RunContext, variant: str, symbol: str, quantity: int, price: Decimal, *, parent: Order | None
) -> OrderPlan:
    """Return the plan of a good-till-cancelled sell stop under the first free id."""
    name, attempt = free_name(context, variant, symbol, "stop")
    return OrderPlan(
        client_order_id=name,
        variant=variant,
        session=context.today(),
        mode=context.settings.mode,
        symbol=symbol,
        side="sell",
        intent="stop",
        quantity=quantity,
        order_type="stop",
        time_in_force="gtc",
        attempt=attempt,
        parent_client_order_id=None if parent is None else parent.client_order_id,
        reason="stop_loss",
        stop_price=price,
    )


def place_stop(context: RunContext, submission: Submission, position: PositionRow, price: Decimal) -> str:
    """Send a stop for all shares of a position and remember it; return why not, empty when it rests.

    An error is returned as its words: whoever calls this has more positions to look after.
    """
    try:
        plan = plan_stop(context, position.variant, position.symbol, position.quantity, price, parent=None)
        stop = submission.send(plan)
    except JutsuError as error:
        return error.line()
    if not may_fill(stop):
        return stop.state_reason or stop.state
    context.ledger.positions.set_stop(
        position.id,
        needs_stop=True,
        stop_price=price,
        stop_client_order_id=stop.client_order_id,
        stop_broker_order_id=stop.broker_order_id,
        stop_expires_at=None,
    )
    return ""


def free_name(context: RunContext, variant: str, symbol: str, intent: str) -> tuple[str, int]:
    """Return the first free id of an intent to sell and its attempt number."""
    name = str(
        OrderName.of(
            _id_prefix(context.settings, context.strategies, variant),
            session=context.today(),
            symbol=symbol,
            intent=intent,
            side="sell",
        )
    )
    orders = context.ledger.orders
    return (name, 0) if orders.get(name) is None else orders.next_retry_id(name)


def _id_prefix(settings: Settings, strategies: Path, variant: str) -> str:
    """Return the id prefix of a variant (`books.variants.id_prefix`), the variant itself when no book has it.

    Panic must work with settings or strategy files that cannot be read any more, and a prefixed id is unique.
    """
    try:
        known = any(book.primary == variant for book in settings.books)
        return id_prefix(settings, strategies, variant) if known else with_account(settings.account, variant)
    except JutsuError:
        return with_account(settings.account, variant)
