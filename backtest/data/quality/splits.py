"""Splits as prices and share counts show them: the ratios that occur, and what looks like one."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray

BoolArray = NDArray[np.bool_]

#: a first price after a split misses the exact factor by the move of that night: at most this fraction
NEAR: Final = 0.04
#: shares of large splits, both ways
SPLITS: Final = (
    *(1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0),
    *(12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0),
)
# Forward 5:4 and 4:3 occur; their reverses do not, and would take a rise of a quarter for one.
_FORWARD = (Fraction(5, 4), Fraction(4, 3), Fraction(3, 2), *map(Fraction, range(2, 11)))
_LARGE = tuple(map(Fraction, (12, 15, 20, 25, 30, 40, 50, 100)))
#: new shares per old share
RATIOS: Final = tuple(
    sorted((*_FORWARD, *_LARGE, *(1 / ratio for ratio in (*_FORWARD[2:], *_LARGE))), reverse=True)
)
_LOG_FACTORS: Final = np.log([float(1 / ratio) for ratio in RATIOS])  # ascending: prices fall most first


def split_factor(ratio: float) -> float | None:
    """Return the price factor of the split that `ratio` (new price / old price) looks like, None for none."""
    shares = split_ratio(ratio, tolerance=0.005)
    return None if shares is None else float(1 / shares)


def split_ratio(price_ratio: float, tolerance: float = NEAR) -> Fraction | None:
    """Return the split (new shares per old share) whose price factor is nearest to `price_ratio`.

    Args:
        price_ratio: new price / old price.
        tolerance: decimal fraction by which it may miss the exact factor; None is returned beyond it.
    """
    if not (math.isfinite(price_ratio) and price_ratio > 0):
        return None
    nearest = min(RATIOS, key=lambda ratio: abs(price_ratio * float(ratio) - 1))
    return nearest if abs(price_ratio * float(nearest) - 1) <= tolerance else None


def near_split(price_ratios: FloatArray) -> BoolArray:
    """Tell of each price ratio whether it lies within `NEAR` of the factor of a split; NaN does not."""
    with np.errstate(all="ignore"):
        logs = np.log(price_ratios)
    place = np.clip(np.searchsorted(_LOG_FACTORS, logs), 1, len(_LOG_FACTORS) - 1)
    nearest = np.where(
        np.abs(_LOG_FACTORS[place - 1] - logs) < np.abs(_LOG_FACTORS[place] - logs), place - 1, place
    )
    near: BoolArray = np.abs(price_ratios / np.exp(_LOG_FACTORS[nearest]) - 1) <= NEAR
    return near


def describe_factor(ratio: float) -> str:
    """Return in words what a common factor of all prices looks like."""
    factor = split_factor(ratio)
    if factor is None:
        return "looks like a dividend or other price adjustment"
    return (
        f"looks like a {1 / factor:g}-for-1 split"
        if factor < 1
        else f"looks like a 1-for-{factor:g} reverse split"
    )
