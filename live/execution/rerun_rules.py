"""Rules of a repeated run: whether a file is carried out already, and whether it is still the one judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backtest.core.errors import LimitError, SignalFileError
from live.execution.context import ExecutionContext
from live.handoff.canonical import bytes_sha256
from live.handoff.model import SignalFile, SignalOrder
from live.orders.attempts import by_intent, may_fill

if TYPE_CHECKING:
    from live.execution.job import Job
    from live.ledger.tables import SignalRow
    from live.runtime.runtime import RunContext


def carried_out(job: Job) -> bool:
    """Whether exactly these bytes were executed to the end; an order enabled later is still to do."""
    row = job.known
    return row is not None and row.outcome == "completed" and row.executed_sha256 == bytes_sha256(job.content)


def ended_in_time(context: ExecutionContext) -> str:
    """Return the outcome of an earlier run of this session that ended well, empty when there is none.

    Cron starts more often than needed (early closes, clock changes), so a start after the window reports the
    outcome of the run inside it, unless a person approved something since.
    """
    job = context.job
    row = context.ledger.runs.get(job.day, job.variant)
    if row is None or row.missed or row.executed_at is None or row.executor_exit != 0:
        return ""
    approved = None if job.known is None else job.known.approved_at
    waiting = any(row.intent != "stop" and may_fill(row) for row in context.rows())
    return "" if waiting or (approved is not None and approved > row.executed_at) else row.outcome


def require_current(context: RunContext, job: Job) -> None:
    """Refuse a file that was made again, answered or executed since it was judged; call with the lock held.

    Raises:
        LimitError: 7.
    """
    if context.run.alone:
        return
    row = context.ledger.signals.get(job.day, job.variant)
    if _standing_of(row) != _standing_of(job.known):
        raise LimitError(
            "another run or a person was faster: the file was executed or answered a moment ago",
            where=str(job.path),
            remedy="run the same command again; what was sent is not sent twice",
        )


def _standing_of(row: SignalRow | None) -> tuple[str | None, ...] | None:
    if row is None:
        return None
    return (row.bytes_sha256, row.approved_sha256, row.answer, row.executed_sha256, row.outcome)


def require_unchanged(context: ExecutionContext) -> None:
    """After a partial execution only orders that were not planned yet may differ (settled 19).

    Raises:
        SignalFileError: 2, naming the orders.
    """
    job = context.job
    row = job.known
    if row is None or row.executed_sha256 is None or row.executed_sha256 == bytes_sha256(job.content):
        return
    assert row.executed_content is not None
    before = {o.client_order_id: o for o in SignalFile.model_validate_json(row.executed_content).orders}
    after = {o.client_order_id: o for o in job.signal.orders}
    planned = by_intent(context.rows())
    touched = sorted(
        name
        for name in before.keys() | after.keys()
        if _essence(before.get(name)) != _essence(after.get(name)) and name in planned
    )
    if touched:
        raise SignalFileError(
            f"already planned or sent and now different: {', '.join(touched)}",
            where=str(job.path),
            remedy="undo these edits; orders that were not sent yet may still be changed",
        )


def _essence(order: SignalOrder | None) -> Any:
    """Return the order without its note, the one field that is never sent."""
    return None if order is None else order.model_copy(update={"note": ""})
