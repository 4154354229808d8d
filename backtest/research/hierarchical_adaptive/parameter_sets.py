"""Thousands of v3.5b parameter sets over one history: weights-level backtests, compiled, on all cores.

A weights-level backtest trades fractions of shares at the closing price (opening windows: at the next
open), pays a percentage of what it moves and knows no whole shares, reserve or limits. It ranks parameter
sets; the allocation simulator judges the chosen one. Every set recomputes all of its indicators.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np

from backtest.core.bars import Bars, FloatArray
from backtest.core.errors import DataError, UsageError
from backtest.indicators.daily import TRADING_DAYS, smoothing_lengths
from backtest.research.hierarchical_adaptive.compiled import FIELDS, LEGS, STATISTICS, backtest_sets
from backtest.simulator.windows import OPENING
from backtest.strategies.hierarchical_adaptive.parameters import Parameters, parse
from backtest.strategies.hierarchical_adaptive.series import newest_rows, weight_table

_SYMBOLS = (
    "signal_symbol",
    "treasury_trend_symbol",
    "core_long_symbol",
    "leveraged_long_symbol",
    "inverse_hedge_symbol",
    "bull_bond_symbol",
    "bear_bond_symbol",
)


@dataclass(frozen=True, slots=True, eq=False)
class PreparedBars:
    """The bars of one search as the arrays the compiled loop reads; read-only, shared by all threads.

    Attributes:
        close, volume: shape (n,), of the signal symbol.
        bond_close: shape (m,), of the treasury symbol; empty without one.
        bond_rows: shape (n,), row of the newest treasury bar on or before each session, -1 for none.
        opens, closes: shape (n * 5,), [5 * session + leg], prices to trade at, NaN where the leg has no bar.
        marks: the same with the last known close, to value holdings at.
        start: first session that may trade.
    """

    close: FloatArray
    volume: FloatArray
    bond_close: FloatArray
    bond_rows: np.ndarray[Any, np.dtype[np.intp]]
    opens: FloatArray
    closes: FloatArray
    marks: FloatArray
    start: int


@dataclass(frozen=True, slots=True, eq=False)
class Summaries:
    """Results, one entry per parameter set, shape (sets,).

    Attributes:
        final_equity: of 1.0 invested at the start.
        annual_return: geometric, decimal fraction per 252 sessions.
        volatility: sqrt(252) * sample deviation of daily returns.
        sharpe: sqrt(252) * mean / deviation of daily returns, no risk-free rate; 0 without deviation.
        sortino: the same with the root mean square of negative returns.
        max_drawdown: largest fall from a peak, positive decimal fraction.
        rebalances: how often the weights were traded.
        turnover: sum over the rebalances of value moved / equity.
    """

    final_equity: FloatArray
    annual_return: FloatArray
    volatility: FloatArray
    sharpe: FloatArray
    sortino: FloatArray
    max_drawdown: FloatArray
    rebalances: FloatArray
    turnover: FloatArray


def run_many(
    prices: Mapping[str, Bars],
    parameter_sets: Iterable[Parameters | Mapping[str, Any]],
    *,
    cost_pct: float = 0.0,
    start: date | None = None,
    end: date | None = None,
    threads: int | None = None,
) -> Summaries:
    """Backtest every parameter set over the same bars.

    Args:
        prices: bars by symbol; a leg without bars is never traded.
        parameter_sets: validated parameters, or mappings of what differs from golden. All must name the same
            symbols.
        cost_pct: cost of every unit of value moved, in percent.
        start: first session that may trade (the history before it warms up); default the first.
        end: last session; default the last.
        threads: default one per core this process may use.

    Raises:
        ParameterError: a set is not valid.
        UsageError: no sets, or sets with different symbols.
        DataError: no bars of the signal symbol in the range.
    """
    sets = [item if isinstance(item, Parameters) else parse(item) for item in parameter_sets]
    if not sets:
        raise UsageError("no parameter sets to run")
    market = prepare(prices, sets, start=start, end=end)
    settings, weights = matrices(sets)
    statistics = np.zeros((len(sets), len(STATISTICS)))
    run = backtest_sets()
    workers = max(1, min(threads or cores(), len(sets)))
    # A few pieces per worker even out cores that are not equally free.
    pieces = np.array_split(np.arange(len(sets)), workers if len(sets) < 64 else 4 * workers)

    def piece(rows: np.ndarray[Any, np.dtype[np.intp]]) -> None:
        part = slice(int(rows[0]), int(rows[-1]) + 1)
        run_piece(run, market, settings[part], weights[part], cost_pct, statistics[part])

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(piece, pieces))
    return summarise(statistics, len(market.close) - market.start)


def equity_curve(
    prices: Mapping[str, Bars],
    parameters: Parameters,
    *,
    cost_pct: float = 0.0,
    start: date | None = None,
    end: date | None = None,
) -> FloatArray:
    """Return the equity of one weights-level backtest, shape (sessions from `start` to `end`,), from 1.0."""
    market = prepare(prices, [parameters], start=start, end=end)
    settings, weights = matrices([parameters])
    statistics = np.zeros((1, len(STATISTICS)))
    return run_piece(backtest_sets(), market, settings, weights, cost_pct, statistics)[market.start :]


def run_piece(
    run: Any,
    market: PreparedBars,
    settings: FloatArray,
    weights: FloatArray,
    cost_pct: float,
    statistics: FloatArray,
) -> FloatArray:
    """Run the rows of `settings` through the compiled loop; return the equity of the last one."""
    equity: FloatArray = np.empty(len(market.close))
    run(
        settings,
        weights,
        market.close,
        market.volume,
        market.bond_close,
        market.bond_rows,
        market.opens,
        market.closes,
        market.marks,
        market.start,
        cost_pct / 100,
        statistics,
        equity,
    )
    return equity


def prepare(
    prices: Mapping[str, Bars],
    sets: Sequence[Parameters],
    *,
    start: date | None = None,
    end: date | None = None,
) -> PreparedBars:
    """Align the bars of all legs with the sessions of the signal symbol, up to `end`."""
    first = sets[0]
    for other in sets[1:]:
        if any(getattr(other, name) != getattr(first, name) for name in _SYMBOLS):
            raise UsageError("parameter sets name different symbols", remedy="run them separately")
    known = {symbol: bars.until(end) if end else bars for symbol, bars in prices.items()}
    signal = known.get(first.signal_symbol)
    if signal is None or not len(signal):
        raise DataError("no bars of the signal symbol", where=first.signal_symbol)
    begin = int(np.searchsorted(signal.dates, np.datetime64(start, "D"))) if start else 0
    if begin >= len(signal):
        raise DataError(f"no session on or after {start}", where=signal.symbol)
    treasury = known.get(first.treasury_trend_symbol)
    legs = [_aligned(known.get(symbol), signal) for symbol in first.legs]
    empty: FloatArray = np.empty(0)
    return PreparedBars(
        close=np.ascontiguousarray(signal.close),
        volume=np.ascontiguousarray(signal.volume),
        bond_close=empty if treasury is None else np.ascontiguousarray(treasury.close),
        bond_rows=np.full(len(signal), -1) if treasury is None else newest_rows(signal, treasury),
        opens=np.column_stack([leg[0] for leg in legs]).ravel(),
        closes=np.column_stack([leg[1] for leg in legs]).ravel(),
        marks=np.column_stack([leg[2] for leg in legs]).ravel(),
        start=begin,
    )


def summarise(statistics: FloatArray, sessions: int) -> Summaries:
    """Turn the sums of the compiled loop into the figures people compare."""
    final, total, squares, downside, drawdown, rebalances, turnover = statistics.T
    mean = total / sessions
    variance = np.maximum(squares - total * mean, 0.0) / max(sessions - 1, 1)
    deviation = np.sqrt(variance)
    return Summaries(
        final_equity=final,
        annual_return=np.maximum(final, 0.0) ** (TRADING_DAYS / sessions) - 1.0,
        volatility=np.sqrt(TRADING_DAYS) * deviation,
        sharpe=_ratio(mean, deviation),
        sortino=_ratio(mean, np.sqrt(downside / sessions)),
        max_drawdown=drawdown,
        rebalances=rebalances,
        turnover=turnover,
    )


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _ratio(mean: FloatArray, risk: FloatArray) -> FloatArray:
    out: FloatArray = np.zeros_like(mean)
    np.divide(np.sqrt(TRADING_DAYS) * mean, risk, out=out, where=risk > 0.0)
    return out


def _aligned(bars: Bars | None, signal: Bars) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return open, close and last known close at the sessions of `signal`, NaN where there is none."""
    nothing: FloatArray = np.full(len(signal), np.nan)
    if bars is None or not len(bars):
        return nothing, nothing, nothing
    rows = newest_rows(signal, bars)
    exact = (rows >= 0) & (bars.dates[rows] == signal.dates)
    return (
        np.where(exact, bars.open[rows], np.nan),
        np.where(exact, bars.close[rows], np.nan),
        np.where(rows >= 0, bars.close[rows], np.nan),
    )


def matrices(sets: Sequence[Parameters]) -> tuple[FloatArray, FloatArray]:
    """Return settings, shape (sets, len(FIELDS)), and target weights, shape (sets, 18 * 5)."""
    settings = np.array([_settings(p) for p in sets], dtype=np.float64)
    weights = np.array(
        [
            flat_weights(p.leverage_scalar, p.use_inverse_hedge, p.w_PSQ_max, p.max_bond_weight, p.legs)
            for p in sets
        ]
    )
    return settings, weights


def _settings(p: Parameters) -> list[float]:
    wait, length, second = smoothing_lengths(p.osc_smoothness, p.strength_smoothness, p.double_smoothing)
    named = {
        "symmetric": p.symmetric_volume_adjustment,
        "wait": wait,
        "length": length,
        "second": second,
        "lag": p.execution_time in OPENING,
    }
    return [float(named[name] if name in named else getattr(p, name)) for name in FIELDS]


@lru_cache(maxsize=256)
def flat_weights(
    leverage: float, hedge: bool, hedge_max: float, bonds_max: float, legs: tuple[str, ...]
) -> tuple[float, ...]:
    """Return the weight table flattened to [5 * case + leg], legs of one symbol added up in one."""
    table = weight_table(
        Parameters(
            leverage_scalar=leverage,
            use_inverse_hedge=hedge,
            w_PSQ_max=hedge_max,
            max_bond_weight=bonds_max,
        )
    )
    flat = []
    for row in table:
        merged = [0.0] * LEGS
        for leg in range(LEGS):
            merged[legs.index(legs[leg])] += row[leg]
        flat += merged
    return tuple(flat)
