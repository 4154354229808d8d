"""Other prices than the ones that were: with noise, in another order, with shocks. Bars in, new bars out.

A fund never goes apart from its index: what moves the index moves the fund by its daily multiple.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import Bars, FloatArray
from backtest.core.errors import DataError
from backtest.data.quality.relations import PriceRelation
from backtest.research.overfitting.bootstrap import stationary

#: sessions of the deviation that noise is measured in
_WINDOW: Final = 21
_NOISE: Final = 1
_ORDER: Final = 2
History = Mapping[str, Bars]
Relations = Sequence[PriceRelation]


def generator(seed: int, stream: int, number: int) -> np.random.Generator:
    """Return the random numbers of one history: a function of seed, purpose and its number."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, number)))


def promised(relations: Relations, symbol: str) -> tuple[str, float]:
    """Return whose moves a symbol follows and how many times; itself, once, when it is no fund."""
    return next(((r.index, r.multiple) for r in relations if r.symbol == symbol), (symbol, 1.0))


def with_factor(bars: Bars, factor: FloatArray) -> Bars:
    """Return bars with the four prices of each row times a factor, high and low around open and close."""
    opens, highs, lows, closes = (p * factor for p in (bars.open, bars.high, bars.low, bars.close))
    return replace(
        bars,
        open=opens,
        high=np.maximum.reduce([opens, highs, lows, closes]),
        low=np.minimum.reduce([opens, highs, lows, closes]),
        close=closes,
    )


def with_returns(bars: Bars, rows: NDArray[np.int64], returns: FloatArray) -> Bars:
    """Return bars whose closes have these returns at some rows (none of them 0); all other returns stay."""
    changes = bars.close[1:] / bars.close[:-1]
    changes[rows - 1] = 1.0 + returns
    close = bars.close[0] * np.concatenate([[1.0], np.cumprod(changes)])
    return with_factor(bars, close / bars.close)


def noisy(history: History, relations: Relations, size: float, seed: int, number: int) -> dict[str, Bars]:
    """Return bars with noise on every price.

    Each close is multiplied by exp(e), e normal with `size` times the deviation of the index's last 21 log
    returns; open, high and low by the same factor. A fund takes its multiple times e of its index.
    """
    random = generator(seed, _NOISE, number)
    roots = sorted({promised(relations, symbol)[0] for symbol in history})
    drawn = {
        root: (history[root].dates, size * _deviation(history[root].close) * random.standard_normal(length))
        for root in roots
        if root in history and (length := len(history[root]))
    }
    found = {}
    for symbol, bars in history.items():
        root, multiple = promised(relations, symbol)
        dates, noise = drawn.get(root, drawn.get(symbol, (bars.dates, np.zeros(len(bars)))))
        found[symbol] = with_factor(bars, np.exp(multiple * _at(dates, noise, bars)))
    return found


def reordered(
    history: History, days: tuple[date, date], block: float, seed: int, number: int
) -> dict[str, Bars]:
    """Return bars whose sessions between two days come in blocks, in another order, all symbols together.

    Bars before the first day stay. Sessions on which a symbol has no bar are left out; those after the last
    day too. Prices go on from the close before; the dates stay in order.

    Args:
        history: bars by symbol.
        days: first and last session.
        block: mean length of a block (stationary bootstrap).
        seed: of every order.
        number: which order.

    Raises:
        DataError: no session on which every symbol has a bar and one before.
    """
    common = reduce(np.intersect1d, (bars.since(days[0]).until(days[1]).dates for bars in history.values()))
    while len(common) and any(bars.dates[0] >= common[0] for bars in history.values()):
        common = common[1:]
    if not len(common):
        raise DataError("no session on which every symbol has a bar and one before", where="monte-carlo")
    order = stationary(len(common), block, generator(seed, _ORDER, number))
    return {symbol: _in_order(bars, common, order) for symbol, bars in history.items()}


def _in_order(bars: Bars, dates: NDArray[np.datetime64], order: NDArray[np.int64]) -> Bars:
    rows = np.searchsorted(bars.dates, dates)
    before = bars.close[rows - 1]
    ratios = {name: (getattr(bars, name)[rows] / before)[order] for name in ("open", "high", "low", "close")}
    close = before[0] * np.cumprod(ratios["close"])
    reference = np.concatenate([[before[0]], close[:-1]])
    kept = slice(0, int(rows[0]))
    columns = {
        name: np.concatenate([getattr(bars, name)[kept], reference * ratio]) for name, ratio in ratios.items()
    }
    columns["close"] = np.concatenate([bars.close[kept], close])
    return replace(
        bars,
        dates=np.concatenate([bars.dates[kept], dates]),
        volume=np.concatenate([bars.volume[kept], bars.volume[rows][order]]),
        open=columns["open"],
        high=columns["high"],
        low=columns["low"],
        close=columns["close"],
    )


def _deviation(close: FloatArray) -> FloatArray:
    """Return the sample deviation of the last 21 log returns per row; rows before have the first one."""
    found: FloatArray = np.zeros(len(close))
    changes = np.diff(np.log(close))
    if len(changes) < 2:
        return found
    window = min(_WINDOW, len(changes))
    found[window:] = np.lib.stride_tricks.sliding_window_view(changes, window).std(axis=1, ddof=1)
    found[:window] = found[window]
    return found


def _at(dates: NDArray[np.datetime64], values: FloatArray, bars: Bars) -> FloatArray:
    """Return the value of each row's day; 0 for days without one."""
    if not len(dates):
        return np.zeros(len(bars))
    rows = np.minimum(np.searchsorted(dates, bars.dates), len(dates) - 1)
    found: FloatArray = np.where(dates[rows] == bars.dates, values[rows], 0.0)
    return found
