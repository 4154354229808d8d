"""What the risk rules read of prices: newest closes, best closes, true ranges, as they were on a day."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from backtest.indicators.daily import average_true_range
from backtest.indicators.weekly import week_number, week_numbers
from backtest.trading.risk.correlation import correlation
from backtest.trading.risk.volatility import portfolio_returns, volatility

if TYPE_CHECKING:
    from backtest.core.bars import Bars, FloatArray
    from backtest.trading.risk.rules import CorrelationLimit, VolatilityEstimate


class PriceSeries:
    """Bars of many symbols; nothing after the day asked about is read. Series are computed once a symbol."""

    def __init__(self, history: Mapping[str, Bars]) -> None:
        self._history = history
        self._ranges: dict[tuple[str, int], FloatArray] = {}

    def known(self, symbol: str, day: date) -> Bars | None:
        """Return the bars of a symbol up to a day, None without any."""
        bars = self._history.get(symbol)
        cut = None if bars is None else bars.until(day)
        return cut if cut is not None and len(cut) else None

    def close(self, symbol: str, day: date) -> float | None:
        """Return the newest close on or before a day."""
        bars = self.known(symbol, day)
        return None if bars is None else float(bars.close[-1])

    def best_close(self, symbol: str, since: date, day: date) -> float | None:
        """Return the highest close from one day to another, both included; None without a bar there."""
        bars = self.known(symbol, day)
        held = None if bars is None else bars.since(since)
        return float(held.close.max()) if held is not None and len(held) else None

    def atr(self, symbol: str, day: date, window: int) -> float | None:
        """Return Wilder's average true range of the newest bar on or before a day, None when too few."""
        bars = self._history.get(symbol)
        known = self.known(symbol, day)
        if bars is None or known is None:
            return None
        key = (symbol, window)
        if key not in self._ranges:
            self._ranges[key] = average_true_range(bars.high, bars.low, bars.close, window)
        value = float(self._ranges[key][len(known) - 1])
        return None if math.isnan(value) else value

    def low_of_weeks(self, symbol: str, day: date, weeks: int) -> float | None:
        """Return the lowest low of the `weeks` weeks before the week of a day, None when one has no bar."""
        bars, this = self.known(symbol, day), week_number(day)
        if bars is None:
            return None
        numbers = week_numbers(bars.dates)
        rows = (numbers >= this - weeks) & (numbers < this)
        whole = len(np.unique(numbers[rows])) == weeks
        return float(bars.low[rows].min()) if whole else None

    def sigma(self, weights: Mapping[str, float], day: date, how: VolatilityEstimate) -> float | None:
        """Return the annualised volatility of weights, a decimal fraction; None: too short a history."""
        known = {s: bars for s in weights if (bars := self.known(s, day)) is not None}
        returns = portfolio_returns(weights, known, how.window)
        return None if returns is None else volatility(returns, estimator=how.estimator, decay=how.decay)

    def correlation(self, one: str, other: str, day: date, how: CorrelationLimit) -> float:
        """Return the correlation of two symbols on a day (`backtest.trading.risk.correlation`)."""
        bars = self.known(one, day), self.known(other, day)
        return correlation(*bars, window=how.window, min_shared=how.min_shared)
