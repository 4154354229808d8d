"""Before anything new: find out what became of everything an earlier run left unfinished."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from live.ledger.orders import BROKER_ENDED
from live.ledger.tables import Order
from live.model.broker import Broker
from live.model.order_state import JournalState
from live.orders.submission import Submission

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.runtime.runtime import RunContext
    from live.system.clock import Clock

#: how long after its session an ended order may still turn out to have filled more
LOOK_BACK = timedelta(days=5)


def recover_all(submission: Submission, ledger: Ledger, clock: Clock, *, today: date) -> tuple[Order, ...]:
    """Resolve every unfinished order of the account, oldest first; nothing new is sent.

    Returns:
        The rows that changed.

    Raises:
        UnresolvedError: the fate of one of them is still unknown (exit code 8).
    """
    changed: list[Order] = []
    for order in ledger.orders.unfinished():
        if order.state == JournalState.PLANNED:
            if order.session < today:
                why = "its session is over and it was never sent"
                ledger.orders.transition(
                    order.client_order_id, JournalState.LAPSED, at=clock.now(), state_reason=why
                )
            continue
        after = submission.recover(order, today=today)
        if (after.state, after.filled_quantity) != (order.state, order.filled_quantity):
            changed.append(after)
    return tuple(changed)


def end_past_orders(submission: Submission, ledger: Ledger, *, today: date) -> tuple[Order, ...]:
    """Cancel buys and sells of earlier sessions that still live, and return them as they ended.

    They were decided for another day. Most brokers end them with their session; where a buy carries its stop,
    some keep both until they are cancelled. Stops stay: they are meant to.
    """
    return tuple(
        submission.cancel(order)
        for order in ledger.orders.unfinished()
        if order.session < today
        and order.intent != "stop"
        and order.broker_order_id is not None
        and not JournalState(order.state).unresolved
    )


def ended_short(orders: Iterable[Order], *, since: date) -> list[Order]:
    """Return the orders from `since` on that the broker ended before all their shares filled."""
    return [
        order
        for order in orders
        if order.broker_order_id is not None
        and order.state in BROKER_ENDED
        and order.filled_quantity < order.quantity
        and (order.session >= since or (order.ended_at is not None and order.ended_at.date() >= since))
    ]


def look_again(submission: Submission, orders: Iterable[Order]) -> bool:
    """Ask once more about orders that ended short; return whether one of them had filled more."""
    after = [(order, submission.look_again(order)) for order in orders]  # each of them, not up to the first
    return any(now.filled_quantity != before.filled_quantity for before, now in after)


def catch_up(context: RunContext, broker: Broker) -> bool:
    """Book what orders filled since the last look: stops between two runs, fills counted after a cancel.

    Only reads at the broker. Returns whether anything was booked.
    """
    submission = Submission(broker, context.ledger, context.clock)
    booked = False
    for order in context.ledger.orders.unfinished():
        state = JournalState(order.state)
        if order.broker_order_id is None or state.unresolved or state is JournalState.PLANNED:
            continue
        after = submission.refresh(order)
        booked = booked or after.filled_quantity != order.filled_quantity
    since = context.today() - LOOK_BACK
    return look_again(submission, ended_short(context.ledger.orders.recent(200), since=since)) or booked
