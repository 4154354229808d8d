"""Bars from five columns, for tests that make or change them column by column."""

from collections.abc import Iterable

from backtest.core.bars import Bars, DateArray, FloatArray


def bars_of_columns(symbol: str, dates: DateArray, columns: Iterable[FloatArray], source: str = "") -> Bars:
    """Bars from open, high, low, close and volume in this order, each of the length of `dates`."""
    open_, high, low, close, volume = columns
    return Bars(symbol, dates, open_, high, low, close, volume, source)
