"""Sets of the earnings swing system over one list of candidates, in whole shares, as a study tries them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from backtest.core.bars import Bars, FloatArray
from backtest.core.candidate import Candidate
from backtest.core.errors import DataError
from backtest.research.figures import Figures
from backtest.research.hierarchical_adaptive.compiled import STATISTICS
from backtest.research.hierarchical_adaptive.trial import figures_of
from backtest.research.space import Columns
from backtest.simulator.positions.model import PortfolioResult, PortfolioRules
from backtest.simulator.positions.simulate import simulate
from backtest.strategies.base import Strategy
from backtest.strategies.earnings_swing.parameters import parse

#: what a set may lose before the rest of its curve says nothing: the book keeps no cash and could go below 0
_LEAST: float = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class PositionsTrial:
    """One shared book a set, by the simulator of `python -m backtest portfolio`.

    Entries are sized and chosen before the open as live does: from the reference price, with daily limit and
    quality filter. Equity is the capital (`max_positions` times `position_size`) with taken and open profit;
    nothing is reinvested. What is open at the last session is marked at its close.

    Attributes:
        base: parameters that do not vary.
        candidates: of reports in the sessions that trade.
        prices: bars by symbol up to the last session; earlier ones warm the weekly indicator up.
        sessions: those that trade.
        cost_pct: added to buys, in percent; sales pay the strategy's own `slippage_pct`.
    """

    base: Mapping[str, Any]
    candidates: tuple[Candidate, ...]
    prices: Mapping[str, Bars]
    sessions: tuple[date, ...]
    cost_pct: float

    @classmethod
    def of(
        cls,
        strategy: Strategy,
        history: Mapping[str, Bars],
        candidates: Sequence[Candidate],
        *,
        start: date | None,
        end: date | None,
        cost_pct: float,
    ) -> PositionsTrial:
        """Cut bars and candidates to the sessions. DataError: there is none."""
        known = sorted({day for bars in history.values() for day in bars.dates.tolist()})
        sessions = tuple(
            day for day in known if (start is None or day >= start) and (end is None or day <= end)
        )
        if not sessions:
            covered = f"the bars reach from {known[0]} to {known[-1]}" if known else "there are no bars"
            raise DataError(f"no session between {start} and {end}", where="data", remedy=covered)
        first, last = sessions[0], sessions[-1]
        seen = {symbol: bars.until(last) for symbol, bars in history.items()}
        return cls(
            base=strategy.parameters,
            candidates=tuple(item for item in candidates if first <= item.report_date <= last),
            prices={symbol: bars for symbol, bars in seen.items() if len(bars)},
            sessions=sessions,
            cost_pct=cost_pct,
        )

    def statistics(self, columns: Columns, count: int) -> FloatArray:
        """Return the sums of each set; see `Trial`."""
        found: FloatArray = np.empty((count, len(STATISTICS)))
        for k in range(count):
            rules, result = self._played(columns, k)
            found[k] = _sums(self._curve(rules, result), rules, result)
        return found

    def figures(self, statistics: FloatArray) -> Figures:
        """Return the figures; see `Trial`. `rebalances` are positions, those open at the end included."""
        return figures_of(statistics, len(self.sessions))

    def returns(self, columns: Columns, count: int) -> FloatArray:
        """Return daily returns; see `Trial`."""
        found: FloatArray = np.empty((len(self.sessions), count))
        for k in range(count):
            curve = np.concatenate([[1.0], self._curve(*self._played(columns, k))])
            found[:, k] = curve[1:] / curve[:-1] - 1.0
        return found

    def benchmark(self) -> FloatArray:
        """Return zeros: a book of single stocks is compared with cash."""
        return np.zeros(len(self.sessions))

    def _played(self, columns: Columns, row: int) -> tuple[PortfolioRules, PortfolioResult]:
        changes = {name: column[row].item() for name, column in columns.items()}
        fixed = {"size_from": "reference", "entry_slippage_pct": self.cost_pct}
        rules = parse(PortfolioRules, {**self.base, **changes, **fixed})
        return rules, simulate(self.candidates, self.prices, rules)

    def _curve(self, rules: PortfolioRules, result: PortfolioResult) -> FloatArray:
        """Return equity over capital at the close of every session that trades."""
        capital = rules.max_positions * rules.position_size
        by_day = {point.day: point.realized + point.unrealized for point in result.equity}
        made = np.array([by_day[day] for day in self.sessions])
        return np.maximum(1.0 + made / capital, _LEAST)


def _sums(curve: FloatArray, rules: PortfolioRules, result: PortfolioResult) -> list[float]:
    """Return the statistics in the order of `STATISTICS`."""
    whole = np.concatenate([[1.0], curve])
    changes = whole[1:] / whole[:-1] - 1.0
    falls = 1.0 - whole / np.maximum.accumulate(whole)
    capital = rules.max_positions * rules.position_size
    moved = math.fsum((t.position.entry_price + t.exit_price) * t.position.shares for t in result.trades)
    return [
        float(curve[-1]),
        math.fsum(changes.tolist()),
        math.fsum((changes**2).tolist()),
        math.fsum((np.minimum(changes, 0.0) ** 2).tolist()),
        float(falls.max()),
        float(len(result.trades)),
        moved / capital,
    ]
