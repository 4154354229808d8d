"""What became of a signal file: the answer decides whether the strategy's memory moves on (settled 3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from live.handoff.model import SignalFile, SignalOrder
from live.ledger.signal_files import Outcome
from live.ledger.tables import Order
from live.orders.attempts import Attempts, by_intent

if TYPE_CHECKING:
    from datetime import date

    from live.ledger.ledger import Ledger


#: how far a session has come: a later run never takes back what an earlier one did
_RANK: Final[Mapping[Outcome, int]] = {
    "pending": 0,
    "expired": 1,
    "skipped": 1,
    "gated": 2,
    "placed": 2,
    "failed": 3,
    "partial": 4,
    "completed": 5,
}


def forward(before: Outcome, now: Outcome) -> Outcome:
    """Return the outcome of a session after another run on the same file: it only moves forward."""
    return now if _RANK[now] >= _RANK[before] else before


def outcome_of(
    signal: SignalFile,
    rows: Sequence[Order],
    *,
    held: Collection[str] = (),
    gated: Collection[str] = (),
    reached_end: bool = True,
) -> Outcome:
    """Return what became of a file.

    Args:
        signal: the file as executed.
        rows: the orders of its session and variant.
        held: ids of enabled orders that approval kept back.
        gated: ids a gate kept back.
        reached_end: the run went through all phases, so an order without a row was dropped on purpose: its
            stop was faster, or the recount could not afford it. False after a crash: it was never reached.
    """
    attempts = by_intent(rows)
    enabled = [order for order in signal.orders if order.enabled]
    kept_back = [order for order in enabled if order.client_order_id in held]
    if enabled and len(kept_back) == len(enabled):
        return "skipped"
    going = [order for order in enabled if order.client_order_id not in held]
    verdicts = [
        _carried_out(order, attempts.get(order.client_order_id, Attempts()), gated, reached_end=reached_end)
        for order in going
    ]
    if all(verdicts) and not kept_back:
        return "completed"
    if any(verdicts) or kept_back:
        return "partial"
    return "gated" if any(order.client_order_id in gated for order in going) else "failed"


def _carried_out(
    order: SignalOrder, attempts: Attempts, gated: Collection[str], *, reached_end: bool
) -> bool:
    """Tell whether an order was sent and has ended with at least a share, or had nothing left to do."""
    if order.client_order_id in gated:
        return False
    if not attempts:
        return reached_end
    if attempts.open_attempts or attempts.planned is not None:
        return False
    return attempts.filled > 0


def finish_past(ledger: Ledger, *, today: date) -> None:
    """Judge files whose run died after its orders were sent: their fills are known by now."""
    for row in ledger.signals.recent(5):
        if row.session >= today or row.outcome not in {"pending", "placed"} or row.executed_content is None:
            continue
        rows = ledger.orders.of_session(row.session, row.variant)
        signal = SignalFile.model_validate_json(row.executed_content)
        ledger.signals.finish(row.session, row.variant, outcome_of(signal, rows, reached_end=False))
