"""Waiting for fills, with a deadline."""

from __future__ import annotations

from collections.abc import Collection

from backtest.core.errors import AuthenticationFailed, BrokerError
from live.execution.context import ExecutionContext
from live.handoff.model import SignalOrder
from live.ledger.tables import Order
from live.model.order_state import JournalState

#: seconds between two looks at one order that others wait for
SHORT_INTERVAL = 1.0
#: seconds a look at one order may cost: two requests each, a hundred a minute; brokers allow 120 to 200
LOOK_SECONDS = 1.2


def follow(
    context: ExecutionContext, orders: Collection[SignalOrder], *, at_most: float | None = None
) -> None:
    """Refresh the open tries of these orders until they end, the timeout passes or the run must stop.

    A read that fails is repeated at the next interval: it says nothing about the order. With many orders the
    interval is as long as the request limits of brokers want it.

    Args:
        context: the run.
        orders: whose tries to follow.
        at_most: seconds to wait instead of `polling.timeout_seconds`, looking every second.
    """
    polling = context.settings.polling
    wait = polling.timeout_seconds if at_most is None else at_most
    interval = polling.interval_seconds if at_most is None else min(SHORT_INTERVAL, polling.interval_seconds)
    give_up = min(context.clock.monotonic() + wait, context.deadline)
    while True:
        waiting = [row for tries in context.attempts_of(orders).values() for row in tries.open_attempts]
        still = [order for order in waiting if not _ended(context, order)]
        if not still or context.clock.monotonic() >= give_up:
            return
        context.clock.sleep(max(interval, LOOK_SECONDS * len(still)))


def refresh(context: ExecutionContext, orders: Collection[SignalOrder]) -> None:
    """Look once at the open tries of these orders."""
    for tries in context.attempts_of(orders).values():
        for row in tries.open_attempts:
            _ended(context, row)


def _ended(context: ExecutionContext, order: Order) -> bool:
    if order.broker_order_id is None:
        return False
    try:
        return JournalState(context.submission.refresh(order).state).terminal
    except AuthenticationFailed:
        raise
    except BrokerError as error:
        context.notes.warn(f"{order.client_order_id}: could not be read: {error.problem}")
        return False
