"""A portfolio of breakout strategies as one value: what may be traded, how large, what to expect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.sizing import Sizing
from backtest.strategies.opening_range_breakout.strategy_key import StrategyKey

PortfolioStatus = Literal["OK", "INSUFFICIENT"]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the history showed, to compare what happens with; results in R after costs.

    Attributes:
        trades: of the history, scratches included.
        win_rate: of decided trades, 0 to 1; None when none was decided.
        expectancy_r: mean result, scratches as of the last close of their day.
        trades_per_day: trades by trading day.
        median_risk_points: from entry to stop; None without a trade.
        median_range_points: size of the opening range on its break days.
    """

    trades: int
    win_rate: float | None
    expectancy_r: float
    trades_per_day: float
    median_risk_points: float | None
    median_range_points: float | None


@dataclass(frozen=True, slots=True)
class PortfolioStrategy:
    """One strategy of a portfolio; `weight` is its part, all weights sum to 1.

    `skill` is the probability of skill after all that was tried (deflated Sharpe ratio), None if unknown.
    """

    key: StrategyKey
    weight: float
    max_contracts: int
    standing: str
    baseline: Baseline
    skill: float | None = None


@dataclass(frozen=True, slots=True)
class Capital:
    """What a portfolio needs, in dollars, from its history.

    Attributes:
        trades_per_day: of all strategies together.
        risk_per_trade: of one trade at its contracts, from the median distance to the stop.
        concurrent_risk: of as many trades as may be open at once.
        worst_day: of a day that ends at the limit of losses.
    """

    trades_per_day: float
    risk_per_trade: float
    concurrent_risk: float
    worst_day: float


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The strategies that were chosen, in the order of their rank.

    Attributes:
        name: of the portfolio.
        symbol: the instrument.
        status: ``INSUFFICIENT`` when it lacks variety: see `notes`.
        strategies: best first.
        sizing, limits: of every trade and of the day.
        capital: what it needs.
        trials: strategies that were tried to find these.
        correlations: of daily results, in the order of the strategies; None where not known.
        rejected: how many strategies each reason kept out.
        notes: for a person: what is missing, what is not known.
    """

    name: str
    symbol: str
    status: PortfolioStatus
    strategies: tuple[PortfolioStrategy, ...]
    sizing: Sizing
    limits: RiskLimits
    capital: Capital
    trials: int
    correlations: tuple[tuple[float | None, ...], ...] = ()
    rejected: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
