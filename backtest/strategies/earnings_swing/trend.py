"""The weekly trailing stop: which weeks end below their indicator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.indicators.weekly import WeeklyBars, breaks, n_week_low, weekly_ema
from backtest.strategies.earnings_swing.parameters import EarningsParameters


def trailing_indicator(weekly: WeeklyBars, parameters: EarningsParameters) -> FloatArray:
    """Return the indicator a weekly close is compared with, shape (n,), NaN where undefined."""
    if parameters.trailing_stop == "weekly_ema":
        return weekly_ema(weekly.close, parameters.trailing_ema_period)
    if parameters.trailing_stop == "weekly_nweek_low":
        return n_week_low(weekly.low, parameters.trailing_nweek_period)
    return np.full(len(weekly), np.nan)


def broken_weeks(weekly: WeeklyBars, parameters: EarningsParameters) -> NDArray[np.bool_]:
    """Tell for every week whether its close is below the trailing indicator, shape (n,)."""
    return breaks(weekly.close, trailing_indicator(weekly, parameters))
