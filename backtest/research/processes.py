"""Chunks computed by processes: for rules in Python, which hold the interpreter's lock, and to end one late.

Each process is sent the trial once, then one chunk after another. One that dies, or is ended because its
chunk took too long, is replaced; its chunk is tried again, cut in two, and given up when a single set fails.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from backtest.core.bars import FloatArray
from backtest.core.errors import JutsuError
from backtest.research.engine import ATTEMPTS, Chunk, Done, Failed, Outcomes, Work, halves
from backtest.research.rule_sets import Task, solved

_SPAWN: Final = multiprocessing.get_context("spawn")
#: seconds that a process has to end by itself
_PATIENCE: Final = 2.0


@dataclass(slots=True, eq=False)
class _Member:
    """One process and what it works on."""

    process: SpawnProcess
    connection: Connection
    trial: int = 0
    chunk: Chunk | None = None
    attempt: int = 0
    late: float | None = None


@dataclass(slots=True, eq=False)
class Processes:
    """Processes that begin with the first chunk and stay until `close`.

    Attributes:
        workers: how many.
    """

    workers: int
    _members: list[_Member] = field(default_factory=list)
    _sent: tuple[int, bytes] = (0, b"")
    _trial: Any = None

    def run(self, compute: Work, chunks: Iterable[Chunk], timeout: float | None) -> Outcomes:
        """See `Engine`. Only the trial and the sets of a chunk go to a process, so both can be pickled."""
        self._prepare(compute.trial)
        waiting, fresh = deque[tuple[Chunk, int]](), iter(chunks)
        try:
            while True:
                self._feed(compute, waiting, fresh)
                busy = [member for member in self._members if member.chunk is not None]
                if not busy:
                    return
                for member in self._ready(busy):
                    yield from self._answer(member, waiting, timeout)
        finally:
            self._abandon()

    def close(self) -> None:
        """End every process."""
        for member in self._members:
            _end(member)
        self._members.clear()

    def _prepare(self, trial: Any) -> None:
        if trial is not self._trial:
            self._trial = trial
            self._sent = (self._sent[0] + 1, pickle.dumps(trial, protocol=pickle.HIGHEST_PROTOCOL))
        while len(self._members) < self.workers:
            self._members.append(_start())

    def _feed(self, compute: Work, waiting: deque[tuple[Chunk, int]], fresh: Iterator[Chunk]) -> None:
        """Give every idle process its next chunk: those that failed before first."""
        for member in self._members:
            if member.chunk is not None:
                continue
            chunk, attempt = waiting.popleft() if waiting else (next(fresh, None), 1)
            if chunk is None:
                return
            member.chunk, member.attempt = chunk, attempt
            member.late = None
            number, trial = self._sent
            try:
                if member.trial != number:
                    member.connection.send_bytes(trial)
                    member.trial = number
                member.connection.send(compute.task(chunk))
            except OSError:  # it died before: the answer that never comes tells
                member.late = time.monotonic()

    def _ready(self, busy: list[_Member]) -> list[_Member]:
        """Return the processes that answered, died or are late; waits for one."""
        ends = [member.late for member in busy if member.late is not None]
        left = max(0.0, min(ends) - time.monotonic()) if ends else None
        answered = wait([member.connection for member in busy], left)
        now = time.monotonic()
        return [
            member
            for member in busy
            if member.connection in answered or (member.late is not None and member.late <= now)
        ]

    def _answer(
        self, member: _Member, waiting: deque[tuple[Chunk, int]], timeout: float | None
    ) -> Iterator[Done | Failed]:
        chunk, attempt = member.chunk, member.attempt
        assert chunk is not None
        reason = self._received(member)
        if reason is None:  # it begins only now: starting a process is no time of a chunk
            member.late = None if timeout is None else time.monotonic() + timeout
            return
        member.chunk = None
        if not isinstance(reason, str):
            yield Done(chunk, reason)
        elif attempt < ATTEMPTS:
            waiting.append((chunk, attempt + 1))
        elif chunk.count > 1:
            waiting.extend((half, 1) for half in halves(chunk))
        else:
            yield Failed(chunk, attempt, reason)

    def _received(self, member: _Member) -> FloatArray | str | None:
        """Return the statistics, or why there are none; None when a chunk is only begun.

        A process that died or is late is replaced.
        """
        try:
            if member.connection.poll():
                found: FloatArray | str | None = member.connection.recv()
                return found
            reason = "took too long and was ended"
        except (EOFError, OSError):
            reason = "its process died"
        _end(member)
        self._members[self._members.index(member)] = _start()
        return reason

    def _abandon(self) -> None:
        """End the processes that are still at work: nobody waits for their answers."""
        for member in [member for member in self._members if member.chunk is not None]:
            _end(member)
            self._members.remove(member)


def _start() -> _Member:
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    return _Member(process, ours)


def _end(member: _Member) -> None:
    member.connection.close()
    member.process.kill()
    member.process.join(_PATIENCE)


def serve(connection: Connection) -> None:
    """Compute chunks until the other side is gone: bytes are a new trial, anything else a task.

    Answers None when it begins, then statistics, or a text that says why there are none. Ctrl-C is the
    business of the other side.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    trial: Any = None
    with contextlib.suppress(EOFError, OSError):  # the other side is gone, perhaps killed
        while True:
            loaded = pickle.loads(connection.recv_bytes())  # noqa: S301 - from the process that started this one
            if not isinstance(loaded, tuple):
                trial = loaded
                continue
            connection.send(None)
            connection.send(_answered(trial, loaded))


def _answered(trial: Any, task: Task) -> FloatArray | str:
    try:
        return solved(trial, task)
    except (JutsuError, ArithmeticError, LookupError, MemoryError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
