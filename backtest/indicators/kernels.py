"""The number crunching of the rules as plain scalar loops: one source, interpreted and compiled.

The stages run these functions interpreted over lists (about 14 ms for 17 years of daily bars, no compiler to
import); research compiles the very same functions. Both give the same bits, because nothing here depends on
the order a library sums in, and no fused or vectorised operation is used.

Conventions: every function fills columns it is given and allocates nothing; rows that are not defined are
left as they came (callers pre-fill NaN); scratch columns need at least `window` cells. A window of w rows
that ends at row t always contains exactly one row b that is a multiple of w. Sums are accumulated from b
outwards over x - x[b], so no window inherits rounding from rows outside it, and a constant window gives its
value and a deviation of exactly zero.
"""

from __future__ import annotations

import math
from typing import Any, Protocol


class Column(Protocol):
    """A list of floats or a float64 array, shape (n,)."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Any: ...
    def __setitem__(self, index: int, value: Any, /) -> None: ...


ANNUAL = math.sqrt(252.0)
#: Deviations of daily log returns below this are rounding of the prices (2^-53 each), not volatility.
RETURN_NOISE = 1e-14
#: Relative deviations of a volatility below this are rounding of the volatility.
RELATIVE_NOISE = 1e-12
MAX_MAGNITUDES = 500
RING_MASK = 511
MAX_SMOOTHED = 20


def rolling_mean(values: Column, window: int, scratch: Column, out: Column) -> None:
    """Fill `out[t]` with the mean of `values[t - window + 1 .. t]`, from row `window - 1` on."""
    n = len(values)
    for b in range(0, n, window):
        anchor = values[b]
        total = 0.0
        if b > 0:
            scratch[0] = 0.0
            for k in range(1, window):
                total += values[b - k] - anchor
                scratch[k] = total
        total = 0.0
        for t in range(b, min(b + window, n)):
            total += values[t] - anchor
            left = b + window - 1 - t
            if left == 0:
                out[t] = anchor + total / window
            elif b > 0:
                out[t] = anchor + (scratch[left] + total) / window


def rolling_deviation(
    values: Column,
    first: int,
    window: int,
    sums: Column,
    squares: Column,
    mean: Column,
    deviation: Column,
) -> None:
    """Fill mean and sample standard deviation (ddof = 1) of the last `window` values.

    `values` is defined from row `first` on; outputs from row `first + window - 1` on. `sums` and `squares`
    are scratch. As x[b] lies inside the window, the cancellation in q - s^2/w costs at most a factor w.
    """
    n = len(values)
    for b in range(first, n, window):
        anchor = values[b]
        s = 0.0
        q = 0.0
        if b > first:
            sums[0] = 0.0
            squares[0] = 0.0
            for k in range(1, window):
                d = values[b - k] - anchor
                s += d
                q += d * d
                sums[k] = s
                squares[k] = q
        s = 0.0
        q = 0.0
        for t in range(b, min(b + window, n)):
            d = values[t] - anchor
            s += d
            q += d * d
            left = b + window - 1 - t
            if left == 0 or b > first:
                total = s if left == 0 else sums[left] + s
                square = q if left == 0 else squares[left] + q
                shift = total / window
                mean[t] = anchor + shift
                variance = (square - total * shift) / (window - 1)
                deviation[t] = math.sqrt(variance) if variance > 0.0 else 0.0


def realised_volatility(
    close: Column, window: int, returns: Column, sums: Column, squares: Column, mean: Column, out: Column
) -> None:
    """Fill `out[t]` = sqrt(252) * sample deviation of the last `window` log returns, from row `window` on."""
    n = len(close)
    for t in range(1, n):
        returns[t] = math.log(close[t] / close[t - 1])
    rolling_deviation(returns, 1, window, sums, squares, mean, out)
    for t in range(window, n):
        deviation = out[t]
        out[t] = ANNUAL * deviation if deviation > RETURN_NOISE else 0.0


def volatility_z(
    sigma: Column,
    first: int,
    window: int,
    sums: Column,
    squares: Column,
    mean: Column,
    deviation: Column,
    out: Column,
) -> None:
    """Fill `out[t]` = (sigma_t - mean) / deviation over the last `window` sigmas, 0 where they do not differ.

    `sigma` is defined from row `first` on.
    """
    rolling_deviation(sigma, first, window, sums, squares, mean, deviation)
    for t in range(first + window - 1, len(sigma)):
        if deviation[t] > RELATIVE_NOISE * mean[t]:
            out[t] = (sigma[t] - mean[t]) / deviation[t]
        else:
            out[t] = 0.0


def kalman_innovations(
    close: Column, volume: Column, noise: float, q1: float, q2: float, symmetric: bool, out: Column
) -> None:
    """Fill `out[t]` with the innovation of a level-and-slope Kalman filter; row 0 has none.

    The measurement noise is scaled by the volume of the bar before over this one's (section 3 of the rules).
    """
    p = close[0]
    v = 0.0
    a = 1.0
    b = 0.0
    c = 0.0
    d = 1.0
    previous = volume[0]
    for t in range(1, len(close)):
        p = p + v
        a = a + b + c + d + q1
        b = b + d
        c = c + d
        d = d + q2
        current = volume[t]
        ratio = 1.0
        if current > 0.0 and (symmetric or previous < current):
            ratio = previous / current
        previous = current
        y = close[t] - p
        s = a + noise * ratio
        k1 = a / s
        k2 = c / s
        p = p + k1 * y
        v = v + k2 * y
        d = d - k2 * b
        b = (1.0 - k1) * b
        c = c - k2 * a
        a = (1.0 - k1) * a
        out[t] = y


def oscillators(innovations: Column, wait: int, ring: Column, rows: Column, out: Column) -> int:
    """Fill `out[0 .. k-1]` with 100 * innovation / (largest magnitude of the last 500); return k.

    Nothing is recorded before `wait` innovations are known. `ring` and `rows` (at least 512 cells) hold a
    queue of falling magnitudes, so each row costs a constant time on average.
    """
    head = 0
    tail = 0
    count = 0
    for t in range(1, len(innovations)):
        y = innovations[t]
        size = abs(y)
        while tail > head and ring[(tail - 1) & RING_MASK] <= size:
            tail -= 1
        ring[tail & RING_MASK] = size
        rows[tail & RING_MASK] = t
        tail += 1
        if rows[head & RING_MASK] <= t - MAX_MAGNITUDES:
            head += 1
        if t >= wait:
            largest = ring[head & RING_MASK]
            out[count] = 100.0 * y / largest if largest > 0.0 else 0.0
            count += 1
    return count


def weighted_mean(values: Column, end: int, length: int) -> float:
    """Return the linearly weighted mean of `values[end - length .. end - 1]`, the newest weighing most."""
    total = 0.0
    for i in range(length):
        total += (i + 1) * values[end - length + i]
    return total / (length * (length + 1) / 2)


def smoothed_trend(
    oscillator: Column,
    count: int,
    wait: int,
    length: int,
    second: int,
    t_max: float,
    smoothed: Column,
    out: Column,
) -> None:
    """Fill `out` with the trend divided by `t_max` and clipped to [-1, 1].

    Row `wait + k` belongs to oscillator k. `length` = values in the first weighted mean, `second` = values in
    the second one, 0 when there is no second pass.
    """
    for t in range(min(wait + length - 1, len(out))):
        out[t] = 0.0
    held = 0
    for k in range(length - 1, count):
        trend = weighted_mean(oscillator, k + 1, length)
        if second > 0:
            smoothed[held] = trend
            held += 1
            if held >= second:
                trend = weighted_mean(smoothed, held, second)
        trend = trend / t_max
        if trend > 1.0:
            trend = 1.0
        elif trend < -1.0:
            trend = -1.0
        out[wait + k] = trend
