"""Does the database hold what the code computes? Every chunk again, byte by byte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backtest.research.adaptive import recall_row
from backtest.research.database import Database, StudyRow
from backtest.research.rule_sets import Trial, tried
from backtest.research.study import Study


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.

    Attributes:
        chunks, sets: looked at.
        damaged: first set of each chunk whose bytes do not have their digest.
        different: first set of each chunk that is computed differently now.
        sha256: digest over the statistics of all sets in order, whatever chunks they were stored in.
    """

    chunks: int
    sets: int
    damaged: tuple[int, ...]
    different: tuple[int, ...]
    sha256: str


def verify(
    study: Study, row: StudyRow, trial: Trial, database: Database, tell: Callable[[int, int], None]
) -> Verification:
    """Compute every stored chunk again.

    Args:
        study: as the database knows it.
        row: of the database.
        trial: computes sets.
        database: with the chunks.
        tell: is told how many sets of how many are done.
    """
    import hashlib

    damaged, different = [], []
    whole = hashlib.sha256()
    chunks, done = 0, 0
    recall_row(study, row, database)
    total = database.progress(row.id).stored
    for first, stored, intact in database.chunks(row.id):
        columns = study.sets(first, len(stored))
        again = tried(trial, study.space, columns, len(stored))
        if not intact:
            damaged.append(first)
        elif not np.array_equal(again.view(np.uint64), np.ascontiguousarray(stored).view(np.uint64)):
            different.append(first)
        whole.update(stored.tobytes())
        chunks, done = chunks + 1, done + len(stored)
        tell(done, total)
    return Verification(chunks, done, tuple(damaged), tuple(different), whole.hexdigest())
