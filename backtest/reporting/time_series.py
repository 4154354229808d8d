"""Figures that roll through time: each over the last sessions alone, nothing until there are that many.

Every window is computed by itself, so no rounding is carried from one to the next.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from backtest.core.bars import DateArray, FloatArray
from backtest.reporting.metrics import SESSIONS_PER_YEAR, drawdowns
from backtest.reporting.metrics import returns as returns_of

#: sessions of the windows, by figure
SHARPE: Final = (30, 90)
VOLATILITY: Final = (90,)
DRAWDOWN: Final = (252,)
AGAINST_BENCHMARK: Final = (63, 252)
_ROUND: Final = 1e-12


def time_series(
    equity: FloatArray, initial: float, benchmark: FloatArray | None = None
) -> Mapping[str, FloatArray]:
    """Return every series by name, shape (n,) each, NaN where a figure is not defined or not yet full.

    `return`, `drawdown` (0 or below); `sharpe_30`, `sharpe_90`, `volatility_90` (a year, sample deviation),
    `max_drawdown_252` (inside the window, from the close before it); with a benchmark `correlation_63`,
    `correlation_252`, `beta_63`, `beta_252`.

    Args:
        equity: at the close of each session, shape (n,).
        initial: before the first one.
        benchmark: its value at the same closes, having begun with `initial`.
    """
    changes = returns_of(equity, initial)
    found = {"return": changes, "drawdown": drawdowns(equity, initial)}
    found |= {f"sharpe_{window}": rolling_sharpe(changes, window) for window in SHARPE}
    found |= {f"volatility_{window}": rolling_volatility(changes, window) for window in VOLATILITY}
    curve = np.concatenate([[initial], equity])
    found |= {f"max_drawdown_{window}": rolling_drawdown(curve, window) for window in DRAWDOWN}
    if benchmark is not None:
        others = returns_of(benchmark, initial)
        for window in AGAINST_BENCHMARK:
            correlation, beta = rolling_regression(changes, others, window)
            found |= {f"correlation_{window}": correlation, f"beta_{window}": beta}
    return found


def rolling_sharpe(returns: FloatArray, window: int) -> FloatArray:
    """Return sqrt(252) * mean / sample deviation of the last `window` returns; NaN without deviation."""
    means, spreads = _moments(returns, window)
    found: FloatArray = np.divide(
        math.sqrt(SESSIONS_PER_YEAR) * means,
        spreads,
        out=np.full(len(returns), np.nan),
        where=spreads > _ROUND,
    )
    return found


def rolling_volatility(returns: FloatArray, window: int) -> FloatArray:
    """Return sqrt(252) * sample deviation of the last `window` returns."""
    found: FloatArray = math.sqrt(SESSIONS_PER_YEAR) * _moments(returns, window)[1]
    return found


def rolling_drawdown(curve: FloatArray, window: int) -> FloatArray:
    """Return the deepest fall from a peak inside the last `window` sessions, 0 or below.

    Args:
        curve: value before the first session and at the close of each, shape (n + 1,), positive.
        window: sessions; the value before them can be the peak.
    """
    found: FloatArray = np.full(len(curve) - 1, np.nan)
    if len(curve) > window:
        parts = np.lib.stride_tricks.sliding_window_view(curve, window + 1)
        found[window - 1 :] = (parts / np.maximum.accumulate(parts, axis=1)).min(axis=1) - 1.0
    return found


def rolling_regression(returns: FloatArray, others: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Return correlation with others and beta against them over the last `window` returns."""
    n = len(returns)
    correlation: FloatArray = np.full(n, np.nan)
    beta: FloatArray = np.full(n, np.nan)
    if n < window:
        return correlation, beta
    own, other = (np.lib.stride_tricks.sliding_window_view(series, window) for series in (returns, others))
    own = own - own.mean(axis=1, keepdims=True)
    other = other - other.mean(axis=1, keepdims=True)
    both, mine, theirs = ((a * b).sum(axis=1) for a, b in ((own, other), (own, own), (other, other)))
    least = window * _ROUND**2
    varies, moves = theirs > least, (theirs > least) & (mine > least)
    beta[window - 1 :][varies] = both[varies] / theirs[varies]
    correlation[window - 1 :][moves] = both[moves] / np.sqrt(mine[moves] * theirs[moves])
    return correlation, beta


def time_series_csv(dates: DateArray, series: Mapping[str, FloatArray]) -> str:
    """Return date and every series as CSV with eight decimals; an undefined value is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("date", *series))
    columns = [[_cell(value) for value in column.tolist()] for column in series.values()]
    writer.writerows(zip((day.isoformat() for day in dates.tolist()), *columns, strict=True))
    return text.getvalue()


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{value + 0.0:.8f}"


def _moments(returns: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Return mean and sample deviation of every full window; NaN before."""
    means: FloatArray = np.full(len(returns), np.nan)
    spreads: FloatArray = np.full(len(returns), np.nan)
    if len(returns) >= window:
        parts = np.lib.stride_tricks.sliding_window_view(returns, window)
        means[window - 1 :], spreads[window - 1 :] = parts.mean(axis=1), parts.std(axis=1, ddof=1)
    return means, spreads
