"""What is kept of jobs that ended: `out/jobs` must not grow without end."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from backtest.core.errors import JutsuError
from live.jobs.model import ACTIVE

if TYPE_CHECKING:
    from live.jobs.model import Job
    from live.jobs.project import JobsProject
    from live.jobs.store import JobStore

#: a preview lets parameters be saved for a day; a week later nobody asks for it
PREVIEW_AGE: Final = timedelta(days=7)
#: results of one schedule that are kept, the newest
OF_A_SCHEDULE: Final = 50
_LOOKED_AT: Final = 10_000


def tidy(project: JobsProject, store: JobStore, now: datetime) -> tuple[str, ...]:
    """Forget old previews and what a schedule asked for long ago, with their folders; return their names.

    What a person asked for stays until that person deletes it.
    """
    gone = []
    for job in _outdated(store.newest(_LOOKED_AT), now):
        try:
            store.remove(job.id)
        except (JutsuError, sqlite3.Error):  # another program was first, or has it open: the next time
            continue
        shutil.rmtree(project.folder(job.id), ignore_errors=True)
        gone.append(job.id)
    return tuple(gone)


def _outdated(newest_first: tuple[Job, ...], now: datetime) -> Iterator[Job]:
    seen: Counter[str] = Counter()
    for job in newest_first:
        if job.state in ACTIVE or job.ended_at is None:
            continue
        seen[job.schedule] += 1
        old_preview = job.kind == "preview" and now - job.ended_at > PREVIEW_AGE
        if old_preview or (job.schedule and seen[job.schedule] > OF_A_SCHEDULE):
            yield job
