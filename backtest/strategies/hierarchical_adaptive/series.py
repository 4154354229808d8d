"""The series behind Hierarchical Adaptive v3.5b: from bars to cells, from cells to target weights.

Section numbers refer to the specification of the rules: trend (3), averages (4), volatility (5), its state
(6), crush (7), trend class (8), cells (9), bonds and leverage (10).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from backtest.core.bars import Bars, FloatArray
from backtest.core.errors import DataError
from backtest.indicators import daily as indicators
from backtest.strategies.hierarchical_adaptive import kernels
from backtest.strategies.hierarchical_adaptive.parameters import Parameters

BOND_SHARE = 0.4
NO_BOND, BULL_BOND, BEAR_BOND = 0, 1, 2

Weights = tuple[float, float, float, float, float, float]


def cell_weights(cell: int, bond: int, parameters: Parameters) -> Weights:
    """Return the six target weights of a cell (sections 9 and 10), summing to 1.

    Args:
        cell: 1 to 6.
        bond: 0 no bonds (not allowed, or too few closes), 1 bull bond leg, 2 bear bond leg.
        parameters: of the variant.

    Returns:
        Weights of TQQQ, QQQ, PSQ, TMF, TMV and cash.
    """
    base = {1: (0.6, 0.4), 2: (0.0, 1.0), 3: (0.2, 0.8), 4: (0.0, 0.0), 5: (0.0, 0.5), 6: (0.0, 0.0)}
    defensive = {4: 1.0, 5: 0.5, 6: 1.0}.get(cell, 0.0)
    (leveraged, core), inverse, cash = base[cell], 0.0, defensive
    if cell == 6 and parameters.use_inverse_hedge:
        inverse = min(0.5, parameters.w_PSQ_max)
        defensive, cash = 0.0, 1.0 - inverse
    bonds = 0.0
    if bond != NO_BOND and defensive > 0.0:
        bonds = min(BOND_SHARE * defensive, parameters.max_bond_weight)
        cash = defensive - bonds
    scale = parameters.leverage_scalar
    raw = (
        leveraged * scale,
        core * scale,
        inverse * scale,
        bonds if bond == BULL_BOND else 0.0,
        bonds if bond == BEAR_BOND else 0.0,
        cash,
    )
    total = sum(raw)
    return (raw[0] / total, raw[1] / total, raw[2] / total, raw[3] / total, raw[4] / total, raw[5] / total)


def weight_table(parameters: Parameters) -> tuple[Weights, ...]:
    """Return the weights of every case; row `3 * (cell - 1) + bond`."""
    return tuple(cell_weights(cell, bond, parameters) for cell in range(1, 7) for bond in range(3))


@dataclass(frozen=True, slots=True)
class Columns:
    """Every series of one history as lists, one entry per bar of the signal symbol; NaN where not defined.

    Before row `first` only `t_norm` and the averages mean anything. `case` is the row of `weight_table`.
    """

    first: int
    t_norm: list[float]
    sma_fast: list[float]
    sma_slow: list[float]
    sigma: list[float]
    z_score: list[float]
    bond_fast: list[float]
    bond_slow: list[float]
    high: list[int]
    crushed: list[int]
    trend: list[int]
    cell: list[int]
    case: list[int]


def compute_columns(parameters: Parameters, signal: Bars, treasury: Bars | None) -> Columns:
    """Compute sections 3 to 9 over the whole history; no row reads a later one."""
    p = parameters
    n = len(signal)
    first = p.first_decision_bar - 1
    t_norm = _trend(p, signal)
    volatility = indicators.realised_volatility(signal.close, p.realized_vol_window)
    z_scores = indicators.volatility_z_score(volatility, p.realized_vol_window, p.vol_baseline_window)
    z_score, sigma = z_scores.tolist(), volatility.tolist()
    sma_fast = indicators.sma(signal.close, p.sma_fast).tolist()
    sma_slow = indicators.sma(signal.close, p.sma_slow).tolist()
    high, crushed, trend, cell, case = ([0] * n for _ in range(5))
    kernels.regimes(
        t_norm,
        z_score,
        sigma,
        sma_fast,
        sma_slow,
        first,
        p.vol_crush_lookback,
        p.t_norm_bull_thresh,
        p.t_norm_bear_thresh,
        p.upper_thresh_z,
        p.lower_thresh_z,
        p.vol_crush_threshold,
        high,
        crushed,
        trend,
        cell,
    )
    bond_fast, bond_slow = _bond_averages(p, signal, treasury)
    kernels.weight_cases(cell, bond_fast, bond_slow, first, case)
    return Columns(
        first=first,
        t_norm=t_norm,
        sma_fast=sma_fast,
        sma_slow=sma_slow,
        sigma=sigma,
        z_score=z_score,
        bond_fast=bond_fast,
        bond_slow=bond_slow,
        high=high,
        crushed=crushed,
        trend=trend,
        cell=cell,
        case=case,
    )


def _trend(p: Parameters, signal: Bars) -> list[float]:
    trend: list[float] = indicators.kalman_trend(
        signal.close,
        signal.volume,
        measurement_noise=p.measurement_noise,
        process_noise_1=p.process_noise_1,
        process_noise_2=p.process_noise_2,
        osc_smoothness=p.osc_smoothness,
        strength_smoothness=p.strength_smoothness,
        t_max=p.T_max,
        symmetric=p.symmetric_volume_adjustment,
        double_smoothing=p.double_smoothing,
    ).tolist()
    if trend and not math.isfinite(trend[-1]):
        raise DataError(
            "the trend filter overflowed", where=signal.symbol, remedy="check the noise parameters"
        )
    return trend


def newest_rows(signal: Bars, other: Bars) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Return, per signal bar, the row of the newest bar of `other` dated on or before it, -1 for none."""
    return np.searchsorted(other.dates, signal.dates, side="right") - 1


def _bond_averages(
    parameters: Parameters, signal: Bars, treasury: Bars | None
) -> tuple[list[float], list[float]]:
    if treasury is None or not len(treasury):
        return [math.nan] * len(signal), [math.nan] * len(signal)
    rows = newest_rows(signal, treasury)
    slow = indicators.sma(treasury.close, parameters.bond_sma_slow)
    fast = np.where(np.isnan(slow), np.nan, indicators.sma(treasury.close, parameters.bond_sma_fast))

    def joined(average: FloatArray) -> list[float]:
        column: list[float] = np.where(rows >= 0, average[rows], np.nan).tolist()
        return column

    return joined(fast), joined(slow)
