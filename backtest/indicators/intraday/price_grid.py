"""The grid that prices lie on, and prices as whole steps of it, where sums and comparisons are exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from backtest.core.bars import FloatArray
from backtest.core.errors import DataError
from backtest.core.intraday_bars import PRICES, IntradayBars

MAX_DECIMALS: Final = 8
#: A double holds every whole number up to this one.
_NOISE: Final = 1e-9
_EXACT: Final = 2.0**53


@dataclass(frozen=True, slots=True)
class PriceGrid:
    """Prices as whole numbers of 1/`scale`."""

    scale: int

    def steps(self, prices: FloatArray) -> FloatArray:
        """Return prices, shape (n,), as whole numbers held in doubles."""
        return np.rint(prices * self.scale)

    def difference(self, high: float, low: float) -> float:
        """Return the difference of two prices of the grid, as close as a double can say it."""
        return (round(high * self.scale) - round(low * self.scale)) / self.scale

    def finer(self, factor: int) -> PriceGrid:
        """Return the grid with `factor` times as many steps."""
        return PriceGrid(self.scale * factor)


def grid_of(bars: IntradayBars) -> PriceGrid:
    """Return the coarsest decimal grid that holds every price of the bars.

    Raises:
        DataError: prices have more than eight decimals, as adjusted ones do.
    """
    columns = [getattr(bars, name) for name in PRICES]
    for decimals in range(MAX_DECIMALS + 1):
        scale = 10**decimals
        if all(_whole(column, scale) for column in columns):
            return PriceGrid(scale)
    raise DataError(
        f"prices have more than {MAX_DECIMALS} decimals, so there are no ticks to count in",
        where=bars.symbol,
        remedy="give prices as they were traded, or calculate in plain doubles: --compat",
    )


def _whole(column: FloatArray, scale: int) -> bool:
    """Tell whether every value is a multiple of 1/`scale` but for the noise of calculated doubles."""
    scaled = column * scale
    steps = np.rint(scaled)
    if not len(column):
        return True
    return bool(steps.max() < _EXACT / 1000 and np.abs(steps / scale - column).max() <= _NOISE)
