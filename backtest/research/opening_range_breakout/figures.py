"""Figures of a strategy from its trades, as the reference defines them, with scratches beside them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from backtest.research.opening_range_breakout.trades import Result

_DECIMALS: Final = 4


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade of a strategy, for its figures.

    Attributes:
        day: trading day.
        result: how it ended.
        result_r: after costs; of a scratch as of the last close of the day.
        risk_points: from entry to stop.
    """

    day: date
    result: Result
    result_r: float
    risk_points: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of a strategy, rounded to four decimals; None where they are not defined.

    The first eight after `sample_size` leave scratches out, as the reference does; risk points are of little
    use where prices have more decimals. `sample_size` and `n_incl_scratch` count scratches.
    """

    sample_size: int
    win_rate: float | None
    avg_win_r: float | None
    avg_loss_r: float | None
    expectancy_r: float | None
    sharpe_ratio: float | None
    max_drawdown_r: float | None
    median_risk_points: float | None
    avg_risk_points: float | None
    n_incl_scratch: int
    n_scratch: int
    expectancy_r_incl_scratch: float | None


def figures_of(trades: Sequence[Trade]) -> Figures:
    """Return the figures of the trades of one strategy, oldest first."""
    decided = [trade for trade in trades if trade.result != "scratch"]
    results = [trade.result_r for trade in decided]
    wins = [trade.result_r for trade in decided if trade.result == "win"]
    losses = [trade.result_r for trade in decided if trade.result == "loss"]
    risks = [trade.risk_points for trade in decided]
    rate = len(wins) / len(decided) if decided else None
    win, loss = _mean(wins) or 0.0, abs(_mean(losses) or 0.0)
    return Figures(
        sample_size=len(trades),
        win_rate=_rounded(rate),
        avg_win_r=_rounded(win) if decided else None,
        avg_loss_r=_rounded(loss) if decided else None,
        expectancy_r=None if rate is None else _rounded(rate * win - (1 - rate) * loss),
        sharpe_ratio=_rounded(sharpe(results)),
        max_drawdown_r=_rounded(drawdown(results)) if decided else None,
        median_risk_points=_rounded(statistics.median(risks)) if risks else None,
        avg_risk_points=_rounded(_mean(risks)),
        n_incl_scratch=len(trades),
        n_scratch=len(trades) - len(decided),
        expectancy_r_incl_scratch=_half_even(mark_to_market(trades)),
    )


def sharpe(results: Sequence[float]) -> float | None:
    """Return mean by sample deviation of results in R, not annualised; None where that is not defined."""
    if len(results) < 2:
        return None
    mean = sum(results) / len(results)
    deviation = (sum((result - mean) ** 2 for result in results) / (len(results) - 1)) ** 0.5
    return mean / deviation if deviation > 0 else None


def drawdown(results: Sequence[float]) -> float:
    """Return the deepest fall of the sum of results below its highest value so far, the start included."""
    total = peak = deepest = 0.0
    for result in results:
        total += result
        peak = max(peak, total)
        deepest = max(deepest, peak - total)
    return deepest


def mark_to_market(trades: Sequence[Trade]) -> float | None:
    """Return the mean result with scratches at the last close of their day; None without a trade."""
    return float(np.mean([trade.result_r for trade in trades])) if trades else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DECIMALS)


def _half_even(value: float | None) -> float | None:
    """Round as the column of the reference was: halfway cases by the multiplied number, not the decimal."""
    return None if value is None else float(np.round(value, _DECIMALS))
