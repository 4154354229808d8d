"""Stops that a file moves: kept with their positions before anything is sent, placed by the stop phase.

The level is journalled first, so a run that dies between cancel and new stop leaves a position of which the
next run knows where its stop belongs, and a file that is executed again moves nothing twice.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from live.books.owners import RAISED_STOP
from live.handoff.approval import stops_may_move
from live.model.ticks import to_tick

if TYPE_CHECKING:
    from datetime import date

    from live.execution.context import ExecutionContext
    from live.handoff.model import MovedStop
    from live.ledger.tables import PositionRow


def raised_level(position: PositionRow, day: date | None) -> Decimal | None:
    """Return the level that the file of a session raised a stop to and that is not placed yet, None without.

    One of an earlier session counts no more: a split may lie between, and the next file asks again.
    """
    known = position.details.get(RAISED_STOP)
    if day is None or not isinstance(known, dict) or known.get("session") != day.isoformat():
        return None
    return Decimal(known["price"])


def raise_stops(context: ExecutionContext) -> None:
    """Keep with each position the level that the file moves its stop to; nothing is sent here.

    Left out with a warning: a position whose stop is not where the decision saw it (a person moved it),
    and moves beyond `max_stop_orders_per_run`, for the old stop would be cancelled and no new one sent.
    """
    moves = context.job.signal.stops
    if not moves or not stops_may_move(context.job.standing, context.settings.approval):
        return
    room = _room(context)
    for move in moves:
        position = context.ledger.positions.get(context.variant, move.symbol)
        if position is None or not position.needs_stop or move.symbol in context.notes.behind:
            continue
        level = to_tick(move.price)
        if position.stop_price is not None and position.stop_price >= level:
            continue  # an earlier run of the session placed it
        if position.stop_price != to_tick(move.before):
            context.notes.warn(f"{move.symbol}: its stop is not at {move.before:g} any more and stays")
        elif room <= 0:
            context.notes.warn(f"{move.symbol}: its stop stays: max_stop_orders_per_run is reached")
        else:
            room -= 1
            _keep(context, position, move, level)


def _room(context: ExecutionContext) -> int:
    """Return how many stops can be replaced beside those sent, and those that entries of the file need."""
    limit = context.settings.execution.limits.max_stop_orders_per_run
    sent = sum(1 for order in context.rows() if order.intent == "stop" and order.sent_at is not None)
    needed = sum(1 for order in context.job.go if order.side == "buy" and order.stop is not None)
    return limit - sent - needed


def _keep(context: ExecutionContext, position: PositionRow, move: MovedStop, level: Decimal) -> None:
    raised = {"session": context.session.day.isoformat(), "price": str(level), "reason": move.reason}
    context.ledger.positions.set_details(position.id, {**position.details, RAISED_STOP: raised})
