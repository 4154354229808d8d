"""A study: what is searched, over which data, by which measure. Everything a study file says, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from backtest.core.decision import Json
from backtest.core.errors import UsageError
from backtest.research.expressions import Condition
from backtest.research.figures import Objective
from backtest.research.folds import FoldPlan
from backtest.research.memory import Memory
from backtest.research.search import ADAPTIVE, GRID, sets
from backtest.research.space import Columns, Space
from backtest.strategies.base import Strategy

#: Sets of a search that may be numbered and stored; a larger one is a mistake in the file.
MOST_SETS: Final = 10**7


@dataclass(frozen=True, slots=True)
class StudyData:
    """Where the bars come from and which sessions the search may see.

    Attributes:
        prices: folder of CSV files, None for the store.
        store: folder of the bar store.
        start: first session that may trade; None the first one.
        end: last session of all; None the last one.
        holdout_from: first session that the search does not see; None without a holdout.
        cost_pct: cost of every unit of value moved, in percent.
        candidates: list of candidates of a positions strategy; None for weights.
    """

    prices: Path | None
    store: Path
    start: date | None = None
    end: date | None = None
    holdout_from: date | None = None
    cost_pct: float = 0.0
    candidates: Path | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """One study file.

    Attributes:
        name: of the study, part of folder names.
        strategy: the base variant, with which every set shares what does not vary.
        base_name: the base as the file names it.
        seed: of random and Sobol searches, and of every bootstrap.
        data: bars and sessions.
        method: one of `search.METHODS`.
        budget: most sets; None for a whole grid.
        objectives: the first one ranks, the others break ties.
        require: conditions on the figures.
        space: axes, rules and constraints.
        walk_forward: how folds are cut; None when the file has no such section.
        memory: sets of an adaptive search as far as they are drawn.
        spec: the part of the document that says what is computed, normalised and JSON-ready.
    """

    name: str
    strategy: Strategy
    base_name: str
    seed: int
    data: StudyData
    method: str
    budget: int | None
    objectives: tuple[Objective, ...]
    require: tuple[Condition, ...]
    space: Space
    walk_forward: FoldPlan | None
    spec: Json
    memory: Memory = field(default_factory=Memory, compare=False)

    def sets(self, first: int, count: int) -> Columns:
        """Return sets number `first` to `first + count - 1`, valid or not.

        Raises:
            UsageError: of an adaptive search, they depend on sets that are not computed yet.
        """
        if self.method in ADAPTIVE:
            return self.memory.sets(first, count)
        return sets(self.space, self.method, self.seed, first, count)

    @property
    def total(self) -> int:
        """Number of sets, broken ones included.

        Raises:
            UsageError: the grid is larger than the budget, or a search without end.
        """
        if self.method != GRID:
            if self.budget is None:
                raise UsageError(f"a {self.method} search needs a number of sets", where="search.budget")
            return self.budget
        points = self.space.points
        if self.budget is not None and points > self.budget:
            raise UsageError(
                f"the grid has {points:,} points, the budget is {self.budget:,}",
                where="search.budget",
                remedy="raise it, take larger steps, or search with method: sobol",
            )
        if points > MOST_SETS:
            raise UsageError(
                f"the grid has {points:,} points, more than {MOST_SETS:,}",
                where="space",
                remedy="take larger steps",
            )
        return points

    def parameters(self, changes: Mapping[str, Any]) -> Json:
        """Return all parameters of a set that differs from the base by `changes`."""
        return {**self.strategy.parameters, **changes}
