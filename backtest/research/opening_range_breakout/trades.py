"""Outcomes as trades: results in R, rounded as they are kept, and the marks of unusual ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.core.intraday_bars import IntradayBars
from backtest.simulator.intraday.outcomes import IntArray, Outcomes
from backtest.strategies.opening_range_breakout import rules
from backtest.strategies.opening_range_breakout.instruments import R_DECIMALS, Instrument

Result = Literal["win", "loss", "scratch"]
#: Result by the answer of the bar that ended a trade.
RESULTS: Final[tuple[Result, ...]] = ("scratch", "win", "loss", "loss")
FLAGS: Final = ("fp_touch", "beyond_stop", "entry_bar_exit", "ambiguous", "gap_stop")


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """Columns over the axes of `Outcomes`: events, models, confirms, ratios.

    Attributes:
        outcomes: what they were made of.
        entered: there is a trade.
        stop: price of the stop.
        risk: points from entry to stop.
        answer: as in `Outcomes`.
        exit_row: row of the exit; of the last bar of the day for a scratch.
        exit_price: target, stop, or for a scratch the close of that bar.
        result_r: after costs, rounded; of a scratch as of that close.
        mae_r, mfe_r: worst and best excursion, rounded.
        flags: what holds for a trade, by name (`FLAGS`).
    """

    outcomes: Outcomes
    entered: NDArray[np.bool_]
    stop: FloatArray
    risk: FloatArray
    answer: IntArray
    exit_row: IntArray
    exit_price: FloatArray
    result_r: FloatArray
    mae_r: FloatArray
    mfe_r: FloatArray
    flags: dict[str, NDArray[np.bool_]]


def trades_of(bars: IntradayBars, outcomes: Outcomes, instrument: Instrument) -> Trades:
    """Return the trades of outcomes, which were found in `bars`, at the costs of an instrument."""
    shape = outcomes.target.shape
    side = _per_event([one.side for one in outcomes.breaks], shape)
    stop = _per_event([rules.stop_of(one.side, one.high, one.low) for one in outcomes.breaks], shape)
    entry_row = np.broadcast_to(outcomes.entry_row[..., None], shape)
    entry = np.broadcast_to(outcomes.entry_price[..., None], shape)
    entered = entry_row >= 0
    scratch = outcomes.answer == rules.OPEN
    won = outcomes.answer == rules.TARGET
    last = _per_event([one.end - 1 for one in outcomes.breaks], shape, int)
    exit_row = np.where(scratch, last, outcomes.exit_row)
    exit_price = np.where(scratch, bars.close[exit_row], np.where(won, outcomes.target, stop))
    risk = np.abs(entry - stop)
    points = np.where(won, risk * _ratios(outcomes), side * (exit_price - entry))
    lost = ~(scratch | won)
    result = np.where(lost, -1.0, instrument.result_r(points, risk))
    flags = {
        "fp_touch": outcomes.inexact,
        "beyond_stop": rules.entry_is_beyond_stop(side, entry, stop),
        "entry_bar_exit": ~scratch & (exit_row == entry_row),
        "ambiguous": outcomes.answer == rules.BOTH,
        "gap_stop": lost & (exit_row > entry_row) & rules.gapped_through(side, bars.open[exit_row], stop),
    }
    return Trades(
        outcomes=outcomes,
        entered=entered,
        stop=stop,
        risk=risk,
        answer=outcomes.answer,
        exit_row=exit_row,
        exit_price=exit_price,
        result_r=rounded(result),
        mae_r=rounded(instrument.excursion_r(outcomes.worst, risk)),
        mfe_r=rounded(instrument.excursion_r(outcomes.best, risk)),
        flags={name: flag & entered for name, flag in flags.items()},
    )


def rounded(values: FloatArray) -> FloatArray:
    """Return values with the decimals that results are kept with, rounded as decimal numbers are."""
    flat = [round(value, R_DECIMALS) for value in values.ravel().tolist()]
    return np.array(flat, dtype=np.float64).reshape(values.shape)


def _per_event(values: Sequence[float], shape: tuple[int, ...], kind: type = float) -> NDArray[Any]:
    """Return one value per event over all axes; the kind is said for there may be no event."""
    return np.broadcast_to(np.array(values, dtype=kind).reshape(-1, 1, 1, 1), shape)


def _ratios(outcomes: Outcomes) -> FloatArray:
    return np.array([float(ratio) for ratio in outcomes.grid.ratios])
