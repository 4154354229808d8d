"""Is a set a plateau or a peak? Its neighbours on the grid: one step on any axis that has an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.research.search import uniform
from backtest.research.space import Axis, Columns, Space, chosen

#: with more axes only steps along one axis at a time are neighbours
_MOST_AXES: Final = 6
_NEAR: Final = 0.9
#: sets drawn around one that has no grid, how far, and their stream of random numbers
FRESH: Final = 80
_STEP: Final = 0.05
_STREAM: Final = 1_100_000


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The neighbours' values of the objective, more being better.

    Attributes:
        neighbours: how many have figures.
        median: their median.
        worst: their lowest over the set's own value; NaN when that is not above 0.
        plateau: their median over the set's own value; NaN likewise.
        stability: share of them that reach 0.9 of the set's own value; NaN likewise.
    """

    neighbours: int
    median: float
    worst: float
    plateau: float
    stability: float


def neighbours(space: Space, index: int) -> NDArray[np.int64]:
    """Return the numbers of the grid points around a point, itself left out."""
    radices = np.array(space.radices, dtype=np.int64)
    digits = np.array([int(d[0]) for d in space.digits(np.array([index], dtype=np.int64))], dtype=np.int64)
    ordered = [k for k, axis in enumerate(space.axes) if axis.ordered and len(axis.values) > 1]
    around = digits + _steps(tuple(ordered), len(radices))
    inside = around[((around >= 0) & (around < radices)).all(axis=1)]
    strides = np.concatenate([np.cumprod(radices[:0:-1])[::-1], [1]]).astype(np.int64)
    return np.sort(inside @ strides)


def neighbourhood(space: Space, index: int, scores: FloatArray) -> Neighbourhood | None:
    """Return how the neighbours of a point do; None when none has a score.

    Args:
        space: of a grid.
        index: of the point.
        scores: of every point, more being better, not finite where a point has none.
    """
    values = scores[neighbours(space, index)]
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    own = float(scores[index])
    median = float(np.median(values))
    if not own > 0.0:
        return Neighbourhood(len(values), median, float("nan"), float("nan"), float("nan"))
    stability = float((values >= _NEAR * own).mean())
    return Neighbourhood(len(values), median, float(values.min()) / own, median / own, stability)


def fresh_neighbours(space: Space, pick: Mapping[str, Any], seed: int) -> Columns:
    """Return sets drawn around one of a search without a grid: at most 80, a small step on every axis.

    Numbers between two ends move by up to a twentieth of their width, a list by one place, texts and flags
    stay. Only sets that keep the rules are returned; nobody ever selects one of them.

    Args:
        space: of the search.
        pick: value of every axis.
        seed: of the study.
    """
    columns = {
        axis.name: _around(axis, pick[axis.name], uniform(seed, _STREAM + k, 0, FRESH))
        for k, axis in enumerate(space.axes)
    }
    valid = space.valid(columns, FRESH)
    return chosen(columns, np.flatnonzero(valid))


def _around(axis: Axis, value: Any, draws: FloatArray) -> NDArray[Any]:
    if axis.ends is None:
        return np.full(len(draws), value)
    if axis.values:
        place = axis.values.index(value) + np.floor(3 * draws).astype(np.int64) - 1
        return axis.at(np.clip(place, 0, len(axis.values) - 1))
    moved = value + _STEP * (axis.high - axis.low) * (2 * draws - 1)
    found: FloatArray = np.clip(moved, axis.low, axis.high)
    return np.rint(found).astype(np.int64) if axis.whole else found


@lru_cache(maxsize=16)
def _steps(ordered: tuple[int, ...], axes: int) -> NDArray[np.int64]:
    """Return the steps to all neighbours, shape (neighbours, axes)."""
    if len(ordered) <= _MOST_AXES:
        moves = np.array(
            [move for move in product((-1, 0, 1), repeat=len(ordered)) if any(move)], dtype=np.int64
        )
    else:
        moves = np.concatenate([np.eye(len(ordered), dtype=np.int64), -np.eye(len(ordered), dtype=np.int64)])
    found = np.zeros((len(moves), axes), dtype=np.int64)
    found[:, list(ordered)] = moves.reshape(len(moves), len(ordered))
    return found
