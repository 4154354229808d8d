"""The compiled weights-level run of v3.5b as a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backtest.core.bars import Bars
from backtest.core.errors import UsageError
from backtest.research.hierarchical_adaptive.parameter_sets import run_many
from backtest.research.study import Slice, Summary
from backtest.strategies.base import Strategy
from backtest.strategies.hierarchical_adaptive.strategy import NAME


@dataclass(frozen=True, slots=True)
class WeightsStudy:
    """Fractions of shares at the close (see `parameter_sets`), `cost_pct` percent of what is moved."""

    cost_pct: float = 0.0

    def __call__(
        self, strategy: Strategy, history: Mapping[str, Bars], part: Slice, changes: Mapping[str, Any]
    ) -> Summary:
        """Run one parameter set; errors as `Study`."""
        if strategy.name != NAME:
            raise UsageError(f"{strategy.name} has no compiled run", where=strategy.variant)
        sets = [strategy.with_parameters(changes).parameters]
        found = run_many(history, sets, cost_pct=self.cost_pct, start=part.start, end=part.end, threads=1)
        return Summary(
            final_equity=float(found.final_equity[0]),
            annual_return=float(found.annual_return[0]),
            volatility=float(found.volatility[0]),
            sharpe=float(found.sharpe[0]),
            sortino=float(found.sortino[0]),
            max_drawdown=float(found.max_drawdown[0]),
            trades=int(found.rebalances[0]),
            turnover=float(found.turnover[0]),
        )
