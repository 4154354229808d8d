"""`jutsu schedule run`: one process that starts the programs, for a container without cron or systemd.

It sleeps to the next start of the list, at most half a minute at a time, so that a machine that slept or had
its clock set is noticed. Programs are children: a slow one never delays the next.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from filelock import FileLock, Timeout

from backtest.core.errors import LimitError
from backtest.core.files import read_regular, write_atomic
from live.operations.next_starts import NextStart
from live.operations.schedule import STAGES
from live.system.clock import Clock
from live.system.lock import lock_refused

LOG = logging.getLogger("jutsu.schedule")

LONGEST_SLEEP: Final = 30.0
#: a stage that is later than this is not started: its window may be over, and the next program says so
STAGE_LATE: Final = timedelta(minutes=2)
HEARTBEAT: Final = "schedule_heartbeat.json"
#: a heartbeat older than this means that the loop is dead
ALIVE: Final = timedelta(minutes=2)
LOCK: Final = "schedule.lock"


class Child(Protocol):
    """A program that was started."""

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        ...

    def wait(self) -> int:
        """Return its exit code when it ended."""
        ...


@dataclass(slots=True)
class StartLoop:
    """Starts programs at their time.

    Attributes:
        clock: time and sleep.
        coming: the starts after an instant, in order.
        start: starts the program of a command. OSError: it cannot.
        state: folder of the heartbeat.
        stopped: asked before each sleep.
        say: prints a line.
        running: the programs that have not ended, by command.
    """

    clock: Clock
    coming: Callable[[datetime], Iterator[NextStart]]
    start: Callable[[str], Child]
    state: Path
    stopped: Callable[[], bool]
    say: Callable[[str], None]
    running: dict[str, Child] = field(default_factory=dict)

    def run(self) -> None:
        """Start what is due until `stopped`; then wait for the programs that run."""
        last = self.clock.now()
        while not self.stopped():
            starts = self.coming(last)
            now = self.clock.now()
            upcoming, due = next(starts), dict[str, NextStart]()
            while upcoming.at <= now:
                due[upcoming.command] = upcoming  # after a sleep of the machine: each program once
                upcoming = next(starts)
            for start in due.values():
                self._start(start, now)
            last = max(last, now)  # a clock that was set back starts nothing twice
            self._reap()
            self._beat(now, upcoming)
            self.clock.sleep(min(LONGEST_SLEEP, max(0.0, (upcoming.at - now).total_seconds())))
        for command, child in self.running.items():
            self._ended(command, child.wait())

    def _start(self, due: NextStart, now: datetime) -> None:
        command = due.command
        self._reap()
        if command in self.running:
            self.say(f"{command}: the one before still runs, not started again")
        elif command in STAGES and now - due.at > STAGE_LATE:
            self.say(f"{command}: {(now - due.at).total_seconds() / 60:.0f} min late, not started")
        else:
            try:
                self.running[command] = self.start(command)
            except OSError as error:
                self.say(f"{command}: cannot be started: {error.strerror}")
            else:
                self.say(f"{command}: started")

    def _reap(self) -> None:
        for command, child in list(self.running.items()):
            code = child.poll()
            if code is not None:
                del self.running[command]
                self._ended(command, code)

    def _ended(self, command: str, code: int) -> None:
        if code:
            self.say(f"{command}: exit {code}")

    def _beat(self, now: datetime, upcoming: NextStart) -> None:
        beat = {
            "at": now.isoformat(timespec="seconds"),
            "pid": os.getpid(),
            "next": {"at": upcoming.at.isoformat(timespec="seconds"), "command": upcoming.command},
            "running": sorted(self.running),
        }
        try:
            write_atomic(self.state / HEARTBEAT, json.dumps(beat).encode(), durable=False)
        except OSError as error:  # a full disk stops no start
            LOG.warning("the heartbeat cannot be written: %s", error)


@contextmanager
def one_loop(state: Path) -> Iterator[None]:
    """Hold the lock of the loop. LimitError: another loop of this project runs, or it cannot be taken."""
    path = state / LOCK
    lock = FileLock(path)
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LimitError(
            "another `jutsu schedule run` of this project is at work", where=str(path), remedy="one is enough"
        ) from error
    except OSError as error:
        raise lock_refused(path, error) from error
    try:
        yield
    finally:
        (state / HEARTBEAT).unlink(missing_ok=True)
        lock.release()


def alive(state: Path, now: datetime) -> bool:
    """Tell whether the loop of this project gave a sign of life just now."""
    try:
        at = datetime.fromisoformat(json.loads(read_regular(state / HEARTBEAT))["at"])
        return abs(now - at) <= ALIVE
    except (OSError, ValueError, KeyError, TypeError):
        return False
