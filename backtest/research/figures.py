"""The figures of tried sets: what a study may rank by, and in which order its sets stand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.research.expressions import Condition

#: Names of the figures, in the order of every table; units as in `Summaries`.
FIGURES: Final = (
    "final_equity",
    "annual_return",
    "volatility",
    "sharpe",
    "sortino",
    "calmar",
    "max_drawdown",
    "rebalances",
    "turnover",
)
#: What a table for people adds to a name: where `python -m backtest run` counts in another way.
UNITS: Final[Mapping[str, str]] = {"max_drawdown": "fall, above 0", "turnover": "total"}
Figures = Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True)
class Objective:
    """A figure to make large, or small."""

    figure: str
    maximise: bool = True

    def score(self, figures: Figures) -> FloatArray:
        """Return the figure such that more is better; a missing one is worst."""
        values = figures[self.figure] if self.maximise else -figures[self.figure]
        return np.where(np.isnan(values), -np.inf, values)

    def __str__(self) -> str:
        return f"{'maximise' if self.maximise else 'minimise'} {self.figure}"


def headings() -> tuple[str, ...]:
    """Return the names of the figures as a table for people heads them."""
    return tuple(f"{name} ({UNITS[name]})" if name in UNITS else name for name in FIGURES)


def ranked(
    figures: Figures, objectives: Sequence[Objective], require: Sequence[Condition]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the tried sets, best first, and which of all sets meet the requirements.

    Sets without figures (not valid, or failed) are left out; those that miss a requirement come last; equal
    ones keep the order of their numbers, so the answer does not depend on who computed what.
    """
    count = len(figures[FIGURES[0]])
    met = np.ones(count, dtype=np.bool_)
    for condition in require:
        met &= condition.holds(figures, count)
    keys = [-objective.score(figures) for objective in reversed(objectives)]
    order = np.lexsort((*keys, ~met))
    tried = np.isfinite(figures[FIGURES[0]])
    return order[tried[order]], met


def missed(figures: Figures, require: Sequence[Condition], row: int) -> str:
    """Return the requirements that one set misses, joined; empty when it meets all."""
    one = {name: values[row] for name, values in figures.items()}
    return "; ".join(condition.text for condition in require if not condition.holds(one, 1)[0])


def defined(figures: Mapping[str, float]) -> dict[str, float | None]:
    """Return figures JSON-ready; one that is not defined (NaN) is null."""
    return {name: None if math.isnan(value) else value for name, value in figures.items()}
