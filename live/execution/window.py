"""The execution window of a file: inside, before, after, and the phases it allows."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, cast

from backtest.calendar import sessions as calendar
from backtest.core.errors import LimitError, SignalFileError
from live.execution.job import Job, Phase
from live.handoff.canonical import bytes_sha256
from live.reconciliation.outcome import forward, outcome_of

if TYPE_CHECKING:
    from live.execution.context import ExecutionContext
    from live.ledger.signal_files import Outcome


def inside(job: Job, now: datetime, phase: Phase) -> bool:
    """Tell whether orders may leave: the window, in a split run the session around it."""
    if phase == "place":
        return job.session.open.replace(hour=0) <= now <= job.window.closes_at
    if phase == "poll":
        return job.session.open <= now < job.session.close
    return job.window.opens_at <= now <= job.window.closes_at


def before_window(job: Job, now: datetime, phase: Phase) -> bool:
    """Whether it is too early to do anything."""
    if phase == "place":
        return False
    return now < (job.window.opens_at if phase == "all" else job.session.open)


def window_missed(job: Job, now: datetime, phase: Phase) -> bool:
    """Whether it is too late to send anything."""
    last = job.window.closes_at if phase != "poll" else job.session.close
    return now > last


class WindowMissed(LimitError):  # noqa: N818 - named for what a person reads
    """The run came too late to send anything (exit 7)."""


def too_late(context: ExecutionContext) -> WindowMissed | None:
    """Note a window that passed; None when an earlier, interrupted run had carried out everything."""
    job, rows = context.job, context.rows()
    outcome = outcome_of(job.signal, rows, held=job.held, reached_end=False)
    if rows and outcome == "completed":
        return None
    if job.known is not None:
        now: Outcome = outcome if rows else "expired"
        context.ledger.signals.finish(job.day, job.variant, forward(so_far(job), now))
    run = context.ledger.runs.get(job.day, job.variant)
    if run is None or run.executed_at is None:
        context.ledger.runs.missed(job.day, job.variant, mode=context.settings.mode)
    closes = job.window.closes_at.astimezone(calendar.NEW_YORK)
    return WindowMissed(
        f"the execution window {job.window.name} of {job.day} closed at {closes:%H:%M} New York",
        where=str(job.path),
        remedy="nothing new was sent; the next session proposes again (check the cron line)",
    )


def so_far(job: Job) -> Outcome:
    """Return what earlier runs made of exactly these bytes, ``pending`` before the first."""
    row = job.known
    if row is None or row.executed_sha256 != bytes_sha256(job.content):
        return "pending"
    return cast("Outcome", row.outcome)


def require_phase(job: Job, phase: Phase) -> None:
    """Refuse auction orders in a run that would wait for them (exit 2)."""
    if phase == "all" and any(order.order_type == "market_on_open" for order in job.go):
        raise SignalFileError(
            "orders for the opening auction cannot be placed and awaited in one run",
            where=str(job.path),
            remedy="run --phase place before the open and --phase poll after it",
        )
