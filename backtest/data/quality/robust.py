"""Robust statistics of a price history: steps between sessions and their usual size."""

from __future__ import annotations

from typing import Final

import numpy as np

from backtest.core.bars import DateArray, FloatArray

#: sessions of history that say what is usual
WINDOW: Final = 60
_FEWEST = 20
#: daily sigma of a symbol with too little history to tell
SIGMA_UNKNOWN: Final = 0.02
_MOST = 50.0  # a factor of 5e21: enough for any fault, and its exponential stays finite
_TO_SIGMA = 1.4826  # of a normal distribution: 1 / its 75 % quantile


def log_ratio(now: FloatArray, before: FloatArray) -> FloatArray:
    """Return log(now / before), cut to +-50; NaN where either is no positive, finite number."""
    with np.errstate(all="ignore"):
        steps: FloatArray = np.log(now) - np.log(before)
    return np.clip(np.where(np.isfinite(steps), steps, np.nan), -_MOST, _MOST)


def overnight(now: FloatArray, close: FloatArray) -> FloatArray:
    """Return the log step from each previous close to `now` of the row; shape (n,), the first is NaN."""
    steps = np.full(len(close), np.nan)
    steps[1:] = log_ratio(now[1:], close[:-1])
    return steps


def medians(values: FloatArray) -> FloatArray:
    """Return the median of each row, shape (..., n) to (...), NaN where a row holds one.

    `np.median` gives the same numbers, but loads numpy.ma, which a daily run pays for with 10 ms.
    """
    ordered = np.sort(values, axis=-1)  # NaN last
    count = values.shape[-1]
    with np.errstate(invalid="ignore"):
        middle: FloatArray = (ordered[..., (count - 1) // 2] + ordered[..., count // 2]) / 2
    return np.where(np.isnan(ordered[..., -1]), np.nan, middle)


def sigma_before(row: int, steps: FloatArray) -> float:
    """Return the usual size of a daily close-to-close step before `row`: 1.4826 x median |step|.

    The median of `WINDOW` steps does not feel single outliers, so a bad price does not excuse the next one.
    Fewer than 20 known steps give `SIGMA_UNKNOWN`.
    """
    past = steps[max(0, row - WINDOW) : row]
    known = np.abs(past[~np.isnan(past)])
    return float(_TO_SIGMA * medians(known)) if len(known) >= _FEWEST else SIGMA_UNKNOWN


def sessions_since_previous(dates: DateArray) -> FloatArray:
    """Return how many sessions a step spans, shape (n,): 1, or the weekdays passed when they are more than 3.

    A holiday or two do not count; a history with missing sessions may move further from row to row.
    """
    passed = np.ones(len(dates))
    weekdays = np.busday_count(dates[:-1], dates[1:]).astype(np.float64)
    passed[1:] = np.where(weekdays > 3, weekdays, 1.0)
    return passed
