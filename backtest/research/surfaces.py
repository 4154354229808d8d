"""The objective over pairs of axes of a grid: the median over everything else, and the best."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from backtest.core.bars import FloatArray
from backtest.research.space import Axis, Space

_MOST_AXES: Final = 4
_MOST_VALUES: Final = 60


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """One pair of axes.

    Attributes:
        rows, columns: the axes.
        median, best: shape (values of rows, values of columns); NaN where no set has figures.
    """

    rows: Axis
    columns: Axis
    median: FloatArray
    best: FloatArray


def surfaces(space: Space, values: FloatArray, *, maximise: bool) -> tuple[Surface, ...]:
    """Return the surfaces of the first axes of a grid.

    Args:
        space: of the grid.
        values: of the objective, shape (points,), NaN without figures.
        maximise: whether the best is the largest.
    """
    cube = values.reshape(space.radices)
    wanted = [k for k, axis in enumerate(space.axes) if 1 < len(axis.values) <= _MOST_VALUES][:_MOST_AXES]
    best = np.nanmax if maximise else np.nanmin
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a cell without any figure is NaN
        for i, j in combinations(wanted, 2):
            rest = tuple(k for k in range(len(space.axes)) if k not in {i, j})
            flat = np.moveaxis(cube, (i, j), (0, 1)) if rest else cube[..., None]
            flat = flat.reshape(len(space.axes[i].values), len(space.axes[j].values), -1)
            found.append(
                Surface(space.axes[i], space.axes[j], np.nanmedian(flat, axis=2), best(flat, axis=2))
            )
    return tuple(found)
