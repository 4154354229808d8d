"""The sets of a search that draws them as it goes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.core.errors import UsageError
from backtest.research.space import Columns, chosen


@dataclass(slots=True, eq=False)
class Memory:
    """The sets of one search as far as they are drawn.

    Attributes:
        genes: shape (sets, axes), in [0, 1).
        columns: the same as values of parameters; empty before the first batch.
        parents: rows of the population that the next generation comes from, best first (NSGA-II).
        seen: what was drawn, so that nothing is tried twice.
    """

    genes: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    columns: Columns = field(default_factory=dict)
    parents: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    seen: set[tuple[object, ...]] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.genes)

    def sets(self, first: int, count: int) -> Columns:
        """Return sets number `first` to `first + count - 1`. UsageError: they are not drawn yet."""
        if first + count > len(self):
            raise UsageError(
                f"set {first + count - 1:,} depends on sets that are not computed yet",
                where="search",
                remedy="optimize goes on",
            )
        return chosen(self.columns, np.arange(first, first + count))
