"""A run that a person (Ctrl-C) or the system (SIGTERM) ended: one line that says what it leaves."""

from __future__ import annotations

import logging
from collections.abc import Iterator
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
    """Note on an interrupt which orders it leaves unfinished."""
    try:
        yield
    except KeyboardInterrupt as stop:
        left = "" if context.run.scratch else orders_under_way(context)
        if left:
            stop.add_note(left)
        raise


def orders_under_way(context: RunContext) -> str:
    """Return which orders of the session are unfinished, and which may be at the broker; empty for none."""
    try:
        found = [order for order in context.ledger.orders.unfinished() if _under_way(order, context)]
    except JutsuError as problem:
        logging.getLogger("jutsu").warning("the orders cannot be read: %s", problem)
        return "orders may be under way"
    names = ", ".join(order.client_order_id for order in found)
    if len(found) > 1:
        return f"orders are still under way ({names})"
    return f"an order is still under way ({names})" if found else ""


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
