"""Who computes the chunks of a study: threads, because the compiled loop releases the interpreter lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final, Protocol

from backtest.core.bars import FloatArray
from backtest.core.errors import JutsuError

#: how often a chunk is tried before it is cut in two, and a single set before it is given up
ATTEMPTS: Final = 3


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


Compute = Callable[[Chunk], FloatArray]
Outcomes = Generator[Done | Failed, None, None]


class Engine(Protocol):
    """Computes chunks in any order."""

    def run(self, compute: Compute, chunks: Iterable[Chunk], timeout: float | None) -> Outcomes:
        """Yield the outcome of every chunk once; closing the iterator lets running chunks end and stops."""
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
    half = chunk.count // 2
    parts = (Chunk(chunk.first, half), Chunk(chunk.first + half, chunk.count - half))
    return [outcome for part in parts for outcome in _outcomes(compute, part, timeout)]
