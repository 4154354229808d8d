"""One simulation of one parameter set on one slice of history: what every search is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from backtest.core.bars import Bars
from backtest.strategies.base import Strategy


@dataclass(frozen=True, slots=True)
class Slice:
    """The sessions that may trade, both included; history before `start` warms up, None means no bound."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What one simulation came to.

    Attributes:
        final_equity: of 1.0 invested at the start.
        annual_return: geometric, decimal fraction per 252 sessions.
        volatility: sqrt(252) * sample deviation of daily returns.
        sharpe: sqrt(252) * mean / deviation of daily returns, no risk-free rate; 0 without deviation.
        sortino: the same with the root mean square of negative returns.
        max_drawdown: largest fall from a peak, positive decimal fraction.
        trades: how often the book was traded.
        turnover: sum over the trades of value moved / equity.
    """

    final_equity: float
    annual_return: float
    volatility: float
    sharpe: float
    sortino: float
    max_drawdown: float
    trades: int
    turnover: float


class Study(Protocol):
    """A way to simulate a strategy; equal arguments give equal summaries."""

    def __call__(
        self, strategy: Strategy, history: Mapping[str, Bars], part: Slice, changes: Mapping[str, Any]
    ) -> Summary:
        """Simulate `strategy` with some parameters changed.

        Raises:
            ParameterError: the changed parameters are not valid.
            UsageError: the study does not know this strategy.
            DataError: no bars to trade in the slice.
        """
        ...
