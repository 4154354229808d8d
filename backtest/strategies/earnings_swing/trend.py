"""The weekly trailing stop: which weeks end below their indicator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.indicators.weekly import WeeklyBars, breaks, n_week_low, weekly_ema
from backtest.strategies.earnings_swing.parameters import EarningsParameters
from backtest.strategies.terms import Boundary


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


def trend_limits(checks: Iterable[Mapping[str, Any]]) -> tuple[Boundary, ...]:
    """Return the indicator of every position that is held on, as the limit its weekly close must not break.

    `checks` are those of the diagnostics: symbol, exit, close, indicator.
    """
    return tuple(
        Boundary(
            changes=f"{check['symbol']} is sold",
            figure="weekly close",
            direction="below",
            limit=float(check["indicator"]),
            now=float(check["close"]),
            symbol=str(check["symbol"]),
        )
        for check in checks
        if not check.get("exit") and check.get("close") is not None and check.get("indicator") is not None
    )
