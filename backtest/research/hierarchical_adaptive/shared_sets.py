"""Many v3.5b parameter sets over one history, every shared series computed once.

The same weights-level backtests as `parameter_sets`, to the last bit: a filter depends on its noises only, a
trend on filter and smoothing, an average on its window. Each unique series of a chunk of sets is computed
once (`shared_plan` finds them), and what is left for a single set is a case per bar and its book. A set whose
figures are not finite is run again by the loop of `compiled`, which stays the definition.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np

from backtest.core.bars import FloatArray
from backtest.indicators import kernels
from backtest.research.compiling import compile_loop
from backtest.research.hierarchical_adaptive import shared_kernels as shared
from backtest.research.hierarchical_adaptive.compiled import STATISTICS, backtest_sets
from backtest.research.hierarchical_adaptive.parameter_sets import PreparedBars, run_piece
from backtest.research.hierarchical_adaptive.shared_plan import plan_of
from backtest.strategies.hierarchical_adaptive import kernels as rules


class Tables(NamedTuple):
    """Classes of one byte, shape (unique, sessions), and the noise factors of all bars."""

    above: Any
    volatility: Any
    bond: Any
    plain: Any
    symmetric: Any


class Filters(NamedTuple):
    """Work space of the filters that run side by side; `state` holds their noises between the tiles."""

    noise: Any
    q1: Any
    q2: Any
    state: Any
    block: Any
    scaled: Any
    suffix: Any
    oscillators: Any
    finite: Any


class Queue(NamedTuple):
    """Trades of the books that run side by side: newest of each session, links to the one before."""

    heads: Any
    links: Any
    trades: Any
    sets: Any
    lags: Any


_KERNELS: Final = (
    kernels.rolling_mean,
    kernels.rolling_deviation,
    kernels.realised_volatility,
    kernels.volatility_z,
    rules.trade_legs,
    *shared.KERNELS,
)


def run_shared(
    market: PreparedBars, settings: FloatArray, weights: FloatArray, cost_pct: float
) -> FloatArray:
    """Run every row of `settings`; return the statistics, shape (sets, len(STATISTICS)).

    Args:
        market: of `parameter_sets.prepare`.
        settings: shape (sets, len(FIELDS)), as `parameter_sets.matrices` makes them.
        weights: shape (sets, 18 * 5), of the same.
        cost_pct: cost of every unit of value moved, in percent.
    """
    statistics: FloatArray = np.full((len(settings), len(STATISTICS)), np.nan)
    shared_loop()(
        plan_of(settings),
        settings,
        weights,
        market.close,
        market.volume,
        market.bond_close,
        market.bond_rows,
        market.opens,
        market.closes,
        np.nan_to_num(market.marks, nan=0.0),  # what has no price yet is not held: 0 units of it
        market.start,
        cost_pct / 100,
        statistics,
    )
    odd = np.flatnonzero(~np.isfinite(statistics).all(axis=1))
    if len(odd):
        again = np.zeros((len(odd), len(STATISTICS)))
        run_piece(backtest_sets(), market, settings[odd], weights[odd], cost_pct, again)
        statistics[odd] = again
    return statistics


@cache
def shared_loop() -> Callable[..., None]:
    """Return the compiled loop over a chunk of sets; it releases the interpreter lock.

    Raises:
        SettingsError: numba is not installed.
    """
    steps = (_averages, _volatility, _bonds, _tables, _filters, _queue, _filter_tile)
    return compile_loop(_loop, (*_KERNELS, *steps), (kernels, rules, shared))


def _averages(close: Any, plan: Any, scratch: Any, above: Any) -> None:
    """Fill `above[pair]` with 1 where the fast average is above the slow one."""
    n = len(close)
    means = np.full((len(plan.windows), n), np.nan)
    for k in range(len(plan.windows)):
        kernels.rolling_mean(close, plan.windows[k], scratch, means[k])
    for pair in range(len(plan.fast_of)):
        fast = means[plan.fast_of[pair]]
        slow = means[plan.slow_of[pair]]
        for t in range(n):
            above[pair, t] = 1 if fast[t] > slow[t] else 0


def _volatility(settings: Any, close: Any, plan: Any, table: Any) -> None:
    """Fill `table[state]` with High and crush; states of one volatility and baseline lie side by side."""
    n = len(close)
    work = np.full((7, n), np.nan)
    sigma = work[0]
    z_score = work[1]
    known = -1
    for k in range(len(plan.state_sets)):
        s = settings[plan.state_sets[k]]
        if plan.level_of[k] != known:
            known = plan.level_of[k]
            window = int(s[10])
            work[:2] = np.nan
            kernels.realised_volatility(close, window, work[2], work[3], work[4], work[5], sigma)
            kernels.volatility_z(sigma, window, int(s[11]), work[3], work[4], work[5], work[6], z_score)
        first = plan.first[plan.state_sets[k]]
        shared.volatility_states(z_score, sigma, first, int(s[12]), s[15], s[16], s[17], table[k])


def _bonds(settings: Any, bond_close: Any, bond_rows: Any, plan: Any, table: Any) -> None:
    """Fill `table[bond]`: 0 no bonds, 1 bull, 2 bear."""
    m = len(bond_close)
    work = np.empty((3, m))
    for k in range(len(plan.bond_sets)):
        s = settings[plan.bond_sets[k]]
        if s[20] > 0.0 and m > 0:
            work[:2] = np.nan
            kernels.rolling_mean(bond_close, int(s[18]), work[2], work[0])
            kernels.rolling_mean(bond_close, int(s[19]), work[2], work[1])
            shared.bond_states(work[0], work[1], bond_rows, table[k])


def _tables(plan: Any, settings: Any, close: Any, volume: Any, bond_close: Any, bond_rows: Any) -> Any:
    n = len(close)
    tables = Tables(
        np.empty((len(plan.fast_of), n), dtype=np.int8),
        np.zeros((len(plan.state_sets), n), dtype=np.int8),
        np.zeros((len(plan.bond_sets), n), dtype=np.int8),
        np.empty(n),
        np.empty(n),
    )
    _averages(close, plan, np.empty(n), tables.above)
    _volatility(settings, close, plan, tables.volatility)
    _bonds(settings, bond_close, bond_rows, plan, tables.bond)
    shared.noise_ratios(volume, tables.plain, tables.symmetric)
    return tables


def _filters(stride: int) -> Any:
    lanes = shared.FILTERS
    return Filters(
        np.empty(lanes),
        np.empty(lanes),
        np.empty(lanes),
        np.zeros(10 * lanes),
        np.empty(shared.BLOCK * lanes),
        np.empty(shared.BLOCK * lanes),
        np.zeros((shared.BLOCK + 1) * lanes),
        np.zeros(lanes * stride),
        np.zeros(lanes, dtype=np.bool_),
    )


def _queue(n: int) -> Any:
    return Queue(
        np.full(n, -1, dtype=np.int32),
        np.empty(shared.BOOKS * n, dtype=np.int32),
        np.empty(shared.BOOKS * n, dtype=np.int32),
        np.zeros(shared.BOOKS, dtype=np.int64),
        np.zeros(shared.BOOKS, dtype=np.bool_),
    )


def _filter_tile(tile: int, plan: Any, settings: Any, close: Any, tables: Any, work: Any, stride: int) -> int:
    """Run the filters from number `tile` on that are of one kind; return the number after the last one."""
    mirrored = settings[plan.filter_sets[tile], 3] > 0.0
    last = tile
    while last < len(plan.filter_sets) and last - tile < shared.FILTERS:
        s = settings[plan.filter_sets[last]]
        if (s[3] > 0.0) != mirrored:
            break
        work.noise[last - tile] = s[0]
        work.q1[last - tile] = s[1]
        work.q2[last - tile] = s[2]
        last += 1
    ratio = tables.symmetric if mirrored else tables.plain
    shared.filter_tile(close, ratio, last - tile, work, stride)
    return last


def _loop(digest: str) -> Callable[..., None]:
    def run(
        plan: Any,
        settings: Any,
        weights: Any,
        close: Any,
        volume: Any,
        bond_close: Any,
        bond_rows: Any,
        opens: Any,
        closes: Any,
        marks: Any,
        start: int,
        cost: float,
        statistics: Any,
    ) -> None:
        """Run all sets; rows of sets whose filter overflowed are left as they came."""
        if len(digest) == 0:  # the digest is part of the cache key only because it is used
            return
        n = len(close)
        stride = n + 8  # not a power of two: rows of all lanes would share one set of the cache
        tables = _tables(plan, settings, close, volume, bond_close, bond_rows)
        filters = _filters(stride)
        queue = _queue(n)
        books = np.empty(shared.BOOK_VALUES * shared.BOOKS)
        trend, first_pass = np.empty(n), np.empty(n)
        trend_class, case = np.empty(n, dtype=np.int8), np.empty(n, dtype=np.int8)
        used, queued, tile, tile_end = 0, 0, 0, 0
        now_trend, now_class = -1, -1
        for k in range(len(plan.order)):
            index = plan.order[k]
            s = settings[index]
            if plan.class_of[index] != now_class:
                now_class = plan.class_of[index]
                if plan.trend_of[now_class] != now_trend:
                    now_trend = plan.trend_of[now_class]
                    if plan.filter_of[now_trend] >= tile_end:
                        tile = plan.filter_of[now_trend]
                        tile_end = _filter_tile(tile, plan, settings, close, tables, filters, stride)
                    lane = stride * (plan.filter_of[now_trend] - tile)
                    oscillator = filters.oscillators[lane : lane + n]
                    shared.trend_row(oscillator, int(s[4]), int(s[5]), int(s[6]), first_pass, trend)
                shared.trend_classes(trend, s[7], s[13], s[14], trend_class)
            if filters.finite[plan.filter_of[now_trend] - tile]:
                volatility = tables.volatility[plan.state_of[index]]
                bond = tables.bond[plan.bond_of[index]]
                shared.case_row(tables.above[plan.pair_of[index]], trend_class, volatility, bond, case)
                first = plan.first[index]
                used = shared.queue_trades(
                    case, first, start, int(s[22]), weights[index], s[21], queued, queue, used
                )
                queue.sets[queued] = index
                queue.lags[queued] = s[22] > 0.0
                queued += 1
            if queued == shared.BOOKS or (queued > 0 and k == len(plan.order) - 1):
                shared.books(start, queued, weights, queue, opens, closes, marks, cost, books, statistics)
                used, queued = 0, 0

    return run
