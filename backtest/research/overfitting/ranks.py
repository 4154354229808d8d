"""Correlation of ranks."""

from __future__ import annotations

import numpy as np

from backtest.core.bars import FloatArray


def spearman(one: FloatArray, other: FloatArray) -> float | None:
    """Return Spearman's rank correlation, ties averaged; None below two pairs or without any variation."""
    if len(one) < 2:
        return None
    left, right = average_ranks(one), average_ranks(other)
    left, right = left - left.mean(), right - right.mean()
    norm = np.sqrt((left @ left) * (right @ right))
    return float((left @ right) / norm) if norm > 0 else None


def average_ranks(values: FloatArray) -> FloatArray:
    """Return the rank of each value, 1 being the lowest; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    found: FloatArray = ((ends - counts + 1 + ends) / 2)[inverse]
    return found
