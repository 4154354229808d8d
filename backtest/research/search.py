"""Which sets a search tries: set number i is a function of the study alone, whoever computes it and when."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.research.sobol import sobol
from backtest.research.space import Columns, Space

GRID: Final = "grid"
RANDOM: Final = "random"
SOBOL: Final = "sobol"
NSGA2: Final = "nsga2"
TPE: Final = "tpe"
#: methods whose next sets depend on how earlier ones did
ADAPTIVE: Final = (NSGA2, TPE)
METHODS: Final = (GRID, RANDOM, SOBOL, *ADAPTIVE)


def sets(space: Space, method: str, seed: int, first: int, count: int) -> Columns:
    """Return sets number `first` to `first + count - 1` of a search, valid or not.

    Args:
        space: where to search.
        method: one of `METHODS`, none of `ADAPTIVE`.
        seed: of random and Sobol searches, 0 to 2^64 - 1.
        first: number of the first set.
        count: how many.
    """
    if method == GRID:
        return space.grid(np.arange(first, first + count, dtype=np.int64))
    if method == SOBOL:
        shift = [uniform(seed, axis, 0, 1)[0] for axis in range(len(space.axes))]
        points = sobol(len(space.axes), first, count, shift)
        return {axis.name: axis.drawn(points[k]) for k, axis in enumerate(space.axes)}
    return {axis.name: axis.drawn(uniform(seed, k, first, count)) for k, axis in enumerate(space.axes)}


def uniform(seed: int, stream: int, first: int, count: int) -> FloatArray:
    """Return draws number `first` to `first + count - 1` from [0, 1) of one stream, shape (count,).

    Philox 4x64-10 with key (seed, stream): its words are numbered, so no draw depends on those before.
    """
    generator = np.random.Philox(key=np.array([seed, stream], dtype=np.uint64))
    generator.advance(first // 4)
    words: NDArray[np.uint64] = generator.random_raw(first % 4 + count)[first % 4 :]
    found: FloatArray = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return found
