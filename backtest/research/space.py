"""A parameter space: the axes of a search, and which of its points are valid sets.

Nothing is materialised: a point of the grid is an index in mixed radix, the last axis turning fastest, and
axes give arrays of values for arrays of digits or of draws from [0, 1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.research.expressions import Condition
from backtest.strategies.parameters import CrossRule

Columns = Mapping[str, NDArray[Any]]
#: The largest grid whose points can be numbered.
MOST_POINTS: Final = 10**15


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter that varies: over a list of values, or evenly between two ends.

    Attributes:
        name: of the parameter.
        values: in their order; empty for an axis between two ends.
        low, high: the ends, both included for whole numbers.
        logarithmic: evenly in the logarithm.
        whole: only whole numbers.
    """

    name: str
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    logarithmic: bool = False
    whole: bool = False

    @property
    def ordered(self) -> bool:
        """Tell whether neighbouring values are near each other: numbers are, texts and flags are not."""
        return bool(self.values) and not isinstance(self.values[0], str | bool)

    @property
    def ends(self) -> tuple[float, float] | None:
        """Lowest and highest value; None where values are no numbers."""
        if self.values:
            return (min(self.values), max(self.values)) if self.ordered else None
        return (int(self.low), int(self.high)) if self.whole else (self.low, self.high)

    def at(self, digits: NDArray[np.int64]) -> NDArray[Any]:
        """Return the values at these positions of the list."""
        return np.array(self.values)[digits]

    def drawn(self, uniform: FloatArray) -> NDArray[Any]:
        """Return the values that draws from [0, 1) stand for, shape as given."""
        if self.values:
            return self.at(np.minimum((uniform * len(self.values)).astype(np.int64), len(self.values) - 1))
        if self.whole and not self.logarithmic:
            return np.minimum(np.floor(self.low + uniform * (self.high - self.low + 1)), self.high).astype(
                np.int64
            )
        low, high = (math.log(self.low), math.log(self.high)) if self.logarithmic else (self.low, self.high)
        between = low + uniform * (high - low)
        found = np.clip(np.exp(between) if self.logarithmic else between, self.low, self.high)
        return np.rint(found).astype(np.int64) if self.whole else found


@dataclass(frozen=True, slots=True)
class Space:
    """The axes of a search with the conditions its sets must meet.

    Attributes:
        axes: in the order of the file.
        base: value of every parameter that does not vary.
        rules: of the strategy, always in force.
        constraints: of the study.
    """

    axes: tuple[Axis, ...]
    base: Mapping[str, Any]
    rules: tuple[CrossRule, ...] = ()
    constraints: tuple[Condition, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the axes."""
        return tuple(axis.name for axis in self.axes)

    @property
    def points(self) -> int:
        """Number of points of the grid."""
        return math.prod(len(axis.values) for axis in self.axes)

    @property
    def radices(self) -> tuple[int, ...]:
        """Number of values of each axis of the grid."""
        return tuple(len(axis.values) for axis in self.axes)

    def grid(self, index: NDArray[np.int64]) -> Columns:
        """Return the values at these points of the grid, one array per axis."""
        return {
            axis.name: axis.at(digits) for axis, digits in zip(self.axes, self.digits(index), strict=True)
        }

    def digits(self, index: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        """Return the position on each axis of these points of the grid."""
        found: list[NDArray[np.int64]] = []
        rest = index
        for radix in reversed(self.radices):
            rest, digit = np.divmod(rest, radix)
            found.append(digit)
        return tuple(reversed(found))

    def valid(self, columns: Columns, count: int) -> NDArray[np.bool_]:
        """Tell which of `count` sets keep the strategy's rules and the study's constraints."""
        known = {**self.base, **columns}
        found = np.ones(count, dtype=np.bool_)
        for rule in self.rules:
            if any(name in columns for name in rule.fields):
                found &= rule.holds(*(known[name] for name in rule.fields))
        for condition in self.constraints:
            found &= condition.holds(known, count)
        return found

    def one(self, columns: Columns, row: int) -> dict[str, Any]:
        """Return one set of columns as plain values by name."""
        return {name: column[row].item() for name, column in columns.items()}


def chosen(columns: Columns, rows: NDArray[Any]) -> Columns:
    """Return some rows of columns: numbers of rows, or a mask."""
    return {name: column[rows] for name, column in columns.items()}


def joined(parts: Sequence[Columns]) -> Columns:
    """Return columns one after another."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
