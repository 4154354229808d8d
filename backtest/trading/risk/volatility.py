"""Volatility of returns, and the exposure that brings it to a target."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np

from backtest.core.bars import Bars, FloatArray
from backtest.indicators.daily import TRADING_DAYS

Estimator = Literal["sessions", "ewma"]


def volatility(returns: FloatArray, *, estimator: Estimator = "sessions", decay: float = 0.94) -> float:
    """Return the annualised volatility of daily returns, a decimal fraction.

    Args:
        returns: shape (n,), n >= 2, simple returns, oldest first.
        estimator: ``sessions``: sqrt(252) x sample deviation (ddof 1) of all of them; ``ewma``: the square
            root of 252 x the mean square, weighted by powers of `decay` (RiskMetrics: no mean is taken off).
        decay: of the weights from one session to the one before it, between 0 and 1.
    """
    if estimator == "ewma":
        weights = decay ** np.arange(len(returns) - 1, -1, -1, dtype=np.float64)
        variance = float(np.sum(weights * returns**2) / np.sum(weights))
    else:
        variance = float(np.var(returns, ddof=1))
    return math.sqrt(variance * TRADING_DAYS)


def exposure(target: float, sigma: float, *, cap: float = 1.0) -> float:
    """Return min(cap, target / sigma): the share of the equity whose volatility is `target`.

    Args:
        target: annualised volatility that is wanted, decimal fraction.
        sigma: measured, at least 0.
        cap: never more; also what a market that does not move at all gets.
    """
    return cap if sigma <= 0 else min(cap, target / sigma)


def banded(wanted: float, last: float | None, *, band: float = 0.1) -> float:
    """Return `last` while `wanted` is within `band` (decimal fraction of `last`) of it, else `wanted`.

    Small changes would be traded every day and cost more than they are worth. None: nothing was chosen yet.
    """
    if last is None or abs(wanted - last) > band * last:
        return wanted
    return last


def portfolio_returns(
    weights: Mapping[str, float], history: Mapping[str, Bars], window: int
) -> FloatArray | None:
    """Return the last `window` daily returns of today's weights, held then: shape (window,), oldest first.

    Only sessions on which every weighted symbol has a bar count. None: there are not enough of them.
    """
    symbols = [symbol for symbol, weight in sorted(weights.items()) if weight > 0]
    if not symbols or any(symbol not in history for symbol in symbols):
        return None
    tails = {symbol: _tail(history[symbol], window) for symbol in symbols}
    shared = tails[symbols[0]].dates
    for symbol in symbols[1:]:
        shared = np.intersect1d(shared, tails[symbol].dates)
    if len(shared) < window + 1:
        return None
    shared = shared[-window - 1 :]
    total = np.zeros(window)
    for symbol in symbols:
        bars = tails[symbol]
        close = bars.close[np.searchsorted(bars.dates, shared)]
        total += weights[symbol] * (close[1:] / close[:-1] - 1)
    return total


def _tail(bars: Bars, window: int) -> Bars:
    """Return the newest rows that can matter: twice the window, for symbols that miss sessions."""
    return bars.take(np.arange(max(0, len(bars) - 2 * (window + 1)), len(bars)))
