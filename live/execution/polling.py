"""Waiting for fills, with a deadline."""

from __future__ import annotations

from collections.abc import Iterable

from backtest.core.errors import AuthenticationFailed, BrokerError
from live.execution.context import Desk
from live.ledger.tables import Order
from live.model.order_state import JournalState
from live.orders.attempts import live


def follow(desk: Desk, orders: Iterable[str]) -> None:
    """Refresh the live tries of these intents until they end, the timeout passes or the run must stop.

    A read that fails is repeated at the next interval: it says nothing about the order.
    """
    polling = desk.settings.polling
    give_up = min(desk.clock.monotonic() + polling.timeout_seconds, desk.deadline)
    names = list(orders)
    while True:
        waiting = [order for name in names for order in live(desk.attempts(name))]
        still = [order for order in waiting if not _ended(desk, order)]
        if not still or desk.clock.monotonic() >= give_up:
            return
        desk.clock.sleep(polling.interval_seconds)


def _ended(desk: Desk, order: Order) -> bool:
    if order.broker_order_id is None:
        return False
    try:
        return JournalState(desk.submission.refresh(order).state).terminal
    except AuthenticationFailed:
        raise
    except BrokerError as error:
        desk.report.warn(f"{order.client_order_id}: could not be read: {error.problem}")
        return False
