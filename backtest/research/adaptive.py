"""Searches whose next sets depend on how earlier ones did, batch after batch.

Batch b is drawn from the seed, its number and the figures of all earlier sets. So a study that was stopped
replays its stored figures and goes on with the very sets it would have tried.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.research import nsga2, tpe
from backtest.research.database import Database, StudyRow
from backtest.research.figures import FIGURES, Figures
from backtest.research.memory import Memory
from backtest.research.rule_sets import figures_of
from backtest.research.search import ADAPTIVE, NSGA2, TPE, uniform
from backtest.research.space import Columns, Space, joined
from backtest.research.study import Study

_BATCH: Final = {NSGA2: nsga2.POPULATION, TPE: tpe.BATCH}
#: draws of a batch before sets that are not valid, or known, are taken all the same
_ROUNDS: Final = 20


def batches(method: str, total: int) -> list[tuple[int, int]]:
    """Return first set and size of every batch of a search of `total` sets."""
    size = _BATCH[method]
    return [(first, min(size, total - first)) for first in range(0, total, size)]


def recall_row(study: Study, row: StudyRow, database: Database) -> None:
    """Draw again what a study has drawn so far, from the figures that are stored."""
    if study.method in ADAPTIVE:
        total = max(study.total, row.total)
        figures = figures_of(database.statistics(row.id, total), int(row.document["sessions"]))
        recall(study, figures, next((first for first, _ in database.missing(row.id, total)), total))


def recall(study: Study, figures: Figures, known: int) -> None:
    """Draw every batch whose earlier sets are all known; a search that is not adaptive has nothing to draw.

    Args:
        study: its memory receives them.
        figures: of its sets, shape (sets,) each.
        known: so many sets from the first on are computed.
    """
    if study.method not in ADAPTIVE:
        return
    for first, _ in batches(study.method, len(figures[FIGURES[0]])):
        if len(study.memory) > first:
            continue
        if known < first:
            return
        scores, violations = _judged(study, figures, first)
        draw_batch(study.memory, study.space, study.method, study.seed, scores, violations)


def _judged(study: Study, figures: Figures, count: int) -> tuple[FloatArray, FloatArray]:
    """Return scores and requirements missed of the first sets; without figures it is one more than all."""
    scores = np.column_stack([objective.score(figures)[:count] for objective in study.objectives])
    violations: FloatArray = np.zeros(len(figures[FIGURES[0]]))
    for condition in study.require:
        violations += ~condition.holds(figures, len(violations))
    violations[~np.isfinite(figures[FIGURES[0]])] = len(study.require) + 1
    return scores, violations[:count]


def draw_batch(
    memory: Memory,
    space: Space,
    method: str,
    seed: int,
    scores: FloatArray,
    violations: FloatArray,
) -> None:
    """Add the next batch, always a whole one, to a memory.

    Args:
        memory: with every earlier batch.
        space: where to search.
        method: NSGA2 or TPE.
        seed: of the study.
        scores: of the earlier sets, shape (len(memory), objectives), more being better, -inf without figures.
        violations: how many requirements each of them misses.
    """
    count = _BATCH[method]
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(len(memory) // count,)))
    order = _order(memory, method, scores, violations)
    wanted: list[FloatArray] = []
    for turn in range(_ROUNDS):
        missing = count - sum(len(part) for part in wanted)
        if not missing:
            break
        genes = _proposed(memory, space, method, seed, order, max(missing, 2), random, turn)
        last = turn == _ROUNDS - 1
        wanted.append(genes[_new(memory, space, genes, all_of_them=last)][:missing])
    genes = np.concatenate(wanted)
    columns = decoded(space, genes)
    memory.columns = joined([memory.columns, columns]) if len(memory) else columns
    memory.genes = np.concatenate([memory.genes, genes]) if len(memory) else genes


def decoded(space: Space, genes: FloatArray) -> Columns:
    """Return what genes, shape (sets, axes), stand for."""
    return {axis.name: axis.drawn(genes[:, k]) for k, axis in enumerate(space.axes)}


def _proposed(
    memory: Memory,
    space: Space,
    method: str,
    seed: int,
    order: NDArray[np.int64],
    count: int,
    random: np.random.Generator,
    turn: int,
) -> FloatArray:
    """Return genes to try, shape (count, axes)."""
    if not len(memory):
        size = _BATCH[method]
        return np.column_stack([uniform(seed, axis, turn * size, count) for axis in range(len(space.axes))])
    if method == NSGA2:
        return nsga2.offspring(memory.genes[order], count, random)
    return tpe.proposals(memory.genes, order, count, random)


def _order(memory: Memory, method: str, scores: FloatArray, violations: FloatArray) -> NDArray[np.int64]:
    """Return the rows that the next batch comes from, best first."""
    if not len(memory):
        return memory.parents
    if method == TPE:  # as a study ranks: requirements, then one objective after the other
        found: NDArray[np.int64] = np.lexsort((*(-column for column in scores.T[::-1]), violations))
        return found
    size = _BATCH[method]
    rows = np.concatenate([memory.parents, np.arange(len(memory) - size, len(memory))])
    memory.parents = rows[nsga2.survivors(scores[rows], violations[rows], size)]
    return memory.parents


def _new(memory: Memory, space: Space, genes: FloatArray, *, all_of_them: bool) -> NDArray[np.int64]:
    """Return the rows of valid sets that nobody drew before, and note them; the last time every row."""
    columns = decoded(space, genes)
    valid = space.valid(columns, len(genes))
    found = []
    for row in range(len(genes)):
        key = tuple(column[row].item() for column in columns.values())
        if all_of_them or (valid[row] and key not in memory.seen):
            memory.seen.add(key)
            found.append(row)
    return np.array(found, dtype=np.int64)
