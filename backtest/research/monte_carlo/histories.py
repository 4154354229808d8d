"""A chosen set over many histories that never were: each from prices through the compiled rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import numpy as np

from backtest.core.bars import Bars
from backtest.core.decision import Json
from backtest.research.figures import FIGURES
from backtest.research.monte_carlo.price_changes import noisy, reordered
from backtest.research.monte_carlo.summaries import Distribution
from backtest.research.rule_sets import trial_of
from backtest.strategies.base import Strategy

Make = Callable[[int], Mapping[str, Bars]]


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What trades: a strategy over a history, on some sessions, at a cost."""

    strategy: Strategy
    history: Mapping[str, Bars]
    days: tuple[date, date]
    cost_pct: float


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """How a strategy does over changed histories: distribution of each figure by name."""

    count: int
    figures: Mapping[str, Distribution]

    def document(self) -> Json:
        """Return it JSON-ready."""
        return {
            "histories": self.count,
            "figures": {name: found.document() for name, found in self.figures.items()},
        }


def with_noise(rules: Rules, size: float, count: int, seed: int, workers: int = 1) -> Histories:
    """Trade `count` histories with noise of `size` (see `price_changes.noisy`)."""
    relations = rules.strategy.price_relations
    return _over(rules, lambda k: noisy(rules.history, relations, size, seed, k), count, workers)


def in_other_orders(rules: Rules, block: float, count: int, seed: int, workers: int = 1) -> Histories:
    """Trade `count` histories in another order (see `price_changes.reordered`; errors as there)."""
    return _over(rules, lambda k: reordered(rules.history, rules.days, block, seed, k), count, workers)


def _over(rules: Rules, make: Make, count: int, workers: int) -> Histories:
    def one(number: int) -> list[float]:
        first, last = rules.days
        trial = trial_of(rules.strategy, make(number), start=first, end=last, cost_pct=rules.cost_pct)
        figures = trial.figures(trial.statistics({}, 1))
        return [float(figures[name][0]) for name in FIGURES]

    with ThreadPoolExecutor(max(1, workers)) as pool:
        rows = np.array(list(pool.map(one, range(count))))
    return Histories(count, {name: Distribution.of(rows[:, k]) for k, name in enumerate(FIGURES)})
