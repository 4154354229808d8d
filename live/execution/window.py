"""When orders of a file may leave, and what a run says before and after."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from backtest.calendar import sessions as calendar
from backtest.core.errors import LimitError, SignalFileError
from live.execution.context import Desk
from live.execution.job import Job, Phase
from live.reconciliation.outcome import outcome_of

if TYPE_CHECKING:
    from live.runtime.runtime import Runtime


def inside(job: Job, now: datetime, phase: Phase) -> bool:
    """Tell whether orders may leave: the window, in a split run the session around it."""
    if phase == "place":
        return job.session.open.replace(hour=0) <= now <= job.window.closes_at
    if phase == "poll":
        return job.session.open <= now < job.session.close
    return job.window.opens_at <= now <= job.window.closes_at


def before_window(runtime: Runtime, job: Job, *, phase: Phase) -> bool:
    """Whether it is too early to do anything."""
    if phase == "place":
        return False
    return runtime.clock.now() < (job.window.opens_at if phase == "all" else job.session.open)


def window_missed(runtime: Runtime, job: Job, *, phase: Phase) -> bool:
    """Whether it is too late to send anything."""
    last = job.window.closes_at if phase != "poll" else job.session.close
    return runtime.clock.now() > last


class WindowMissed(LimitError):  # noqa: N818 - named for what a person reads
    """The run came too late to send anything."""


def too_late(desk: Desk, runtime: Runtime, job: Job) -> WindowMissed | None:
    """Note a window that passed; None when an earlier, interrupted run had carried out everything."""
    rows = desk.rows()
    outcome = outcome_of(job.signal, rows, held=job.held, reached_end=False)
    if rows and outcome == "completed":
        return None
    if job.known is not None and job.known.outcome != "completed":
        desk.ledger.signals.finish(job.day, job.variant, "partial" if rows else "expired")
    desk.ledger.runs.missed(job.day, job.variant, mode=runtime.settings.mode)
    closes = job.window.closes_at.astimezone(calendar.NEW_YORK)
    return WindowMissed(
        f"the execution window {job.window.name} of {job.day} closed at {closes:%H:%M} New York",
        where=str(job.path),
        remedy="nothing new was sent; the next session proposes again (check the cron line)",
    )


def require_phase(job: Job, phase: Phase) -> None:
    """Refuse auction orders in a run that would wait for them (exit 2)."""
    if phase == "all" and any(order.order_type == "market_on_open" for order in job.go):
        raise SignalFileError(
            "orders for the opening auction cannot be placed and awaited in one run",
            where=str(job.path),
            remedy="run --phase place before the open and --phase poll after it",
        )
