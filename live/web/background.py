"""The thread of the web process that runs jobs, and what of them the routes use."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from typing import Final

from backtest.core.errors import JutsuError
from live.jobs.model import Job
from live.jobs.project import JobsProject
from live.jobs.runner import Capacity, Runner
from live.jobs.schedules import Schedules
from live.jobs.store import NAME, JobStore

LOG = logging.getLogger("jutsu.web")
#: seconds between two looks: while a child runs, while none does, while another program runs the jobs
_BUSY, _IDLE, _ELSEWHERE = 0.25, 1.0, 5.0
_ENDS_WITHIN: Final = 10.0


class Jobs:
    """The jobs of the project, run in a thread.

    Args:
        project: whose jobs.
        tell: called with every job that changed, from that thread.
        capacity: how many run at once, shared with other projects of this process.

    Attributes:
        count: changes seen so far.
    """

    def __init__(
        self,
        project: JobsProject,
        tell: Callable[[Job], None] = lambda _: None,
        capacity: Capacity | None = None,
    ) -> None:
        self.project = project
        self.store = JobStore(project.state / NAME)
        self.schedules = Schedules(self.store)
        self.count = 0
        self._tell = tell
        self._runner = Runner(project, self.store, self._changed, capacity)
        self._ended, self._woken = threading.Event(), threading.Event()
        self._begun = False
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to run what waits, unless another program does."""
        self._begun = self._runner.begin()
        self._thread.start()

    def wake(self) -> None:
        """Look at once: something was asked for."""
        self.count += 1
        self._woken.set()

    def stop(self) -> None:
        """End the thread and every child of it."""
        self._ended.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(_ENDS_WITHIN)
        self.store.close()

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                self._woken.wait(self._look())
                self._woken.clear()
        finally:
            if self._begun:
                self._runner.stop()

    def _look(self) -> float:
        """Look once and return the seconds until the next time."""
        try:
            self._begun = self._begun or self._runner.begin()
            if not self._begun:
                return _ELSEWHERE
            self._runner.tick()
        except (JutsuError, sqlite3.Error, OSError) as error:
            # a full disk, a locked file, a job that was forgotten as it ended: the next look may do
            LOG.warning("jobs: %s", error)
        return _BUSY if self._runner.busy else _IDLE

    def _changed(self, ident: str) -> None:
        self.count += 1
        self._tell(self.store.get(ident))
