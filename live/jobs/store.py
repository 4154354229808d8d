"""`state/jobs.db`: the jobs and schedules of one project; several programs may use it at once."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from live.jobs.errors import JobStateError, NoSuchJobError
from live.jobs.model import ACTIVE, Job, JobKind, JobState
from live.system.side_database import SideDatabase

NAME: Final = "jobs.db"
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS jobs (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, progress REAL NOT NULL DEFAULT 0,
  request TEXT NOT NULL, actor TEXT NOT NULL, created_at TEXT NOT NULL, started_at TEXT, ended_at TEXT,
  exit_code INTEGER, problem TEXT NOT NULL DEFAULT '', schedule TEXT NOT NULL DEFAULT '',
  stopping INTEGER NOT NULL DEFAULT 0, asked_by_key TEXT UNIQUE
);
CREATE TABLE IF NOT EXISTS schedules (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, request TEXT NOT NULL,
  cron_expression TEXT NOT NULL, enabled INTEGER NOT NULL, actor TEXT NOT NULL, due_at TEXT NOT NULL
);
"""
_COLUMNS: Final = (
    "id, kind, state, progress, request, actor, created_at, started_at, ended_at, exit_code, problem,"
    " schedule, stopping"
)
_ONE: Final = f"SELECT {_COLUMNS} FROM jobs WHERE id = ?"  # noqa: S608 - fixed words


class JobStore(SideDatabase):
    """The jobs of one project.

    Args:
        path: the file; made when it is missing. None: one in memory, for who only looks and finds none.
    """

    def __init__(self, path: Path | None) -> None:
        super().__init__(path, _TABLES)

    def add(
        self, kind: JobKind, request: Mapping[str, Any], *, actor: str, at: datetime, key: str | None = None
    ) -> Job:
        """Put a job at the end of the queue; the same `key` again gives the job it gave before.

        Args:
            kind: what is computed.
            request: JSON-ready, as the kind reads it.
            actor: who asks.
            at: aware instant.
            key: text of a program that may ask twice (`Idempotency-Key`).

        Raises:
            JobStateError: 7, the key was used for another request.
        """
        text = json.dumps(request, sort_keys=True)
        with self.alone() as raw:
            if key is not None:
                known = raw.execute(
                    f"SELECT {_COLUMNS} FROM jobs WHERE asked_by_key = ?",  # noqa: S608 - fixed words
                    (key,),
                ).fetchone()
                if known is not None:
                    return _same_request(_job(known), kind, request)
            return insert(raw, kind, text, actor, at, key=key)

    def get(self, ident: str) -> Job:
        """Return a job. NoSuchJobError 2: there is none of this name."""
        found = self.rows(_ONE, (ident,))
        if not found:
            raise no_such("job", ident)
        return _job(found[0])

    def newest(self, limit: int, kinds: Iterable[JobKind] = ()) -> tuple[Job, ...]:
        """Return jobs, newest first; of some kinds only when any are named."""
        wanted = list(kinds)
        where = f"WHERE kind IN ({', '.join('?' * len(wanted))})" if wanted else ""
        text = f"SELECT {_COLUMNS} FROM jobs {where} ORDER BY rowid DESC LIMIT ?"  # noqa: S608
        return tuple(_job(row) for row in self.rows(text, (*wanted, limit)))

    def active(self) -> tuple[Job, ...]:
        """Return the jobs that wait or run, oldest first."""
        text = f"SELECT {_COLUMNS} FROM jobs WHERE state IN (?, ?) ORDER BY rowid"  # noqa: S608
        return tuple(_job(row) for row in self.rows(text, sorted(ACTIVE)))

    def take(self, at: datetime) -> Job | None:
        """Mark the oldest waiting job as running and return it, None when none waits."""
        with self.alone() as raw:
            row = raw.execute("SELECT id FROM jobs WHERE state = 'queued' ORDER BY rowid LIMIT 1").fetchone()
            if row is None:
                return None
            raw.execute(
                "UPDATE jobs SET state = 'running', started_at = ?, ended_at = NULL, progress = 0,"
                " exit_code = NULL, problem = '', stopping = 0 WHERE id = ?",
                (at.isoformat(), row[0]),
            )
        return self.get(row[0])

    def progress(self, ident: str, done: float) -> None:
        """Keep how far a job is, 0 to 1."""
        self.change("UPDATE jobs SET progress = ? WHERE id = ?", (min(1.0, max(0.0, done)), ident))

    def finish(
        self, ident: str, state: JobState, *, at: datetime, exit_code: int | None = None, problem: str = ""
    ) -> None:
        """Keep how a job ended."""
        self.change(
            "UPDATE jobs SET state = ?, ended_at = ?, exit_code = ?, problem = ?, stopping = 0,"
            " progress = CASE WHEN ? = 'done' THEN 1 ELSE progress END WHERE id = ?",
            (state, at.isoformat(), exit_code, problem, state, ident),
        )

    def cancel(self, ident: str, *, at: datetime) -> Job:
        """End a waiting job at once, ask a running one to end; return it as it is now.

        Raises:
            NoSuchJobError: 2, there is none. JobStateError: 7, it has ended.
        """
        job = self.get(ident)
        waiting = self.change(
            "UPDATE jobs SET state = 'cancelled', ended_at = ? WHERE id = ? AND state = 'queued'",
            (at.isoformat(), ident),
        )
        asked = self.change("UPDATE jobs SET stopping = 1 WHERE id = ? AND state = 'running'", (ident,))
        if not waiting and not asked:
            raise JobStateError(f"is {job.state}: there is nothing to cancel", where=ident)
        return self.get(ident)

    def resume(self, ident: str) -> Job:
        """Put a job that did not end well back into the queue.

        Raises:
            NoSuchJobError: 2, there is none. JobStateError: 7, it waits, runs or is done.
        """
        job = self.get(ident)
        if not self.change(
            "UPDATE jobs SET state = 'queued', ended_at = NULL, problem = '', exit_code = NULL"
            " WHERE id = ? AND state IN ('failed', 'cancelled', 'interrupted')",
            (ident,),
        ):
            raise JobStateError(f"is {job.state}: there is nothing to resume", where=ident)
        return self.get(ident)

    def remove(self, ident: str) -> None:
        """Forget a job that has ended.

        Raises:
            NoSuchJobError: 2, there is none. JobStateError: 7, it waits or runs.
        """
        if not self.change("DELETE FROM jobs WHERE id = ? AND state NOT IN (?, ?)", (ident, *sorted(ACTIVE))):
            raise JobStateError(f"is {self.get(ident).state}: cancel it first", where=ident)

    def interrupt_running(self, at: datetime) -> int:
        """Mark running jobs whose program has ended; return how many there were."""
        return self.change(
            "UPDATE jobs SET state = 'interrupted', ended_at = ?, stopping = 0,"
            " problem = 'the program that ran it ended first' WHERE state = 'running'",
            (at.isoformat(),),
        )


def insert(
    raw: sqlite3.Connection,
    kind: JobKind,
    request: str,
    actor: str,
    at: datetime,
    *,
    key: str | None = None,
    schedule: str = "",
) -> Job:
    """Put a job at the end of the queue, inside a transaction of the caller; `request` is JSON."""
    ident = new_id(at)
    raw.execute(
        "INSERT INTO jobs (id, kind, state, request, actor, created_at, schedule, asked_by_key)"
        " VALUES (?, ?, 'queued', ?, ?, ?, ?, ?)",
        (ident, kind, request, actor, at.isoformat(), schedule, key),
    )
    return _job(raw.execute(_ONE, (ident,)).fetchone())


def _same_request(known: Job, kind: JobKind, request: Mapping[str, Any]) -> Job:
    if (known.kind, dict(known.request)) != (kind, json.loads(json.dumps(request))):
        raise JobStateError("the key was used for another request", where=known.id, remedy="use a new key")
    return known


def new_id(at: datetime) -> str:
    """Return a name that sorts by time."""
    return f"{at:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def _job(row: tuple[Any, ...]) -> Job:
    ident, kind, state, progress, request, actor, created, started, ended, code, problem, schedule, stop = row
    return Job(
        id=ident,
        kind=kind,
        state=state,
        progress=progress,
        request=json.loads(request),
        actor=actor,
        created_at=datetime.fromisoformat(created),
        started_at=None if started is None else datetime.fromisoformat(started),
        ended_at=None if ended is None else datetime.fromisoformat(ended),
        exit_code=code,
        problem=problem,
        schedule=schedule,
        stopping=bool(stop),
    )


def no_such(what: str, ident: str) -> NoSuchJobError:
    """Return the refusal of a name that nothing has."""
    return NoSuchJobError(f"there is no {what} {ident[:80]!r}", where="jobs", remedy="`jutsu jobs list`")
