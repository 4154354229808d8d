"""Runs the waiting jobs of a project, one program at a time: the dashboard, or `jutsu jobs run-due`.

`tick` is called again and again: it looks at the children, asks for what is due by schedule, and starts what
waits. None starts near an execution window; one that runs goes on. The children end with this process.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from backtest.core.errors import JutsuError
from backtest.core.files import LARGE, read_regular, write_atomic
from live.jobs.child import LOG as CHILD_LOG
from live.jobs.child import PROGRESS, REQUEST
from live.jobs.schedules import Schedules
from live.jobs.tidy import tidy
from live.operations.quiet_times import quiet_for_books
from live.settings.secrets import without_secrets
from live.system.redaction import redact

if TYPE_CHECKING:
    from live.jobs.model import Job
    from live.jobs.project import JobsProject
    from live.jobs.store import JobStore

LOG = logging.getLogger("jutsu.jobs")
LOCK: Final = "jobs.lock"
#: nothing begins from so long before an execution window until its end
BEFORE_WINDOW: Final = timedelta(minutes=10)
#: seconds a child has to end before it is killed
PATIENCE: Final = 5.0
_LONGEST_LINE: Final = 500
_TIDY_EVERY: Final = timedelta(hours=1)


@dataclass(slots=True)
class _Running:
    """A child, and when it was asked to end (seconds of the monotonic clock)."""

    process: subprocess.Popen[bytes]
    asked_at: float | None = None


class Capacity:
    """How many children may run at once in this process: all processors but one, at least one.

    Args:
        most: another number.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most or max(1, (os.cpu_count() or 2) - 1)
        self._children: list[Sized] = []
        self.starting = threading.Lock()

    def share(self, children: Sized) -> None:
        """Count the children of one more runner; whoever starts one holds `starting`."""
        self._children.append(children)

    def free(self) -> bool:
        """Whether one more may run."""
        return sum(len(one) for one in self._children) < self._most


class Runner:
    """Runs jobs.

    Args:
        project: whose jobs.
        store: where they are kept.
        changed: told the name of every job that changed.
        capacity: how many run at once; None: one of its own.
    """

    def __init__(
        self,
        project: JobsProject,
        store: JobStore,
        changed: Callable[[str], None] = lambda _: None,
        capacity: Capacity | None = None,
    ) -> None:
        self._project, self._store, self._changed = project, store, changed
        self._capacity = capacity or Capacity()
        self._schedules = Schedules(store)
        self._tidied: datetime | None = None
        self._running: dict[str, _Running] = {}
        self._capacity.share(self._running)
        self._lock = FileLock(project.state / LOCK)

    @property
    def busy(self) -> bool:
        """Whether a child of ours runs."""
        return bool(self._running)

    def begin(self) -> bool:
        """Become the program that runs jobs; return False while another one is.

        Jobs that say that they run belong to a program that has ended: they are interrupted.
        """
        try:
            self._lock.acquire(timeout=0)
        except (Timeout, OSError):
            return False
        self._store.interrupt_running(self._project.clock.now())
        return True

    def tick(self) -> None:
        """Look after the children once, and start what waits."""
        now = self._project.clock.now()
        for ident in tuple(self._running):
            self._look_at(ident, now)
        if self._tidied is None or now - self._tidied > _TIDY_EVERY:
            self._tidied = now
            tidy(self._project, self._store, now)
        for job in self._schedules.ask_for_due(now):
            self._changed(job.id)
        with self._capacity.starting:
            for job in self._startable(now):
                self._start(job, now)

    def stop(self) -> None:
        """End every child; their jobs are interrupted and can be resumed, those that were done are done.

        What cannot be written is found out by the next program that runs jobs: they say that they run.
        """
        for child in self._running.values():
            _tell(child, signal.SIGTERM)
        try:
            for ident in tuple(self._running):
                self._wait_for(ident)
        finally:
            self._lock.release()

    def _wait_for(self, ident: str) -> None:
        child = self._running.pop(ident)
        try:
            child.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            _tell(child, signal.SIGKILL)
            child.process.wait()
        _close(child)
        now = self._project.clock.now()
        with contextlib.suppress(sqlite3.Error):
            if child.process.returncode == 0:
                self._store.finish(ident, "done", at=now, exit_code=0)
            else:
                problem = "the program that ran it ended"
                self._store.finish(ident, "interrupted", at=now, problem=problem)

    def _startable(self, now: datetime) -> Iterator[Job]:
        waiting = any(job.state == "queued" for job in self._store.active())
        if not waiting or self._near_a_window(now):
            return
        while self._capacity.free():
            job = self._store.take(now)
            if job is None:
                return
            yield job

    def _near_a_window(self, now: datetime) -> bool:
        """Whether nothing may begin; settings that cannot be read may hide a window."""
        try:
            return quiet_for_books(self._project.source.load(now), now, BEFORE_WINDOW) is not None
        except JutsuError as error:
            LOG.warning("no job starts: %s", error.line())
            return True

    def _start(self, job: Job, now: datetime) -> None:
        source, folder = self._project.source, self._project.folder(job.id)
        document = {
            "kind": job.kind,
            "request": job.request,
            "config": None if source.config is None else str(source.config.absolute()),
            "state_db": None if source.state_db is None else str(source.state_db.absolute()),
            "account": source.account,
            "at": now.isoformat(),
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / PROGRESS).unlink(missing_ok=True)
            write_atomic(folder / REQUEST, json.dumps(document, indent=2).encode())
            with (folder / CHILD_LOG).open("wb") as log:
                process = subprocess.Popen(  # noqa: S603 - our own program
                    [sys.executable, "-P", "-m", "live.jobs.child", str(folder)],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self._project.root,
                    env=without_secrets({**os.environ, **source.environ}) | {"OMP_NUM_THREADS": "1"},
                    start_new_session=True,
                )
        except OSError as error:
            self._store.finish(job.id, "failed", at=now, problem=f"cannot be started: {error.strerror}")
        else:
            self._running[job.id] = _Running(process)
        self._changed(job.id)

    def _look_at(self, ident: str, now: datetime) -> None:
        child = self._running[ident]
        code, job = child.process.poll(), self._store.get(ident)
        if code is not None:
            self._ended(job, code, now)
            return
        if job.stopping:
            self._end(child)
        done = self._progress(ident)
        if done > job.progress:
            self._store.progress(ident, done)
            self._changed(ident)

    def _ended(self, job: Job, code: int, now: datetime) -> None:
        """Keep how a job ended; its child is known until that is written."""
        if code == 0:
            self._store.finish(job.id, "done", at=now, exit_code=0)
        elif job.stopping:
            self._store.finish(job.id, "cancelled", at=now)
        else:
            known = code if code > 0 else None
            problem = self._last_line(job.id) or f"ended by signal {-code}"
            self._store.finish(job.id, "failed", at=now, exit_code=known, problem=problem)
        _close(self._running.pop(job.id))
        self._changed(job.id)

    @staticmethod
    def _end(child: _Running) -> None:
        """Ask a child to end, kill it when it does not."""
        if child.asked_at is None:
            child.asked_at = time.monotonic()
            _tell(child, signal.SIGTERM)
        elif time.monotonic() - child.asked_at > PATIENCE:
            _tell(child, signal.SIGKILL)

    def _progress(self, ident: str) -> float:
        try:
            return float(read_regular(self._project.folder(ident) / PROGRESS))
        except (OSError, ValueError):
            return 0.0

    def _last_line(self, ident: str) -> str:
        try:
            text = read_regular(self._project.folder(ident) / CHILD_LOG, LARGE).decode(errors="replace")
        except OSError:
            return ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return redact(lines[-1][:_LONGEST_LINE]) if lines else ""


def _tell(child: _Running, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, number)


def _close(child: _Running) -> None:
    if child.process.stdin is not None:
        child.process.stdin.close()
