"""NSGA-II (K. Deb and others, 2002): a population improves by crossing, mutation and elitism.

Several objectives stand side by side: a set stays when no other is at least as good in all of them (its
rank), and among equals when it stands alone (crowding). Genes lie in [0, 1), one an axis, as `Axis.drawn`
reads them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray

POPULATION: Final = 50
CROSSING: Final = 0.8
CROSSING_INDEX: Final = 15.0
MUTATION: Final = 0.1
MUTATION_INDEX: Final = 20.0
_LAST: Final = float(np.nextafter(1.0, 0.0))


def ranks(scores: FloatArray, violations: FloatArray) -> NDArray[np.int64]:
    """Return the front of each set, 0 being the one that nothing dominates.

    Args:
        scores: shape (n, objectives), more being better, -inf where there are none.
        violations: how far each misses the requirements, 0 when it meets all. Less of it dominates.
    """
    no_worse = (scores[:, None, :] >= scores[None, :, :]).all(axis=2)
    better = (scores[:, None, :] > scores[None, :, :]).any(axis=2)
    equal = violations[:, None] == violations[None, :]
    dominates = (equal & no_worse & better) | (violations[:, None] < violations[None, :])
    found = np.full(len(scores), -1, dtype=np.int64)
    front = 0
    while (found < 0).any():
        left = found < 0
        free = left & ~(dominates[left]).any(axis=0)
        found[free] = front
        front += 1
    return found


def crowding(scores: FloatArray) -> FloatArray:
    """Return how alone each set of one front stands: the normalised width of the gap around it, summed."""
    n = len(scores)
    found: FloatArray = np.zeros(n)
    for column in scores.T:
        order = np.argsort(column, kind="stable")
        low, high = column[order[0]], column[order[-1]]
        found[order[[0, -1]]] = np.inf
        if np.isfinite(high - low) and high > low and n > 2:
            found[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / (high - low)
    return found


def survivors(scores: FloatArray, violations: FloatArray, count: int) -> NDArray[np.int64]:
    """Return the rows that stay, best first: by front, then by crowding, then by number."""
    front = ranks(scores, violations)
    alone: FloatArray = np.empty(len(scores))
    for k in range(int(front.max(initial=-1)) + 1):
        rows = np.flatnonzero(front == k)
        alone[rows] = crowding(scores[rows])
    found: NDArray[np.int64] = np.lexsort((np.arange(len(scores)), -alone, front))[:count]
    return found


def offspring(genes: FloatArray, count: int, random: np.random.Generator) -> FloatArray:
    """Return new genes, shape (count, axes), from parents in the order of `survivors`.

    Two tournaments of two choose the parents of a pair (the earlier one wins), simulated binary crossover
    mixes them, polynomial mutation moves some genes.
    """
    pairs = -(-count // 2)
    parents = random.integers(0, len(genes), (4, pairs))
    one, other = genes[parents[:2].min(axis=0)], genes[parents[2:].min(axis=0)]
    spread = _spread(random.random(one.shape))
    spread = np.where(random.random((pairs, 1)) < CROSSING, spread, 1.0)
    spread = np.where(
        random.random(one.shape) < 0.5, spread, 1.0
    )  # each gene is crossed in half of the pairs
    children = np.stack(
        [((1 + spread) * one + (1 - spread) * other) / 2, ((1 - spread) * one + (1 + spread) * other) / 2],
        axis=1,
    ).reshape(2 * pairs, -1)[:count]
    return mutated(np.clip(children, 0.0, _LAST), random)


def mutated(genes: FloatArray, random: np.random.Generator) -> FloatArray:
    """Return genes of which each is moved with probability `MUTATION` (polynomial mutation)."""
    u = random.random(genes.shape)
    power = 1.0 / (MUTATION_INDEX + 1.0)
    moved = np.where(u < 0.5, (2 * u) ** power - 1.0, 1.0 - (2 * (1 - u)) ** power)
    chosen = random.random(genes.shape) < MUTATION
    found: FloatArray = np.clip(np.where(chosen, genes + moved, genes), 0.0, _LAST)
    return found


def _spread(u: FloatArray) -> FloatArray:
    """Return the spread factors of simulated binary crossover (K. Deb, R. Agrawal, 1995)."""
    power = 1.0 / (CROSSING_INDEX + 1.0)
    return np.where(u <= 0.5, (2 * u) ** power, (1.0 / (2 * (1 - u))) ** power)
