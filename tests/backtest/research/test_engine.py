"""The engine: every chunk has one outcome, a poisoned set is found alone, and closing it stops."""

import threading
import time

import numpy as np
import pytest

from backtest.core.bars import FloatArray
from backtest.research.engine import ATTEMPTS, Chunk, Done, Failed, Threads

CHUNKS = [Chunk(first, 10) for first in range(0, 100, 10)]


def numbered(chunk: Chunk) -> FloatArray:
    return np.arange(chunk.first, chunk.first + chunk.count, dtype=float)[:, None]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_every_set_is_computed_once(workers: int) -> None:
    found = [o for o in Threads(workers).run(numbered, CHUNKS, None) if isinstance(o, Done)]
    assert sorted(int(v) for o in found for v in o.statistics[:, 0]) == list(range(100))


def test_a_poisoned_set_fails_alone_after_its_attempts() -> None:
    tries: list[Chunk] = []

    def poisoned(chunk: Chunk) -> FloatArray:
        if chunk.first <= 37 < chunk.first + chunk.count:
            tries.append(chunk)
            raise ValueError("set 37")
        return numbered(chunk)

    outcomes = list(Threads(2).run(poisoned, CHUNKS, None))
    failed = [o for o in outcomes if isinstance(o, Failed)]
    assert failed == [Failed(Chunk(37, 1), ATTEMPTS, "ValueError: set 37")]
    assert sum(o.chunk.count for o in outcomes if isinstance(o, Done)) == 99
    assert tries.count(Chunk(37, 1)) == ATTEMPTS


def test_a_fault_that_passes_is_tried_again() -> None:
    left = [2]

    def flaky(chunk: Chunk) -> FloatArray:
        if left[0]:
            left[0] -= 1
            raise MemoryError
        return numbered(chunk)

    assert [type(o) for o in Threads(1).run(flaky, CHUNKS[:1], None)] == [Done]


def test_a_chunk_over_its_time_counts_as_failed() -> None:
    def slow(chunk: Chunk) -> FloatArray:
        time.sleep(0.03)
        return numbered(chunk)

    (outcome,) = Threads(1).run(slow, CHUNKS[:1], 0.01)
    assert isinstance(outcome, Failed)
    assert "more than 0.01 s" in outcome.reason


def test_closing_lets_running_chunks_end_and_begins_no_other() -> None:
    begun: list[int] = []
    lock = threading.Lock()

    def noted(chunk: Chunk) -> FloatArray:
        with lock:
            begun.append(chunk.first)
        return numbered(chunk)

    outcomes = Threads(1).run(noted, (Chunk(k, 1) for k in range(10_000)), None)
    next(outcomes)
    outcomes.close()
    count = len(begun)
    time.sleep(0.02)
    assert count == len(begun) < 100
