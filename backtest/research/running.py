"""Running a study: what is missing is computed, each chunk is stored as it comes, and the rest can wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from backtest.core.bars import FloatArray
from backtest.research import adaptive
from backtest.research.database import Database, StudyRow
from backtest.research.engine import Chunk, Done, Engine, Outcomes, Work
from backtest.research.rule_sets import Task, Trial, rule_set, solved, task_of
from backtest.research.search import ADAPTIVE
from backtest.research.study import Study

#: sets in a chunk: about a tenth of a second to half a second of work
CHUNK: Final = 4_000
#: a small study is cut into at least so many chunks, so that several workers share it
_LEAST_CHUNKS: Final = 16
_SMALLEST: Final = 64
#: sets of a chunk in a batch of an adaptive search
_PIECE: Final = 16
#: and where Python tries them: up to a second of work
_PYTHON_CHUNK: Final = 8


@dataclass(frozen=True, slots=True)
class Step:
    """How far a run is.

    Attributes:
        stored, total: sets with figures (or known to be broken), and asked for.
        computed: sets computed by this run.
        seconds: of this run.
        best: best value of the first objective so far, None before the first.
        failed: sets that failed in this run.
    """

    stored: int
    total: int
    computed: int
    seconds: float
    best: float | None
    failed: int

    @property
    def rate(self) -> float:
        """Sets a second of this run."""
        return self.computed / self.seconds if self.seconds > 0 else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds to the end at this rate, None before anything was computed."""
        return (self.total - self.stored) / self.rate if self.rate > 0 else None


Report = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What may end a run early: seconds for all, seconds for one chunk; None for no limit."""

    deadline: float | None = None
    task_timeout: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SetsWork:
    """Chunks of the sets of a study."""

    study: Study
    trial: Trial

    def task(self, chunk: Chunk) -> Task:
        """See `Work`."""
        return task_of(self.study.space, self.study.sets(chunk.first, chunk.count), chunk.count)

    def __call__(self, chunk: Chunk) -> FloatArray:
        """See `Work`."""
        return solved(self.trial, self.task(chunk))


def chunks(missing: Iterator[tuple[int, int]], size: int) -> Iterator[Chunk]:
    """Cut missing ranges into chunks."""
    for first, count in missing:
        for at in range(first, first + count, size):
            yield Chunk(at, min(size, first + count - at))


def chunk_size(total: int) -> int:
    """Return how many sets a chunk of a study of this size has; it does not depend on the workers."""
    return max(_SMALLEST, min(CHUNK, -(-total // _LEAST_CHUNKS)))


def chunk_of(study: Study) -> int:
    """Return how many sets a chunk of a study has: few where Python tries them."""
    whole = chunk_size(study.total)
    return whole if rule_set(study.strategy).compiled else min(whole, _PYTHON_CHUNK)


def run_study(
    study: Study,
    row: StudyRow,
    trial: Trial,
    database: Database,
    engine: Engine,
    report: Report,
    limits: Limits,
) -> Step:
    """Compute and store every set that is missing; return how far the study is.

    Args:
        study: what to compute.
        row: what the database knows of it.
        trial: computes sets.
        database: receives each chunk in one transaction, as soon as it is there.
        engine: who computes.
        report: is called after every chunk.
        limits: after the deadline no further chunk is begun.
    """
    begin = time.monotonic()
    total = study.total
    adaptive.recall_row(study, row, database)
    missing = list(database.missing(row.id, total))
    stored = total - sum(count for _, count in missing)
    best = _best(study, trial, database.statistics(row.id, total)) if stored else None
    step = Step(stored, total, 0, 0.0, best, 0)
    report(step)

    outcomes = _outcomes(study, row, database, engine, SetsWork(study, trial), limits.task_timeout)
    with closing(outcomes):
        for outcome in outcomes:
            count = outcome.chunk.count
            if isinstance(outcome, Done):
                database.store(row.id, outcome.chunk.first, outcome.statistics)
                found = _best(study, trial, outcome.statistics)
                step = replace(
                    step,
                    stored=step.stored + count,
                    computed=step.computed + count,
                    best=_better(study, step.best, found),
                )
            else:
                database.fail(row.id, outcome.chunk.first, count, outcome.attempts, outcome.reason)
                step = replace(step, failed=step.failed + count)
            seconds = time.monotonic() - begin
            step = replace(step, seconds=seconds)
            report(step)
            if limits.deadline is not None and seconds >= limits.deadline:
                break
    return step


def _outcomes(
    study: Study,
    row: StudyRow,
    database: Database,
    engine: Engine,
    compute: Work,
    timeout: float | None,
) -> Outcomes:
    """Yield the outcome of every missing chunk; those of an adaptive search batch by batch.

    A batch with a set that failed is the last one: the next batch depends on it.
    """
    if study.method not in ADAPTIVE:
        missing = database.missing(row.id, study.total)
        yield from engine.run(compute, chunks(missing, chunk_of(study)), timeout)
        return
    for first, count in adaptive.batches(study.method, study.total):
        missing = iter([(a, b) for a, b in database.missing(row.id, first + count) if a >= first])
        adaptive.recall_row(study, row, database)
        failed = False
        for outcome in engine.run(compute, chunks(missing, _PIECE), timeout):
            failed = failed or not isinstance(outcome, Done)
            yield outcome
        if failed:
            return


def _best(study: Study, trial: Trial, statistics: FloatArray) -> float | None:
    objective = study.objectives[0]
    values = trial.figures(statistics)[objective.figure]
    if not np.isfinite(values).any():
        return None
    return float(np.nanmax(values) if objective.maximise else np.nanmin(values))


def _better(study: Study, one: float | None, other: float | None) -> float | None:
    known = [value for value in (one, other) if value is not None]
    if not known:
        return None
    return max(known) if study.objectives[0].maximise else min(known)
