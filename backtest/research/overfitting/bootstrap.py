"""Resampling of days in blocks: the stationary bootstrap of Politis and Romano (1994)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray


def resampled_counts(periods: int, block: float, draws: int, seed: int) -> FloatArray:
    """Return how often each period is drawn, shape (draws, periods): a mean of a resample is counts @ x / n.

    Args:
        periods: length of the series; it wraps around.
        block: mean length of a block, at least 1.
        draws: number of resamples.
        seed: draw k depends on the seed and k only.
    """
    found: FloatArray = np.empty((draws, periods))
    for k in range(draws):
        found[k] = np.bincount(
            stationary(periods, block, np.random.default_rng([seed, k])), minlength=periods
        )
    return found


def stationary(periods: int, block: float, random: np.random.Generator) -> NDArray[np.int64]:
    """Return one resample as row numbers, shape (periods,): blocks of geometric length, mean `block`."""
    begins = random.random(periods) < 1.0 / max(block, 1.0)
    begins[0] = True
    starts = random.integers(0, periods, periods)
    positions = np.arange(periods)
    last = np.maximum.accumulate(np.where(begins, positions, 0))
    rows: NDArray[np.int64] = (starts[last] + positions - last) % periods
    return rows


def block_length(series: FloatArray) -> float:
    """Return the mean block length for the stationary bootstrap of a series, shape (periods,).

    D. Politis and H. White (2004) with the correction of Patton, Politis and White (2009); at least 1, at
    most min(3 sqrt(n), n / 3) as they advise. A series that does not vary has 1.
    """
    return _optimal_lengths(series)[0]


def circular_block_length(series: FloatArray) -> float:
    """Return the block length for the circular bootstrap; see `block_length`."""
    return _optimal_lengths(series)[1]


def _optimal_lengths(series: FloatArray) -> tuple[float, float]:
    n = len(series)
    centred = series - series.mean()
    if n < 10 or not (centred**2).mean() > 1e-24:
        return 1.0, 1.0
    most = np.ceil(min(3.0 * np.sqrt(n), n / 3.0))
    wide = max(5, int(np.log10(n)))
    longest = int(np.ceil(np.sqrt(n))) + wide
    # autocovariances and correlations of the overlapping parts, each with its own norm
    covariances = np.empty(longest + 1)
    correlations = np.empty(longest + 1)
    for lag in range(longest + 1):
        early, late = centred[: n - lag], centred[lag:]
        covariances[lag] = (early @ late) / n
        norm = np.sqrt((early @ early) * (late @ late))
        correlations[lag] = abs(early @ late) / norm if norm > 0 else 0.0
    limit = 2.0 * np.sqrt(np.log10(n) / n)
    bandwidth = _bandwidth(correlations, limit, wide, longest)
    weights = np.array(
        [1.0 if lag / bandwidth <= 0.5 else 2.0 * (1.0 - lag / bandwidth) for lag in range(bandwidth + 1)]
    )
    lags = np.arange(bandwidth + 1)
    parts = weights * covariances[: bandwidth + 1]
    slope = 2.0 * float((lags * parts).sum())
    density = float(parts[0] + 2.0 * parts[1:].sum())
    if density == 0.0:
        return 1.0, 1.0
    stationary_length = (slope**2 / density**2) ** (1 / 3) * n ** (1 / 3)
    circular_length = (2.0 * slope**2 / (4.0 / 3.0 * density**2)) ** (1 / 3) * n ** (1 / 3)
    return (
        float(min(max(stationary_length, 1.0), most)),
        float(min(max(circular_length, 1.0), most)),
    )


def _bandwidth(correlations: FloatArray, limit: float, wide: int, longest: int) -> int:
    """Return twice the first lag from which on `wide` correlations in a row are small, at most `longest`."""
    for lag in range(1, longest - wide + 1):
        if (correlations[lag : lag + wide] < limit).all():
            return min(2 * lag, longest)
    return longest
