"""How much positions move together: correlation of daily returns over the sessions that two share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from backtest.core.bars import Bars, FloatArray

WINDOW: Final = 60
#: fewer shared sessions say nothing: the pair counts as one position
MIN_SHARED: Final = 30


def correlation(
    one: Bars | None, other: Bars | None, *, window: int = WINDOW, min_shared: int = MIN_SHARED
) -> float:
    """Return the correlation of two symbols' daily returns over their last `window` shared sessions, 0 to 1.

    Never negative: a hedge that worked need not work again. 1 when fewer than `min_shared` returns are
    shared, or when one of them did not move: nothing is known then, and unknown is not independent.
    """
    if one is None or other is None:
        return 1.0
    days = np.intersect1d(one.dates[-2 * window :], other.dates[-2 * window :])[-window - 1 :]
    if len(days) - 1 < min_shared:
        return 1.0
    first, second = _returns(one, days), _returns(other, days)
    first, second = first - first.mean(), second - second.mean()
    # Multiplied in a fixed order, so that both orders of a pair give the same bits.
    square = float(np.sum(first * first)) * float(np.sum(second * second))
    if square <= 0:
        return 1.0
    return min(1.0, max(0.0, float(np.sum(first * second)) / float(np.sqrt(square))))


def matrix(
    symbols: Sequence[str],
    history: Mapping[str, Bars],
    *,
    window: int = WINDOW,
    min_shared: int = MIN_SHARED,
) -> FloatArray:
    """Return the correlations of symbols, shape (n, n), in their order: symmetric, ones on the diagonal."""
    out = np.ones((len(symbols), len(symbols)))
    for row, name in enumerate(symbols):
        for column in range(row):
            pair = history.get(name), history.get(symbols[column])
            out[row, column] = out[column, row] = correlation(*pair, window=window, min_shared=min_shared)
    return out


def _returns(bars: Bars, days: np.ndarray) -> FloatArray:
    close = bars.close[np.searchsorted(bars.dates, days)]
    returns: FloatArray = close[1:] / close[:-1] - 1
    return returns
