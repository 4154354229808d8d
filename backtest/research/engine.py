"""Who computes the chunks of a study: threads for the compiled loop, which releases the interpreter lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final, Protocol

from backtest.core.bars import FloatArray
from backtest.core.errors import JutsuError
from backtest.research.rule_sets import Task, Trial

#: how often a chunk is tried before it is cut in two, and a single set before it is given up
ATTEMPTS: Final = 3
#: names of the engines, the usual one first
ENGINES: Final = ("threads", "processes")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive sets of a study."""

    first: int
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """A chunk with its statistics, shape (count, STATISTICS)."""

    chunk: Chunk
    statistics: FloatArray


@dataclass(frozen=True, slots=True)
class Failed:
    """A chunk that could not be computed, and why."""

    chunk: Chunk
    attempts: int
    reason: str


class Work(Protocol):
    """Computes a chunk here, or says what another process needs for it."""

    @property
    def trial(self) -> Trial:
        """What computes sets; the same for every chunk."""
        ...

    def task(self, chunk: Chunk) -> Task:
        """Return what `rule_sets.solved` needs beside the trial."""
        ...

    def __call__(self, chunk: Chunk) -> FloatArray:
        """Return the statistics of a chunk."""
        ...


Compute = Callable[[Chunk], FloatArray]
Outcomes = Generator[Done | Failed, None, None]


class Engine(Protocol):
    """Computes chunks in any order."""

    def run(self, compute: Work, chunks: Iterable[Chunk], timeout: float | None) -> Outcomes:
        """Yield the outcome of every chunk once; closing the iterator stops: nothing more is begun."""
        ...

    def close(self) -> None:
        """End whatever it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Threads:
    """Threads of this process.

    A chunk that fails is tried again, then cut in two until the set that fails is alone. A thread cannot be
    ended from outside: a chunk over its time is found when it ends, and counts as failed.
    """

    workers: int

    def run(self, compute: Compute, chunks: Iterable[Chunk], timeout: float | None) -> Outcomes:
        """See `Engine`."""
        waiting = iter(chunks)
        pool = ThreadPoolExecutor(self.workers)
        running: set[Future[list[Done | Failed]]] = set()
        try:
            while True:
                for chunk in waiting:
                    running.add(pool.submit(_outcomes, compute, chunk, timeout))
                    if len(running) >= 2 * self.workers:  # never more in memory than are worked on soon
                        break
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from future.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def close(self) -> None:
        """Do nothing: threads end with each run."""


def _outcomes(compute: Compute, chunk: Chunk, timeout: float | None) -> list[Done | Failed]:
    reason = ""
    for _ in range(ATTEMPTS):
        begin = time.monotonic()
        try:
            statistics = compute(chunk)
        except (JutsuError, ArithmeticError, LookupError, MemoryError, TypeError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"
            continue
        seconds = time.monotonic() - begin
        if timeout is None or seconds <= timeout:
            return [Done(chunk, statistics)]
        return [Failed(chunk, 1, f"took {seconds:.1f} s, more than {timeout:g} s")]
    if chunk.count == 1:
        return [Failed(chunk, ATTEMPTS, reason)]
    return [outcome for part in halves(chunk) for outcome in _outcomes(compute, part, timeout)]


def halves(chunk: Chunk) -> tuple[Chunk, Chunk]:
    """Return both parts of a chunk of at least two sets."""
    half = chunk.count // 2
    return Chunk(chunk.first, half), Chunk(chunk.first + half, chunk.count - half)
