"""Rotations at execution: the sale leaves only when its entry may, the entry only after its sale filled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.handoff.rotation import Rotation, rotations

if TYPE_CHECKING:
    from collections.abc import Callable

    from live.execution.context import ExecutionContext
    from live.handoff.model import SignalOrder


def of_job(context: ExecutionContext) -> tuple[Rotation, ...]:
    """Return the rotations among the orders that may leave."""
    return rotations(context.job.go)


def held_whole(context: ExecutionContext, sale: SignalOrder, refusal: Callable[[SignalOrder], str]) -> bool:
    """Hold back both halves of a rotation whose entry could not leave now; tell whether that was done.

    A sale with a sent attempt is left alone.

    Args:
        context: the run.
        sale: any sell.
        refusal: returns why an entry must not leave now, empty when it may.
    """
    rotation = next((one for one in of_job(context) if one.sale is sale), None)
    if rotation is None or context.attempts(sale.client_order_id).sent:
        return False
    entry = rotation.entry
    problem = "its entry is not in the file" if entry is None else refusal(entry)
    if not problem:
        return False
    if entry is not None:
        context.notes.gate(entry.client_order_id, problem)
    name = "its entry" if entry is None else entry.symbol
    context.notes.gate(
        sale.client_order_id, f"a rotation is one unit, and {name} cannot be bought: {problem}"
    )
    return True


def unsold(context: ExecutionContext, entry: SignalOrder) -> str:
    """Return the symbol whose sale must fill before this entry may leave, empty when nothing waits."""
    rotation = next((one for one in of_job(context) if one.entry is entry), None)
    if rotation is None:
        return ""
    attempts = context.attempts(rotation.sale.client_order_id)
    gone = context.ledger.positions.get(context.variant, rotation.sale.symbol) is None
    return "" if gone or attempts.filled >= rotation.sale.quantity else rotation.sale.symbol


def note_halves(context: ExecutionContext) -> None:
    """Note as critical every rotation whose sale filled and whose entry did not."""
    for rotation in of_job(context):
        if rotation.entry is None or not context.attempts(rotation.sale.client_order_id).filled:
            continue
        bought = context.attempts(rotation.entry.client_order_id)
        if not bought.filled and not bought.open_attempts:
            context.notes.alarm(
                f"half a rotation: {rotation.sale.symbol} was sold, {rotation.entry.symbol} was not bought"
            )


def kept_whole(context: ExecutionContext) -> set[str]:
    """Return the ids of sales that stayed with their whole rotation: no exit was missed with them."""
    gated = context.notes.gated
    return {
        one.sale.client_order_id
        for one in of_job(context)
        if one.sale.client_order_id in gated
        and (one.entry is None or one.entry.client_order_id in gated)
        and not context.attempts(one.sale.client_order_id).sent
    }
