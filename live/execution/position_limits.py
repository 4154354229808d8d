"""The strategy's own limits, counted again at execution: places in the book, entries a day.

Stage 1 counted before the sells. Here the book is what the broker's fills made of it, so a sell that did not
happen leaves no place for the entry that counted on it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from live.execution.context import Desk
from live.handoff.model import SignalOrder
from live.model.order_ids import base_id
from live.orders.attempts import filled, live

LOG = logging.getLogger("jutsu.executor")


def within(desk: Desk, buys: Sequence[SignalOrder]) -> list[SignalOrder]:
    """Return the buys that fit, in the order given; the others are held back with the reason."""
    taken = set(desk.ledger.positions.shares(desk.variant)) | _on_their_way(desk)
    entered = _entered(desk)
    kept: list[SignalOrder] = []
    for order in buys:
        problem = _problem(desk, order, taken, entered)
        if problem:
            hold(desk, order, problem)
            continue
        kept.append(order)
        if order.intent == "entry":
            taken.add(order.symbol)
            entered.add(order.client_order_id)
    return kept


def hold(desk: Desk, order: SignalOrder, why: str) -> None:
    """Hold an order back; before the open that is no news: the polls take it up when its sell has filled."""
    if desk.phase == "place" and desk.before_open:
        LOG.info("%s waits: %s", order.client_order_id, why)
    else:
        desk.report.gate(order.client_order_id, why)


def _problem(desk: Desk, order: SignalOrder, taken: set[str], entered: set[str]) -> str:
    if order.intent != "entry":
        return ""
    most, limit = desk.max_positions, desk.daily_entry_limit
    if most is not None and order.symbol not in taken and len(taken) >= most:
        return f"no free place: {len(taken)} of {most} positions (max_positions)"
    if limit is not None and order.client_order_id not in entered and len(entered) >= limit:
        return f"{len(entered)} entries today already (daily_entry_limit)"
    return ""


def _on_their_way(desk: Desk) -> set[str]:
    return {order.symbol for order in live(desk.rows()) if order.intent == "entry"}


def _entered(desk: Desk) -> set[str]:
    """Return the ids of today's entries that bought something or still may."""
    rows = [order for order in desk.rows() if order.intent == "entry"]
    return {base_id(order.client_order_id) for order in rows if live([order]) or filled([order])}
