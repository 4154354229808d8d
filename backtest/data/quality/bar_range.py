"""The prices inside one bar: is each a price, and do high and low lie where the session can have been?"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from backtest.core.bars import Bars, FloatArray
from backtest.data.quality.findings import IMPOSSIBLE, PriceFinding, price_error
from backtest.data.quality.robust import log_ratio, sigma_before

#: farthest high and low from open and close: the larger of a fraction and of usual daily steps, never over a
#: log step; real flash crashes reach farther down (2010-05-06) than any session has reached up
_WICKS = (("high", 0.15, 10.0, 0.40), ("low", 0.15, 24.0, 0.60))


def judge_range(bars: Bars, usual: FloatArray) -> Iterator[PriceFinding]:
    """Yield values that are no prices, and highs and lows too far from open and close.

    Args:
        bars: one history.
        usual: shape (n,), its close-to-close log steps.
    """
    yield from _impossible(bars)
    for field, fraction, sigmas, most in _WICKS:
        body = np.maximum(bars.open, bars.close) if field == "high" else np.minimum(bars.open, bars.close)
        far = np.abs(log_ratio(getattr(bars, field), body))
        with np.errstate(invalid="ignore"):
            large = np.flatnonzero(far > math.log1p(fraction))
        for row in large.tolist():
            sigma = sigma_before(row, usual)
            if far[row] > min(most, max(math.log1p(fraction), sigmas * sigma)):
                yield _wick_error(bars, row, field, float(body[row]), sigma)


def _wick_error(bars: Bars, row: int, field: str, body: float, sigma: float) -> PriceFinding:
    price = float(getattr(bars, field)[row])
    text = f"{field} {price:.6g} is {price / body:.4g} times open and close, a usual day moves {sigma:.1%}"
    return price_error(bars.symbol, bars.dates[row].item(), price, text, field)


def _impossible(bars: Bars) -> Iterator[PriceFinding]:
    for field in ("open", "high", "low", "close"):
        values = getattr(bars, field)
        for row in np.flatnonzero(~((values > 0) & (values < IMPOSSIBLE))).tolist():
            price = float(values[row])
            yield PriceFinding(
                bars.symbol,
                bars.dates[row].item(),
                "price",
                "error",
                f"{field} {price:g} is no price",
                "correct or remove the row",
                field=field,
            )
