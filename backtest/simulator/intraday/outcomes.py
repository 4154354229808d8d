"""Every outcome of a grid of strategies on the breaks of a history of minute bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.core.errors import DataError
from backtest.core.intraday_bars import PRICES, IntradayBars
from backtest.indicators.intraday.price_grid import PriceGrid, grid_of
from backtest.simulator.intraday.breaks import OpeningRange
from backtest.simulator.intraday.compiled import compiled_outcomes, outcomes_as_they_are
from backtest.simulator.intraday.grid import Grid
from backtest.strategies.opening_range_breakout import rules
from backtest.strategies.opening_range_breakout.strategy_key import ENTRY_MODELS

IntArray = NDArray[np.int64]
#: Outcomes from which on compiling the walk costs less than walking without.
_COMPILING_PAYS: Final = 1_000
_NO_ENTRY: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Outcomes of breaks, models, confirm counts and ratios: the axes of the arrays, in this order.

    Attributes:
        breaks: the ranges that were broken, shape (events,).
        grid: models, confirm counts and ratios.
        entry_row: shape (events, models, confirms): row of the entry, -1 without one.
        entry_price: same shape, in points; meaningless without an entry, like all that follows.
        target: shape (events, models, confirms, ratios), in points.
        exit_row: same shape: row that ended the trade, -1 when only the end of the day did.
        answer: same shape: `rules.OPEN`, TARGET, STOP or BOTH.
        worst, best: same shape, in points, not negative: excursions against the entry and with it.
        inexact: same shape: plain doubles and whole ticks end the trade differently.
    """

    breaks: tuple[OpeningRange, ...]
    grid: Grid
    entry_row: IntArray
    entry_price: FloatArray
    target: FloatArray
    exit_row: IntArray
    answer: IntArray
    worst: FloatArray
    best: FloatArray
    inexact: NDArray[np.bool_]


def outcomes_of(bars: IntradayBars, ranges: Sequence[OpeningRange], grid: Grid, *, compat: bool) -> Outcomes:
    """Return the outcome of every broken range for every strategy of the grid.

    Args:
        bars: minute bars, the ones that the ranges were found in.
        ranges: with their breaks; those without one are left out.
        grid: entry models, confirm counts and ratios.
        compat: True: plain doubles, as the reference was made; False: whole ticks, where an exact touch is a
            touch. Both are calculated when prices lie on a grid, to mark the outcomes in which they differ.

    Raises:
        DataError: the prices lie on no decimal grid and whole ticks are wanted.
    """
    breaks = tuple(one for one in ranges if one.side)
    doubles = walk_of(bars, breaks, grid, None)
    try:
        ticks = grid_of(bars).finer(grid.denominator)
    except DataError:
        if not compat:
            raise
        steps = doubles
    else:
        steps = walk_of(bars, breaks, grid, ticks)
    differ = (_won(doubles) != _won(steps)) | (doubles.exit_row != steps.exit_row)
    taken = doubles if compat else steps
    return Outcomes(
        breaks=breaks,
        grid=grid,
        entry_row=taken.entry_row,
        entry_price=taken.entry_price,
        target=taken.target,
        exit_row=taken.exit_row,
        answer=taken.answer,
        worst=taken.worst,
        best=taken.best,
        inexact=differ,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """The columns that `loops.outcomes` fills."""

    entry_row: IntArray
    entry_price: FloatArray
    target: FloatArray
    exit_row: IntArray
    answer: IntArray
    worst: FloatArray
    best: FloatArray


def walk_of(bars: IntradayBars, breaks: Sequence[OpeningRange], grid: Grid, steps: PriceGrid | None) -> Walk:
    """Return all outcomes, calculated in doubles, or in whole steps when a grid of prices is given."""

    def number(values: FloatArray) -> FloatArray:
        counted = values.copy() if steps is None else steps.steps(values)
        counted.flags.writeable = False  # as the columns of bars are: one compiled walk for both
        return counted

    prices = tuple(getattr(bars, name) if steps is None else number(getattr(bars, name)) for name in PRICES)
    edges = (
        number(np.array([one.high for one in breaks], dtype=np.float64)),
        number(np.array([one.low for one in breaks], dtype=np.float64)),
    )
    rows = tuple(
        np.array([getattr(one, name) for one in breaks], dtype=np.int64) for name in ("row", "end", "side")
    )
    models = np.array([ENTRY_MODELS[name] for name in grid.models], dtype=np.int64)
    confirm = np.array(grid.confirm_bars, dtype=np.int64)
    whole = steps is not None
    numerators = np.array([r.numerator if whole else float(r) for r in grid.ratios], dtype=np.float64)
    denominators = np.array([r.denominator if whole else 1.0 for r in grid.ratios], dtype=np.float64)
    entry = (len(breaks), len(models), len(confirm))
    trade = (*entry, len(numerators))
    walk = Walk(
        entry_row=np.full(entry, _NO_ENTRY, dtype=np.int64),
        entry_price=np.zeros(entry),
        target=np.zeros(trade),
        exit_row=np.full(trade, -1, dtype=np.int64),
        answer=np.full(trade, rules.OPEN, dtype=np.int64),
        worst=np.zeros(trade),
        best=np.zeros(trade),
    )
    run = compiled_outcomes() if walk.target.size >= _COMPILING_PAYS else outcomes_as_they_are
    run(
        prices,
        rows,
        edges,
        (models, confirm),
        (numerators, denominators),
        (walk.entry_row, walk.entry_price),
        (walk.target, walk.exit_row, walk.answer, walk.worst, walk.best),
    )
    return walk if steps is None else _in_points(walk, rows[2], steps)


def _won(walk: Walk) -> NDArray[np.bool_]:
    won: NDArray[np.bool_] = walk.answer == rules.TARGET
    return won


def _in_points(walk: Walk, sides: IntArray, steps: PriceGrid) -> Walk:
    """Return a walk in points; excursions are again differences of prices, as in a walk in doubles."""
    side = sides.reshape(-1, 1, 1, 1)
    entry = walk.entry_price / steps.scale

    def excursion(column: FloatArray, sign: int) -> FloatArray:
        extreme = (walk.entry_price[..., None] + sign * side * column) / steps.scale
        return sign * side * (extreme - entry[..., None]) + 0.0  # no negative zero

    return replace(
        walk,
        entry_price=entry,
        target=walk.target / steps.scale,
        worst=excursion(walk.worst, -1),
        best=excursion(walk.best, 1),
    )
