"""The strategy's own limits, counted again at execution: places in the book, entries a day.

Stage 1 counted before the sells. Here the book is what the broker's fills made of it, so a sell that did not
happen leaves no place for the entry that counted on it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from live.execution import rotation
from live.execution.context import ExecutionContext
from live.handoff.model import SignalOrder
from live.model.order_ids import base_id
from live.orders.attempts import may_fill

LOG = logging.getLogger("jutsu.executor")


def within(context: ExecutionContext, buys: Sequence[SignalOrder]) -> list[SignalOrder]:
    """Return the buys that fit, in the order given; the others are held back with the reason."""
    taken = set(context.ledger.positions.shares(context.variant)) | _on_their_way(context)
    entered = _entered(context)
    kept: list[SignalOrder] = []
    for order in buys:
        problem = _problem(context, order, taken, entered)
        if problem:
            hold(context, order, problem)
            continue
        kept.append(order)
        if order.intent == "entry":
            taken.add(order.symbol)
            entered.add(order.client_order_id)
    return kept


def hold(context: ExecutionContext, order: SignalOrder, why: str) -> None:
    """Hold an order back; before the open only the log says so, since a poll takes it up again."""
    if context.phase == "place" and context.before_open:
        LOG.info("%s waits: %s", order.client_order_id, why)
    else:
        context.notes.gate(order.client_order_id, why)


def _problem(context: ExecutionContext, order: SignalOrder, taken: set[str], entered: set[str]) -> str:
    if order.intent != "entry":
        return ""
    waits = rotation.unsold(context, order)
    if waits:
        return f"it takes the place of {waits}, which is not sold"
    most, limit = context.rules.max_positions, context.rules.daily_entry_limit
    if most is not None and order.symbol not in taken and len(taken) >= most:
        return f"no free place: {len(taken)} of {most} positions (max_positions)"
    if limit is not None and order.client_order_id not in entered and len(entered) >= limit:
        return f"{len(entered)} entries today already (daily_entry_limit)"
    return ""


def _on_their_way(context: ExecutionContext) -> set[str]:
    return {row.symbol for row in context.rows() if row.intent == "entry" and may_fill(row)}


def _entered(context: ExecutionContext) -> set[str]:
    """Return the ids of today's entries that bought something or still may."""
    rows = [row for row in context.rows() if row.intent == "entry"]
    return {base_id(row.client_order_id) for row in rows if may_fill(row) or row.filled_quantity}
