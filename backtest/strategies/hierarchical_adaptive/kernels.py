"""The state machine, weight cases and book of v3.5b as plain scalar loops: interpreted and compiled alike.

Conventions: see `backtest.indicators.kernels`.
"""

from __future__ import annotations

import math

from backtest.indicators.kernels import Column


def regimes(
    t_norm: Column,
    z_score: Column,
    sigma: Column,
    sma_fast: Column,
    sma_slow: Column,
    first: int,
    lookback: int,
    bull_above: float,
    bear_below: float,
    high_above: float,
    low_below: float,
    crush_below: float,
    high: Column,
    crushed: Column,
    trend: Column,
    cell: Column,
) -> None:
    """Run the state machine of sections 6 to 9 from row `first` on.

    Fills `high` (1 = High volatility), `crushed` (0/1), `trend` (1 bull, 0 sideways, -1 bear), `cell` (1-6).
    """
    state = 0
    for t in range(first, len(t_norm)):
        if z_score[t] > high_above:
            state = 1
        elif z_score[t] < low_below:
            state = 0
        direction = 0
        if sma_fast[t] > sma_slow[t]:
            if t_norm[t] > bull_above:
                direction = 1
        elif t_norm[t] < bear_below:
            direction = -1
        before = sigma[t - lookback]
        crush = 0
        if before > 0.0 and (sigma[t] - before) / before < crush_below:
            crush = 1
            state = 0
            direction = max(direction, 0)
        high[t] = state
        crushed[t] = crush
        trend[t] = direction
        cell[t] = 3 - 2 * direction + state


def weight_cases(cell: Column, bond_fast: Column, bond_slow: Column, first: int, out: Column) -> None:
    """Fill `out` with the row of the weight table: 3 * (cell - 1) + bond.

    Bond is 0 without averages (NaN), 1 when the fast one is above the slow one, else 2.
    """
    for t in range(first, len(cell)):
        bond = 0
        if not math.isnan(bond_slow[t]):
            bond = 1 if bond_fast[t] > bond_slow[t] else 2
        out[t] = 3 * (cell[t] - 1) + bond


def trade_legs(
    case: int, session: int, weights: Column, fills: Column, units: Column, cash: float
) -> tuple[float, float, float]:
    """Move `units` of every leg with a price to its weight; return cash, what was divided, value moved."""
    free = cash
    for leg in range(5):
        price = fills[5 * session + leg]
        if not math.isnan(price):
            free += units[leg] * price
    moved = 0.0
    cash = free
    for leg in range(5):
        price = fills[5 * session + leg]
        if not math.isnan(price):
            value = free * weights[5 * case + leg]
            moved += abs(value - units[leg] * price)
            units[leg] = value / price
            cash -= value
    return cash, free, moved


def book_equity(
    case: Column,
    first: int,
    start: int,
    lag: int,
    weights: Column,
    threshold: float,
    fills: Column,
    marks: Column,
    cost: float,
    statistics: Column,
    equity: Column,
) -> None:
    """Trade target weights of five legs from row `start` on, beginning with 1.0 in cash.

    Session t acts on the case of row t - lag. `weights[5 * case + leg]` are targets; `fills` and `marks` are
    the prices [5 * t + leg] to trade at (NaN: not tradable) and to value with. A rebalance moves every
    tradable leg to its share of what is not stuck in others and pays `cost` per unit of value moved; in
    between, holdings drift.
    Fills `equity[t]` and the statistics: final equity, sum, sum of squares and of negative squares of daily
    returns, largest drawdown, rebalances, turnover.
    """
    units = [0.0, 0.0, 0.0, 0.0, 0.0]
    held = -1
    cash = 1.0
    before = 1.0
    peak = 1.0
    for i in range(len(statistics)):
        statistics[i] = 0.0
    for t in range(start, len(case)):
        row = t - lag
        if row >= first:
            deviation = 0.0
            for leg in range(5):
                old = weights[5 * held + leg] if held >= 0 else 0.0
                deviation += abs(old - weights[5 * case[row] + leg])
            if deviation > threshold:
                held = case[row]
                cash, free, moved = trade_legs(held, t, weights, fills, units, cash)
                cash -= cost * moved
                statistics[5] += 1.0
                statistics[6] += moved / free if free > 0.0 else 0.0
        value = cash
        for leg in range(5):
            if units[leg] != 0.0:
                value += units[leg] * marks[5 * t + leg]
        equity[t] = value
        change = value / before - 1.0
        before = value
        statistics[1] += change
        statistics[2] += change * change
        if change < 0.0:
            statistics[3] += change * change
        peak = max(peak, value)
        statistics[4] = max(statistics[4], 1.0 - value / peak)
    statistics[0] = before
