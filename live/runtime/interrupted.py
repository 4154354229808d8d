"""A run that a person (Ctrl-C) or the system (SIGTERM) ended: one line that says what it leaves."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from backtest.core.errors import JutsuError, Terminated, exit_code_of
from live.model.order_state import JournalState
from live.system.screen import complain

if TYPE_CHECKING:
    from live.ledger.tables import Order
    from live.runtime.runtime import RunContext

S = JournalState
#: states of a stop that waits at the broker: it protects, and is no work left over
_STANDS: Final = frozenset({S.ACKED, S.PENDING, S.WORKING})


@contextmanager
def naming_orders(context: RunContext) -> Iterator[None]:
    """Note on an interrupt which orders it leaves unfinished, and which positions without a stop."""
    try:
        yield
    except KeyboardInterrupt as stop:
        left = "" if context.run.scratch else left_over(context)
        if left:
            stop.add_note(left)
        raise


def left_over(context: RunContext) -> str:
    """Return which orders are unfinished or may be at the broker, and what has no stop; empty for none."""
    try:
        unfinished = context.ledger.orders.unfinished()
        found = [order for order in unfinished if _under_way(order, context)]
        unprotected = _unprotected(context, {order.symbol for order in found} | _stopped(unfinished))
    except JutsuError as problem:
        logging.getLogger("jutsu").warning("the orders cannot be read: %s", problem)
        return "orders may be under way"
    names = ", ".join(order.client_order_id for order in found)
    orders = f"orders are still under way ({names})" if len(found) > 1 else ""
    orders = f"an order is still under way ({names})" if len(found) == 1 else orders
    stops = f"no stop is placed yet ({', '.join(unprotected)})" if unprotected else ""
    return "; ".join(text for text in (orders, stops) if text)


def _stopped(unfinished: Sequence[Order]) -> set[str]:
    return {order.symbol for order in unfinished if order.intent == "stop" and S(order.state) in _STANDS}


def _unprotected(context: RunContext, excluded: set[str]) -> list[str]:
    """Return the symbols of positions that need a stop and have none in the journal."""
    rows = context.ledger.positions.open_positions()
    return sorted({row.symbol for row in rows if row.needs_stop} - excluded)


def _under_way(order: Order, context: RunContext) -> bool:
    state = S(order.state)
    rests = state is S.PLANNED or (order.intent == "stop" and state in _STANDS)
    return state.unresolved or (order.session == context.today() and not rests)


def report_interrupt(stop: KeyboardInterrupt) -> int:
    """Say in one line, on the screen and in the log, what an ended run leaves; return its exit code."""
    by = "interrupted by SIGTERM" if isinstance(stop, Terminated) else "interrupted"
    left = next(iter(getattr(stop, "__notes__", ())), "")
    more = f"{left}: run" if left else "nothing half-done is left behind; run"
    logging.getLogger("jutsu").warning("%s: %s the same command again", by, more)
    complain(f"{by}: {more} the same command again")
    return exit_code_of(stop)
