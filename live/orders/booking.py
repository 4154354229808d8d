"""What the broker shows becomes what the ledger knows: state, executions, positions, cash: one commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from live.ledger.tables import Order
from live.model.broker import BrokerOrder, Execution
from live.model.order_state import JournalState
from live.orders.attempts import CANCEL_ASKED

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger

#: two levels of a stop that differ by less are one: brokers show more decimals than we sent
SAME_LEVEL: Final = Decimal("0.0001")
#: two reports of one fill differ by less: prices are rounded, times are those of different systems
NEAR_PRICE: Final = Decimal("0.001")
NEAR_TIME: Final = timedelta(minutes=2)
#: detail of a sale: profit against average cost, before commission
REALISED: Final = "realised_pnl"


def book(ledger: Ledger, order: Order, shown: BrokerOrder, *, at: datetime) -> Order:
    """Bring one acknowledged order up to date; booking the same sight again changes nothing.

    An order whose executions do not add up to its filled quantity yet stays live, so that the rest of them is
    asked for again.

    Raises:
        UnresolvedError: the broker takes something back (a fill that shrinks, an end that is undone).
        DisagreementError: shares were sold that no book owns.
    """
    order = _as_shown(ledger, order, shown, at=at)
    state = JournalState(shown.state.value)
    executions = without_repeats(ledger, shown)
    executed = sum(execution.quantity for execution in executions)
    if state.terminal and executed < shown.filled_quantity:
        state = JournalState.UNKNOWN_LIVE
    if order.state == state.value and order.filled_quantity == executed:
        return order
    with ledger.transaction():
        profits = [booked.realised_pnl for booked in ledger.book(executions, at=at)]
        details = _with_profit(order, [profit for profit in profits if profit is not None])
        after = ledger.orders.transition(
            order.client_order_id,
            state,
            at=at,
            filled_quantity=executed,
            state_reason=shown.reason or order.state_reason,
            details=details,
            detail={"raw_status": shown.raw_status, "filled": shown.filled_quantity},
        )
        if state.terminal and order.intent == "stop":
            forget_stop(ledger, after)
    return after


def cancel_asked(ledger: Ledger, order: Order, *, at: datetime) -> Order:
    """Note that this program asks to cancel an order: a cancel that nobody here asked for is a person's."""
    return ledger.orders.transition(
        order.client_order_id,
        JournalState.CANCEL_PENDING,
        at=at,
        state_reason=order.state_reason,
        details={**order.details, CANCEL_ASKED: True},
    )


def _as_shown(ledger: Ledger, order: Order, shown: BrokerOrder, *, at: datetime) -> Order:
    """Take over count and level of a resting stop that a split or a person changed at the broker."""
    if order.intent != "stop" or shown.order_type != "stop" or shown.stop_price is None:
        return order
    same_level = order.stop_price is not None and abs(order.stop_price - shown.stop_price) < SAME_LEVEL
    if (order.quantity == shown.quantity and same_level) or shown.quantity < order.filled_quantity:
        return order
    return ledger.orders.amend(
        order.client_order_id, at=at, quantity=shown.quantity, stop_price=shown.stop_price
    )


def without_repeats(ledger: Ledger, shown: BrokerOrder) -> tuple[Execution, ...]:
    """Return the executions of an order without those a broker reports twice under another id.

    Only where they add up to more than the broker says is filled: then one of as many shares as another, at
    nearly its price and time (a report may round either), is left out. What is booked already stays.
    """
    extra = sum(execution.quantity for execution in shown.executions) - shown.filled_quantity
    if extra <= 0:
        return shown.executions
    booked = ledger.executions.known(execution.execution_id for execution in shown.executions)
    kept: list[Execution] = []
    for one in sorted(shown.executions, key=lambda e: e.execution_id not in booked):
        again = any(_repeats(one, other) for other in kept)
        if again and one.execution_id not in booked and one.quantity <= extra:
            extra -= one.quantity
        else:
            kept.append(one)
    return tuple(kept)


def _repeats(one: Execution, other: Execution) -> bool:
    """Whether two reports may be of one fill."""
    near = abs(one.price - other.price) <= max(SAME_LEVEL, other.price * NEAR_PRICE)
    return one.quantity == other.quantity and near and abs(one.at - other.at) <= NEAR_TIME


def _with_profit(order: Order, profits: Sequence[Decimal]) -> dict[str, Any]:
    """Return the details of an order with the profit its sales realised so far."""
    if not profits:
        return dict(order.details)
    total = sum(profits, Decimal(str(order.details.get(REALISED, 0))))
    return {**order.details, REALISED: str(total)}


def forget_stop(ledger: Ledger, order: Order) -> None:
    """Take an ended stop off its position."""
    held = ledger.positions.get(order.variant, order.symbol)
    if held is not None and held.stop_client_order_id == order.client_order_id:
        ledger.positions.set_stop(
            held.id, stop_client_order_id=None, stop_broker_order_id=None, stop_expires_at=None
        )
