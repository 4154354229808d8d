"""Small markets for the tests of v3.5b."""

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import Bars


def bars(
    symbol: str,
    close: list[float] | NDArray[np.float64],
    volume: NDArray[np.float64] | None = None,
    start: str = "2015-01-05",
    dates: NDArray[np.datetime64] | None = None,
) -> Bars:
    """Bars on consecutive business days; open, high and low equal the close."""
    close = np.asarray(close, dtype=float)
    if dates is None:
        dates = np.busday_offset(start, np.arange(len(close)), roll="forward").astype("datetime64[D]")
    volume = np.full(len(close), 1e6) if volume is None else np.asarray(volume, dtype=float)
    return Bars(symbol, dates, close, close, close, close, volume, source="test")


def random_walk(symbol: str, n: int, seed: int, scale: float = 0.012, price: float = 100.0) -> Bars:
    """A geometric random walk whose volatility changes now and then, with random volume."""
    random = np.random.default_rng(seed)
    calm = np.repeat(random.uniform(0.3, 2.5, n // 20 + 1), 20)[:n]
    close = price * np.exp(np.cumsum(random.normal(0.0002, scale, n) * calm))
    return bars(symbol, close, random.uniform(5e5, 5e6, n))


def market(n: int = 400, seed: int = 1) -> dict[str, Bars]:
    """QQQ and TLT."""
    return {"QQQ": random_walk("QQQ", n, seed), "TLT": random_walk("TLT", n, seed + 1000, 0.008)}
