"""Is a set a plateau or a peak? Its neighbours on the grid: one step on any axis that has an order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.research.space import Space

#: with more axes only steps along one axis at a time are neighbours
_MOST_AXES: Final = 6
_NEAR: Final = 0.9


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
