"""The loops of `shared_sets`: the arithmetic of the rules, bar by bar in their order, many sets side by side.

Every sum is taken in the order of `backtest.indicators.kernels` and of the strategy's own kernels, so the
results have the same bits; only what lies beside each other in memory differs. Tables hold one row per unique
input, flat, shape (rows * n,). These functions are compiled, never interpreted.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backtest.indicators import kernels
from backtest.strategies.hierarchical_adaptive import kernels as rules

#: Filters that run side by side.
FILTERS = 64
#: Books that run side by side.
BOOKS = 32
#: Rows of the maximum's blocks: the window of the largest magnitude.
BLOCK = kernels.MAX_MAGNITUDES
#: Values per book in the state of a tile: cash, five units, then what the statistics need.
CASH, UNITS, BEFORE, PEAK, SUM, SQUARES, DOWNSIDE, DRAWDOWN, REBALANCES, TURNOVER = (
    0,
    1,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
)
BOOK_VALUES = 14


def noise_ratios(volume: Any, plain: Any, symmetric: Any) -> None:
    """Fill the factor of the measurement noise of every bar, as `kalman_innovations` takes it."""
    for t in range(1, len(volume)):
        previous = volume[t - 1]
        current = volume[t]
        plain[t] = previous / current if current > 0.0 and previous < current else 1.0
        symmetric[t] = previous / current if current > 0.0 else 1.0


def filter_start(price: float, lanes: int, work: Any) -> None:
    """Set the state of `lanes` filters, [value * FILTERS + lane]: p, v, a, b, c, d, then the noises."""
    state = work.state
    for s in range(lanes):
        state[s] = price
        state[FILTERS + s] = 0.0
        state[2 * FILTERS + s] = 1.0
        state[3 * FILTERS + s] = 0.0
        state[4 * FILTERS + s] = 0.0
        state[5 * FILTERS + s] = 1.0
        state[6 * FILTERS + s] = work.noise[s]
        state[7 * FILTERS + s] = work.q1[s]
        state[8 * FILTERS + s] = work.q2[s]


def innovations(close: Any, ratio: Any, begin: int, rows: int, lanes: int, state: Any, block: Any) -> None:
    """Fill `block[row * FILTERS + lane]` with the innovations of the bars from `begin` on."""
    for r in range(rows):
        price = close[begin + r]
        factor = ratio[begin + r]
        for s in range(lanes):
            v = state[FILTERS + s]
            b = state[3 * FILTERS + s]
            c = state[4 * FILTERS + s]
            d = state[5 * FILTERS + s]
            p = state[s] + v
            a = state[2 * FILTERS + s] + b + c + d + state[7 * FILTERS + s]
            b = b + d
            c = c + d
            d = d + state[8 * FILTERS + s]
            y = price - p
            total = a + state[6 * FILTERS + s] * factor
            k1 = a / total
            k2 = c / total
            state[s] = p + k1 * y
            state[FILTERS + s] = v + k2 * y
            state[5 * FILTERS + s] = d - k2 * b
            state[3 * FILTERS + s] = (1.0 - k1) * b
            state[4 * FILTERS + s] = c - k2 * a
            state[2 * FILTERS + s] = (1.0 - k1) * a
            block[r * FILTERS + s] = y


def scale_block(block: Any, rows: int, lanes: int, running: Any, suffix: Any, out: Any) -> None:
    """Fill `out` with 100 * innovation / largest magnitude of the last 500, blocks being 500 rows (van Herk).

    `suffix` holds the largest magnitude from each row of the block before to its end, and after it those of
    this one; a row of zeros closes it.
    """
    for s in range(lanes):
        running[s] = 0.0
    for r in range(rows):
        for s in range(lanes):
            y = block[r * FILTERS + s]
            size = abs(y)
            best = running[s]
            best = max(best, size)
            running[s] = best
            earlier = suffix[(r + 1) * FILTERS + s]
            best = max(best, earlier)
            scaled = 100.0 * y / best
            out[r * FILTERS + s] = scaled if best > 0.0 else 0.0
    for r in range(rows - 1, -1, -1):
        for s in range(lanes):
            size = abs(block[r * FILTERS + s])
            best = suffix[(r + 1) * FILTERS + s] if r < BLOCK - 1 else 0.0
            suffix[r * FILTERS + s] = max(best, size)


def transpose(block: Any, rows: int, lanes: int, begin: int, stride: int, out: Any) -> None:
    """Copy `block[row * FILTERS + lane]` to `out[lane * stride + begin + row]`, in squares."""
    for s0 in range(0, lanes, 8):
        for r0 in range(0, rows, 8):
            for s in range(s0, min(s0 + 8, lanes)):
                for r in range(r0, min(r0 + 8, rows)):
                    out[s * stride + begin + r] = block[r * FILTERS + s]


def filter_tile(close: Any, ratio: Any, lanes: int, work: Any, stride: int) -> None:
    """Fill the oscillators of `lanes` filters, `work.oscillators[lane * stride + bar]`.

    `work` is `shared_sets.Filters`; its `finite` tells which filters did not overflow.
    """
    filter_start(close[0], lanes, work)
    state = work.state
    work.suffix[:] = 0.0
    running = state[9 * FILTERS :]
    for begin in range(1, len(close), BLOCK):
        rows = min(BLOCK, len(close) - begin)
        innovations(close, ratio, begin, rows, lanes, state, work.block)
        scale_block(work.block, rows, lanes, running, work.suffix, work.scaled)
        transpose(work.scaled, rows, lanes, begin, stride, work.oscillators)
    for s in range(lanes):
        work.finite[s] = math.isfinite(state[s]) and math.isfinite(state[2 * FILTERS + s])


def weighted_means(values: Any, first: int, length: int, out: Any) -> None:
    """Fill `out[t]`, t >= first, with the linearly weighted mean of `length` values, terms outermost."""
    divisor = length * (length + 1) / 2
    rest = length % 4
    for begin in range(first, len(out), 512):
        end = min(begin + 512, len(out))
        sums = out[begin:end]  # parts, because an index that might be negative is not vectorised
        for t in range(len(sums)):
            sums[t] = 0.0
        for i in range(rest):
            part = values[begin + i + 1 - length : end + i + 1 - length]
            for t in range(len(sums)):
                sums[t] += float(i + 1) * part[t]
        for i in range(rest, length, 4):  # four terms for each time a sum is loaded and stored
            weight = float(i + 1)
            part = values[begin + i + 1 - length : end + i + 4 - length]
            for t in range(len(sums)):
                total = sums[t] + weight * part[t]
                total += (weight + 1.0) * part[t + 1]
                total += (weight + 2.0) * part[t + 2]
                sums[t] = total + (weight + 3.0) * part[t + 3]
        for t in range(len(sums)):
            sums[t] = sums[t] / divisor


def trend_row(oscillator: Any, wait: int, length: int, second: int, first_pass: Any, out: Any) -> None:
    """Fill the trend before it is divided by T_max, as `smoothed_trend` defines it."""
    n = len(out)
    begin = wait + length - 1
    for t in range(min(begin, n)):
        out[t] = 0.0
    weighted_means(oscillator, begin, length, out)
    if second > 0:
        for t in range(begin, n):
            first_pass[t] = out[t]
        weighted_means(first_pass, begin + second - 1, second, out)


def trend_classes(trend: Any, t_max: float, bull: float, bear: float, out: Any) -> None:
    """Fill bit 0 where the clipped trend is above `bull`, bit 1 where it is below `bear`."""
    for t in range(len(trend)):
        x = trend[t] / t_max
        x = min(x, 1.0)
        x = max(x, -1.0)
        out[t] = (1 if x > bull else 0) + (2 if x < bear else 0)


def volatility_states(
    z_score: Any, sigma: Any, first: int, lookback: int, high: float, low: float, crush: float, out: Any
) -> None:
    """Fill bit 0 = High volatility, bit 1 = crushed, from row `first` on, as `regimes` does."""
    state = 0
    for t in range(first, len(out)):
        if z_score[t] > high:
            state = 1
        elif z_score[t] < low:
            state = 0
        before = sigma[t - lookback]
        if before > 0.0 and (sigma[t] - before) / before < crush:
            state = 0
            out[t] = 2
        else:
            out[t] = state


def bond_states(fast: Any, slow: Any, bond_rows: Any, out: Any) -> None:
    """Fill 0 without averages, 1 where the fast bond average is above the slow one, else 2."""
    for t in range(len(out)):
        row = bond_rows[t]
        out[t] = 0
        if row >= 0 and not math.isnan(slow[row]):
            out[t] = 1 if fast[row] > slow[row] else 2


def case_row(above: Any, trend: Any, volatility: Any, bond: Any, out: Any) -> None:
    """Fill the row of the weight table, 3 * (cell - 1) + bond, from classes of one byte."""
    for t in range(len(out)):
        bull = above[t] & trend[t] & 1
        bear = (1 - above[t]) & (trend[t] >> 1) & (1 - (volatility[t] >> 1))
        out[t] = 3 * (2 - 2 * bull + 2 * bear + (volatility[t] & 1)) + bond[t]


def queue_trades(
    case: Any,
    first: int,
    start: int,
    lag: int,
    weights: Any,
    threshold: float,
    lane: int,
    queue: Any,
    used: int,
) -> int:
    """Add the rebalances of one book to the queues by session; return how many links are used.

    A book trades only where its case changes: the deviation from a held case stays what it was otherwise.
    """
    held = -1
    before = -1
    for row in range(max(first, start - lag), len(case) - lag):
        now = case[row]
        if now != before:
            before = now
            deviation = 0.0
            for leg in range(5):
                old = weights[5 * held + leg] if held >= 0 else 0.0
                deviation += abs(old - weights[5 * now + leg])
            if deviation > threshold:
                held = now
                queue.links[used] = queue.heads[row + lag]
                queue.trades[used] = BOOKS * now + lane
                queue.heads[row + lag] = used
                used += 1
    return used


def trade(
    session: int, event: int, weights: Any, queue: Any, fills: Any, cost: float, state: Any, units: Any
) -> None:
    """Carry out one rebalance of one lane with the strategy's own `trade_legs`."""
    lane = queue.trades[event] % BOOKS
    case = queue.trades[event] // BOOKS
    for leg in range(5):
        units[leg] = state[(UNITS + leg) * BOOKS + lane]
    cash, free, moved = rules.trade_legs(
        case, session, weights[queue.sets[lane]], fills, units, state[CASH * BOOKS + lane]
    )
    for leg in range(5):
        state[(UNITS + leg) * BOOKS + lane] = units[leg]
    state[CASH * BOOKS + lane] = cash - cost * moved
    state[REBALANCES * BOOKS + lane] += 1.0
    state[TURNOVER * BOOKS + lane] += moved / free if free > 0.0 else 0.0


def mark(session: int, marks: Any, state: Any) -> None:
    """Value all lanes at a close and add the day to their statistics."""
    m0 = marks[5 * session]
    m1 = marks[5 * session + 1]
    m2 = marks[5 * session + 2]
    m3 = marks[5 * session + 3]
    m4 = marks[5 * session + 4]
    for s in range(BOOKS):
        value = state[s] + state[BOOKS + s] * m0
        value += state[2 * BOOKS + s] * m1
        value += state[3 * BOOKS + s] * m2
        value += state[4 * BOOKS + s] * m3
        value += state[5 * BOOKS + s] * m4
        change = value / state[6 * BOOKS + s] - 1.0
        state[6 * BOOKS + s] = value
        peak = state[7 * BOOKS + s]
        peak = max(peak, value)
        state[7 * BOOKS + s] = peak
        square = change * change
        state[8 * BOOKS + s] += change
        state[9 * BOOKS + s] += square
        state[10 * BOOKS + s] += square if change < 0.0 else 0.0
        fall = 1.0 - value / peak
        worst = state[11 * BOOKS + s]
        state[11 * BOOKS + s] = max(worst, fall)


def books(
    start: int,
    lanes: int,
    weights: Any,
    queue: Any,
    opens: Any,
    closes: Any,
    marks: Any,
    cost: float,
    state: Any,
    statistics: Any,
) -> None:
    """Run the queued books from session `start` on, fill their statistics and empty the queues."""
    units = np.empty(5)
    for k in range(BOOK_VALUES):
        for s in range(BOOKS):
            state[k * BOOKS + s] = 1.0 if k in (CASH, BEFORE, PEAK) else 0.0
    for t in range(start, len(queue.heads)):
        event = queue.heads[t]
        while event >= 0:
            fills = opens if queue.lags[queue.trades[event] % BOOKS] else closes
            trade(t, event, weights, queue, fills, cost, state, units)
            event = queue.links[event]
        queue.heads[t] = -1
        mark(t, marks, state)
    for s in range(lanes):
        statistics[queue.sets[s], 0] = state[BEFORE * BOOKS + s]
        for k in range(6):
            statistics[queue.sets[s], k + 1] = state[(SUM + k) * BOOKS + s]


KERNELS = (
    noise_ratios,
    filter_start,
    innovations,
    scale_block,
    transpose,
    filter_tile,
    weighted_means,
    trend_row,
    trend_classes,
    volatility_states,
    bond_states,
    case_row,
    queue_trades,
    trade,
    mark,
    books,
)
