"""What a run of the executor says: the lines of a dry run, its counts, its details, what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.execution.phases import buys_of, sells_of
from live.model.order_state import JournalState

if TYPE_CHECKING:
    from live.execution.context import RunNotes
    from live.execution.job import Job
    from live.ledger.tables import Order


def found(order: Order) -> str:
    """Return as what an order was found that an earlier run had left unfinished."""
    if order.intent == "stop" and order.filled_quantity:
        sold = f"{order.filled_quantity} of {order.quantity} shares sold at {order.average_price or 0:,.2f}"
        return f"{order.symbol}: its protective stop was reached: {sold}"
    if order.intent == "stop" and JournalState(order.state).terminal:
        return f"{order.symbol}: its protective stop rests no more: {order.state.lower()} at the broker"
    return f"{order.client_order_id}: found {order.state} with {order.filled_quantity} filled"


def dry_run_text(job: Job) -> str:
    """Return every order a real run would send now, one per line; touches neither broker nor ledger."""
    text = [f"dry run of {job.path}: {len(job.go)} order(s), nothing is sent"]
    for order in (*sells_of(job.go), *buys_of(job.go)):
        stop = "" if order.stop is None else f", stop {order.stop.price:g} {order.stop.time_in_force}"
        text.append(
            f"  {order.side} {order.quantity} {order.symbol} {order.order_type} ({order.intent}) "
            f"about {order.quantity * order.reference_price:,.2f}{stop}  id {order.client_order_id}"
        )
    text.extend(f"  not sent: {name}: {reason}" for name, reason in job.held.items())
    return "\n".join(text)


def counts(job: Job, notes: RunNotes) -> str:
    """Return how many orders a file had, and how many were held back, warned of or critical: one phrase."""
    orders = f"{len(job.go)} order(s)" if job.go else "no orders"
    held = f", {len(notes.gated)} held back" if notes.gated else ""
    warned = f", {len(notes.warnings)} warning(s)" if notes.warnings else ""
    critical = f", {len(notes.critical)} CRITICAL" if notes.critical else ""
    return orders + held + warned + critical


def detail_lines(notes: RunNotes) -> list[str]:
    """Return what the counts only number, a line each; a reason that a note already names is not repeated."""
    shown = (*notes.critical, *notes.warnings)
    return [
        *(f"CRITICAL: {text}" for text in notes.critical),
        *(f"warning: {text}" for text in notes.warnings),
        *(
            f"held back: {name}: {reason}"
            for name, reason in notes.gated.items()
            if not any(text.startswith(f"{name}:") for text in shown)
        ),
    ]
