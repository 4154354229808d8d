"""Results of strategies day by day, and how much they move together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np

from backtest.core.bars import FloatArray
from backtest.research.opening_range_breakout.figures import Trade

#: Fewer common days say nothing about a correlation.
MIN_SHARED_DAYS: Final = 200


def daily_results(days: Sequence[date], eligible: set[date], trades: Sequence[Trade]) -> FloatArray:
    """Return one result in R a day, shape (days,): 0 on eligible days without a trade, NaN on the others."""
    results = {trade.day: trade.result_r for trade in trades}
    return np.array([results.get(day, 0.0) if day in eligible else np.nan for day in days])


def correlation(one: FloatArray, other: FloatArray, min_shared: int = MIN_SHARED_DAYS) -> float | None:
    """Return the correlation of two series on the days that both have.

    None where it is not known: fewer than `min_shared` such days, or a series that does not vary on them.
    """
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < max(min_shared, 2):
        return None
    first, second = one[both] - one[both].mean(), other[both] - other[both].mean()
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / scale if scale > 0 else None


def correlation_matrix(series: Mapping[str, FloatArray], min_shared: int = MIN_SHARED_DAYS) -> FloatArray:
    """Return the correlations of all pairs, in the order of `series`: 1 on the diagonal, NaN if unknown."""
    names = list(series)
    matrix = np.eye(len(names))
    for row, name in enumerate(names):
        for column in range(row):
            found = correlation(series[name], series[names[column]], min_shared)
            matrix[row, column] = matrix[column, row] = np.nan if found is None else found
    return matrix
