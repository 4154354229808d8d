"""Sets of v3.5b over one history, weights-level, as a study tries them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from backtest.core.bars import Bars, FloatArray
from backtest.research.figures import FIGURES, Figures
from backtest.research.hierarchical_adaptive.columns import matrices_of
from backtest.research.hierarchical_adaptive.compiled import STATISTICS, backtest_sets
from backtest.research.hierarchical_adaptive.parameter_sets import PreparedBars, prepare, run_piece, summarise
from backtest.research.hierarchical_adaptive.shared_sets import run_shared
from backtest.research.space import Columns
from backtest.strategies.base import Strategy
from backtest.strategies.hierarchical_adaptive.parameters import Parameters, parse


@dataclass(frozen=True, slots=True, eq=False)
class WeightsTrial:
    """Fractions of shares at the close (see `parameter_sets`).

    Attributes:
        base: what does not vary.
        market: the bars up to the last session.
        sessions: those that trade.
        cost_pct: cost of every unit of value moved, in percent.
    """

    base: Parameters
    market: PreparedBars
    sessions: tuple[date, ...]
    cost_pct: float

    @classmethod
    def of(
        cls,
        strategy: Strategy,
        history: Mapping[str, Bars],
        *,
        start: date | None,
        end: date | None,
        cost_pct: float,
    ) -> WeightsTrial:
        """Align the bars; errors as `prepare`."""
        base = parse(strategy.parameters)
        market = prepare(history, [base], start=start, end=end)
        signal = history[base.signal_symbol]
        sessions = signal.dates[market.start : len(market.close)].tolist()
        return cls(base, market, tuple(sessions), cost_pct)

    def statistics(self, columns: Columns, count: int) -> FloatArray:
        """Return the sums of the compiled loop; see `Trial`."""
        settings, weights = matrices_of(columns, self.base, count)
        return run_shared(self.market, settings, weights, self.cost_pct)

    def figures(self, statistics: FloatArray) -> Figures:
        """Return the figures; see `Trial`."""
        return figures_of(statistics, len(self.sessions))

    def returns(self, columns: Columns, count: int) -> FloatArray:
        """Return daily returns; see `Trial`. The loop that recomputes everything gives the curves."""
        settings, weights = matrices_of(columns, self.base, count)
        found: FloatArray = np.empty((len(self.sessions), count))
        statistics = np.zeros((1, len(STATISTICS)))
        run = backtest_sets()
        for k in range(count):
            row = slice(k, k + 1)
            equity = run_piece(run, self.market, settings[row], weights[row], self.cost_pct, statistics)
            curve = np.concatenate([[1.0], equity[self.market.start :]])
            found[:, k] = curve[1:] / curve[:-1] - 1.0
        return found

    def benchmark(self) -> FloatArray:
        """Return the returns of the signal symbol; see `Trial`."""
        close = self.market.close[self.market.start :]
        return np.concatenate([[0.0], close[1:] / close[:-1] - 1.0])


def figures_of(statistics: FloatArray, sessions: int) -> Figures:
    """Return the figures of statistics over some sessions, shape (sets,) each; NaN for a row of NaN."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = summarise(statistics, sessions)
        calmar = np.where(found.max_drawdown > 0, found.annual_return / found.max_drawdown, 0.0)
    missing = np.isnan(statistics[:, 0])
    named = {name: calmar if name == "calmar" else getattr(found, name) for name in FIGURES}
    return {name: np.where(missing, np.nan, values) for name, values in named.items()}
