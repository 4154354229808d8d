"""What a job is: a computation that was asked for, where it stands, what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

JobKind = Literal["backtest", "preview"]
"""What a job computes; `live.jobs.work` has the function of each."""
JobState = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
"""`interrupted`: the program that ran it ended first; it can be resumed, as failed and cancelled ones can."""
ACTIVE: Final[frozenset[JobState]] = frozenset({"queued", "running"})
"""States that still change by themselves."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    Attributes:
        progress: done part of the work, 0 to 1.
        request: what was asked for, as the kind reads it.
        actor: who asked.
        started_at, ended_at: None before it was.
        exit_code: of the child that ran it, None before its end and when it was killed.
        problem: the last line it said, where it did not end well.
        schedule: name of the schedule that asked for it, empty when a person did.
        stopping: somebody wants it to end, and it has not yet.
    """

    id: str
    kind: JobKind
    state: JobState
    progress: float
    request: Mapping[str, Any]
    actor: str
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    problem: str = ""
    schedule: str = ""
    stopping: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job that is asked for again and again.

    Attributes:
        cron_expression: minute, hour, day, month, weekday; New York time.
        due_at: when it is due next; a missed time is made up once.
        next_runs: the coming times, up to five; none while it is switched off.
    """

    id: str
    name: str
    kind: JobKind
    request: Mapping[str, Any]
    cron_expression: str
    enabled: bool
    actor: str
    due_at: datetime
    next_runs: tuple[datetime, ...] = ()
