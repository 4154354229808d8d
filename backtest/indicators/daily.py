"""Indicators as array functions: whole history in, one value per bar out, NaN where not defined.

No row looks ahead: row t depends on rows 0 .. t only, so the value of a session is the same whether later
bars are present or not, to the last bit. The loops themselves are in `backtest.indicators.kernels`.
"""

from __future__ import annotations

import numpy as np

from backtest.core.bars import FloatArray
from backtest.indicators import kernels

TRADING_DAYS = 252


def _blank(rows: int) -> list[float]:
    return [float("nan")] * rows


def _array(column: list[float]) -> FloatArray:
    return np.array(column, dtype=np.float64)


def sma(values: FloatArray, window: int) -> FloatArray:
    """Return the simple moving average.

    Args:
        values: shape (n,), finite.
        window: number of values averaged, the current one included, >= 1.

    Returns:
        Shape (n,), in the unit of `values`; NaN on the first `window - 1` rows. A constant window gives
        exactly its value.
    """
    out = _blank(len(values))
    scratch = [0.0] * min(window, len(values))
    kernels.rolling_mean(values.tolist(), window, scratch, out)
    return _array(out)


def realised_volatility(close: FloatArray, window: int) -> FloatArray:
    """Return the annualised volatility of daily log returns: sqrt(252) * sample deviation (ddof = 1).

    Args:
        close: shape (n,), positive closes.
        window: number of returns, >= 2.

    Returns:
        Shape (n,), decimal fraction per year; NaN on the first `window` rows; exactly 0 where the
        returns do not differ by more than their own rounding.
    """
    n = len(close)
    out, returns = _blank(n), _blank(n)
    size = min(window, n)
    kernels.realised_volatility(close.tolist(), window, returns, [0.0] * size, [0.0] * size, _blank(n), out)
    return _array(out)


def average_true_range(high: FloatArray, low: FloatArray, close: FloatArray, window: int) -> FloatArray:
    """Return Wilder's average true range: ATR(t) = ATR(t-1) + (TR(t) - ATR(t-1)) / window.

    TR(t) = max(high, close(t-1)) - min(low, close(t-1)) from row 1 on; the first value is the mean of
    TR(1) .. TR(window).

    Args:
        high: shape (n,), of one symbol.
        low: shape (n,).
        close: shape (n,).
        window: >= 1.

    Returns:
        Shape (n,), currency per share; NaN on the first `window` rows.
    """
    out = _blank(len(close))
    ranges = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])
    if len(ranges) < window:
        return _array(out)
    level = float(np.mean(ranges[:window]))
    out[window] = level
    for row, true_range in enumerate(ranges[window:].tolist(), start=window + 1):
        level += (true_range - level) / window
        out[row] = level
    return _array(out)


def volatility_z_score(sigma: FloatArray, first: int, window: int) -> FloatArray:
    """Return how many sample deviations each volatility lies above the mean of the last `window` ones.

    Args:
        sigma: shape (n,), volatilities, defined from row `first` on.
        first: first defined row.
        window: length of the baseline, the current value included, >= 2.

    Returns:
        Shape (n,), dimensionless; NaN before row `first + window - 1`; 0 where the baseline does not vary.
    """
    n = len(sigma)
    out = _blank(n)
    size = min(window, n)
    kernels.volatility_z(sigma.tolist(), first, window, [0.0] * size, [0.0] * size, _blank(n), _blank(n), out)
    return _array(out)


def kalman_trend(
    close: FloatArray,
    volume: FloatArray,
    *,
    measurement_noise: float,
    process_noise_1: float,
    process_noise_2: float,
    osc_smoothness: int,
    strength_smoothness: int,
    t_max: float,
    symmetric: bool = False,
    double_smoothing: bool = False,
) -> FloatArray:
    """Return the normalised trend T_norm of a volume-adjusted Kalman filter.

    A filter for level and slope runs over the closes; its innovations, relative to the largest of the last
    500, are smoothed by one or two linearly weighted means, divided by `t_max` and clipped.

    Args:
        close: shape (n,), positive closes.
        volume: shape (n,), shares; a bar without volume counts with the plain noise.
        measurement_noise: variance of a close around the level, scaled by previous over current volume.
        process_noise_1: variance added to the level per bar.
        process_noise_2: variance added to the slope per bar.
        osc_smoothness: length of the first weighted mean, at most 20 are used.
        strength_smoothness: innovations needed before the first oscillator (at most 500), and the length of
            the second weighted mean (none above 20).
        t_max: trend that counts as 1.
        symmetric: let the noise also grow on falling volume.
        double_smoothing: apply the second weighted mean.

    Returns:
        Shape (n,), in [-1, 1], 0 during the warm-up; never NaN.
    """
    n = len(close)
    wait, length, second = smoothing_lengths(osc_smoothness, strength_smoothness, double_smoothing)
    innovations, oscillator, out = _blank(n), _blank(n), _blank(n)
    if n:
        kernels.kalman_innovations(
            close.tolist(),
            volume.tolist(),
            measurement_noise,
            process_noise_1,
            process_noise_2,
            symmetric,
            innovations,
        )
    ring = [0.0] * (kernels.RING_MASK + 1)
    rows = [0] * (kernels.RING_MASK + 1)
    count = kernels.oscillators(innovations, wait, ring, rows, oscillator)
    kernels.smoothed_trend(oscillator, count, wait, length, second, t_max, _blank(n), out)
    return _array(out)


def smoothing_lengths(
    osc_smoothness: int, strength_smoothness: int, double_smoothing: bool
) -> tuple[int, int, int]:
    """Return the effective (innovations to wait for, first mean, second mean or 0) of `kalman_trend`."""
    wait = min(strength_smoothness, kernels.MAX_MAGNITUDES)
    length = min(osc_smoothness, kernels.MAX_SMOOTHED)
    second = wait if double_smoothing and wait <= kernels.MAX_SMOOTHED else 0
    return wait, length, second
