"""Which strategies hold: checks in a fixed order, the first that fails ends them, and its words are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from backtest.core.errors import ParameterError
from backtest.research.opening_range_breakout.figures import Trade, drawdown, mark_to_market, sharpe

Standing = Literal["validated", "regime", "rejected"]


@dataclass(frozen=True, slots=True)
class ValidationLimits:
    """What a strategy must show; scratches count in every figure.

    Attributes:
        min_trades: fewer make a strategy of the class ``regime``, which is never alone in a portfolio.
        regime_trades: fewer are rejected.
        positive_years: part of the years whose mean result must be above 0.
        stress: costs are multiplied by it, and the expectancy must still be above 0.
        min_sharpe: least ratio of mean by deviation of the results in R; None for no limit.
        max_drawdown_r: deepest fall of the sum of results in R; None for no limit.

    Raises:
        ParameterError: limits that contradict each other.
    """

    min_trades: int = 100
    regime_trades: int = 30
    positive_years: float = 1.0
    stress: float = 1.5
    min_sharpe: float | None = None
    max_drawdown_r: float | None = None

    def __post_init__(self) -> None:
        """Judge the limits."""
        if not 1 <= self.regime_trades <= self.min_trades:
            raise ParameterError(
                f"regime_trades {self.regime_trades} must be from 1 to min_trades {self.min_trades}",
                where="validation",
            )
        if not 0 <= self.positive_years <= 1 or not self.stress >= 1:
            raise ParameterError(
                f"positive_years {self.positive_years} must be from 0 to 1, stress {self.stress} at least 1",
                where="validation",
            )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The standing of a strategy and why it was rejected; an empty reason when it was not."""

    standing: Standing
    reason: str = ""


def judge(trades: Sequence[Trade], stressed: Sequence[Trade], limits: ValidationLimits) -> Verdict:
    """Return the verdict on a strategy.

    Args:
        trades: its trades, oldest first.
        stressed: the same trades at the costs of the stress.
        limits: what it must show.
    """
    reason = next((words for words in _reasons(trades, stressed, limits) if words), "")
    if reason:
        return Verdict("rejected", reason)
    return Verdict("validated" if len(trades) >= limits.min_trades else "regime")


def _reasons(trades: Sequence[Trade], stressed: Sequence[Trade], limits: ValidationLimits) -> list[str]:
    """Return in words what fails, in the order of the checks; empty texts for what holds."""
    if len(trades) < limits.regime_trades:
        return [f"{len(trades)} trades, {limits.regime_trades} needed"]
    expectancy, under_stress = mark_to_market(trades) or 0.0, mark_to_market(stressed) or 0.0
    years = yearly(trades)
    losing = sorted(year for year, mean in years.items() if not mean > 0)
    part = 1 - len(losing) / len(years)
    ratio = sharpe([trade.result_r for trade in trades])
    fall = drawdown([trade.result_r for trade in trades])
    return [
        "" if expectancy > 0 else f"expectancy {expectancy:.4f} R after costs is not above 0",
        ""
        if part >= limits.positive_years
        else f"{len(losing)} of {len(years)} years not positive: {', '.join(map(str, losing))}",
        ""
        if under_stress > 0
        else f"expectancy {under_stress:.4f} R with costs x {limits.stress:g} is not above 0",
        ""
        if limits.min_sharpe is None or (ratio is not None and ratio >= limits.min_sharpe)
        else f"Sharpe {'unknown' if ratio is None else format(ratio, '.4f')} is below {limits.min_sharpe:g}",
        ""
        if limits.max_drawdown_r is None or fall <= limits.max_drawdown_r
        else f"drawdown {fall:.4f} R is above {limits.max_drawdown_r:g}",
    ]


def yearly(trades: Sequence[Trade]) -> dict[int, float]:
    """Return the mean result in R of each year with a trade, scratches included."""
    by_year: dict[int, list[Trade]] = {}
    for trade in trades:
        by_year.setdefault(trade.day.year, []).append(trade)
    return {year: mark_to_market(mine) or 0.0 for year, mine in sorted(by_year.items())}
