"""Hierarchical Adaptive v3.5b: trend and volatility choose one of six cells, each cell has fixed weights.

Section numbers refer to the specification of the rules: trend (3), averages (4), volatility (5), its state
(6), crush (7), trend class (8), cells (9), bonds and leverage (10), rebalance rule (11).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from backtest import indicators, kernels
from backtest.data.bars import Bars, FloatArray
from backtest.decision import Decision, ExecutionTime, Family, Json, Situation, Target
from backtest.errors import DataError
from backtest.strategies.v35b_parameters import Parameters, parse

NAME = "Hierarchical_Adaptive_v3_5b"
WEIGHT_COLUMNS = ("w_TQQQ", "w_QQQ", "w_PSQ", "w_TMF", "w_TMV", "w_cash")
TREND_NAMES = {1: "BullStrong", 0: "Sideways", -1: "BearStrong"}
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


class V35bEvaluation:
    """The series of one history, and the decision of each of its sessions."""

    def __init__(self, parameters: Parameters, signal: Bars, treasury: Bars | None) -> None:
        self.parameters = parameters
        self.signal = signal
        self.columns = compute_columns(parameters, signal, treasury)
        self._treasury = treasury
        self._weights = weight_table(parameters)

    def decide(self, situation: Situation) -> Decision:
        """Return the decision of one session.

        `Decision.targets` holds every leg with a non-zero weight, legs of one symbol added up. Memory is
        ``{"held": {symbol: weight}}``, the targets of the last accepted rebalance.

        Raises:
            DataError: the signal symbol, or a treasury symbol whose history has begun, has no bar on
                `decided_on`.
        """
        row = self.signal.row(situation.decided_on)
        if row is None:
            raise _no_bar(self.signal, situation.decided_on)
        treasury = self._treasury
        if (
            treasury is not None
            and treasury.row(situation.decided_on) is None
            and len(treasury)
            and treasury.first < situation.decided_on
        ):
            raise _no_bar(treasury, situation.decided_on)
        return self.decision_at(row, situation.memory)

    def decision_at(self, row: int, memory: Json) -> Decision:
        """Return the decision of a row of the signal bars; bonds are joined by date."""
        day: date = self.signal.dates[row].item()
        if row < self.columns.first:
            return Decision(
                day,
                diagnostics=_json_ready(self.values(row)),
                memory=memory,
                warnings=(self._too_early(row),),
            )
        targets = self.targets(row)
        held = _held(memory)
        deviation = sum(abs(held.get(leg, 0.0) - weight) for leg, weight in targets.items())
        deviation += sum(abs(held[leg]) for leg in sorted(held) if leg not in targets)
        rebalance = deviation > self.parameters.rebalance_threshold
        legs = {leg: weight for leg, weight in targets.items() if weight != 0.0}
        values = {**self.values(row), "deviation": deviation, "needs_rebalance": rebalance}
        return Decision(
            day,
            rebalance=rebalance,
            targets=tuple(Target(leg, weight) for leg, weight in legs.items()),
            diagnostics=_json_ready(values),
            memory={"held": legs} if rebalance else memory,
            warnings=self._warnings(row),
        )

    def targets(self, row: int) -> dict[str, float]:
        """Return symbol -> target weight of all legs, zeros included, legs of one symbol added up."""
        merged: dict[str, float] = {}
        for leg, weight in zip(self.parameters.legs, self._weights[self.columns.case[row]], strict=False):
            merged[leg] = merged.get(leg, 0.0) + weight
        return merged

    def values(self, row: int) -> Json:
        """Return the named values of a row at full precision, None where not defined."""
        columns = self.columns
        day = self.signal.dates[row].item().isoformat()
        values: Json = {"date": day, "T_norm": columns.t_norm[row]}
        if row < columns.first:
            return values
        return {
            **values,
            "z_score": columns.z_score[row],
            "sma_fast": columns.sma_fast[row],
            "sma_slow": columns.sma_slow[row],
            "realized_vol": columns.sigma[row],
            "vol_crush": bool(columns.crushed[row]),
            "vol_state": "High" if columns.high[row] else "Low",
            "trend_state": TREND_NAMES[columns.trend[row]],
            "cell": columns.cell[row],
            "bond_sma_fast": _defined(columns.bond_fast[row]),
            "bond_sma_slow": _defined(columns.bond_slow[row]),
            **dict(zip(WEIGHT_COLUMNS, self._weights[columns.case[row]], strict=True)),
        }

    def _warnings(self, row: int) -> tuple[str, ...]:
        if not self.parameters.allow_treasury or not math.isnan(self.columns.bond_slow[row]):
            return ()
        symbol = self.parameters.treasury_trend_symbol
        return (f"fewer than {self.parameters.bond_sma_slow} closes of {symbol}: no bonds",)

    def _too_early(self, row: int) -> str:
        needed = self.columns.first + 1
        return f"no decision before bar {needed} of {self.signal.symbol}, this is bar {row + 1}"


@dataclass(frozen=True, slots=True)
class HierarchicalAdaptiveV35b:
    """The strategy with one parameter set."""

    variant: str
    settings: Parameters
    name: str = NAME
    family: Family = "allocation"

    @property
    def execution_time(self) -> ExecutionTime:
        """When the strategy trades."""
        return self.settings.execution_time

    @property
    def parameters(self) -> Json:
        """Every parameter with its value, in the order of the specification."""
        return self.settings.model_dump()

    @property
    def overridden(self) -> tuple[str, ...]:
        """Names of the parameters that differ from golden."""
        golden = Parameters().model_dump()
        return tuple(name for name, value in self.parameters.items() if value != golden[name])

    @property
    def signal_symbols(self) -> tuple[str, ...]:
        """The signal symbol, and the treasury symbol when bonds are allowed."""
        symbols = [self.settings.signal_symbol]
        if self.settings.allow_treasury:
            symbols.append(self.settings.treasury_trend_symbol)
        return tuple(dict.fromkeys(symbols))

    @property
    def tradable_symbols(self) -> tuple[str, ...]:
        """The legs this parameter set can ever hold."""
        rows = weight_table(self.settings)
        cases = range(len(rows)) if self.settings.allow_treasury else range(0, len(rows), 3)
        used = [
            leg for i, leg in enumerate(self.settings.legs) if any(rows[case][i] != 0.0 for case in cases)
        ]
        return tuple(dict.fromkeys(used))

    @property
    def warmup_bars(self) -> int:
        """Bars to request before the first session of interest (section 12)."""
        return self.settings.warmup_bars

    def with_parameters(self, changes: Mapping[str, Any]) -> HierarchicalAdaptiveV35b:
        """Return the variant with some parameters changed; ParameterError lists everything wrong."""
        return build(self.variant, {**self.parameters, **changes}, where=self.variant)

    def with_execution_time(self, execution_time: ExecutionTime) -> HierarchicalAdaptiveV35b:
        """Return the variant trading at another time."""
        return self.with_parameters({"execution_time": execution_time})

    def evaluate(self, history: Mapping[str, Bars]) -> V35bEvaluation:
        """Compute every series over the whole history.

        Raises:
            DataError: a signal symbol has no bars, or a price or volume is not usable.
        """
        signal = _usable(history, self.settings.signal_symbol)
        treasury = None
        if self.settings.allow_treasury:
            treasury = _usable(history, self.settings.treasury_trend_symbol)
        return V35bEvaluation(self.settings, signal, treasury)


def build(variant: str, parameters: Mapping[str, Any], *, where: str = "") -> HierarchicalAdaptiveV35b:
    """Return the strategy of a parameter set; ParameterError lists everything wrong with it."""
    return HierarchicalAdaptiveV35b(variant, parse(parameters, where=where))


def compute_columns(parameters: Parameters, signal: Bars, treasury: Bars | None) -> Columns:
    """Compute sections 3 to 9 over the whole history; no row reads a later one."""
    p = parameters
    n = len(signal)
    t_norm = indicators.kalman_trend(
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
    )
    if n and not math.isfinite(t_norm[-1]):
        raise DataError(
            "the trend filter overflowed", where=signal.symbol, remedy="check the noise parameters"
        )
    sigma = indicators.realised_volatility(signal.close, p.realized_vol_window)
    z_score = indicators.volatility_z_score(sigma, p.realized_vol_window, p.vol_baseline_window)
    bond_fast, bond_slow = _bond_averages(p, signal, treasury)
    high, crushed, trend, cell = [0] * n, [0] * n, [0] * n, [0] * n
    series = [t_norm, z_score, sigma, indicators.sma(signal.close, p.sma_fast)]
    series.append(indicators.sma(signal.close, p.sma_slow))
    lists: list[list[float]] = [column.tolist() for column in series]
    trends, z_scores, sigmas, fast, slow = lists
    first = p.first_decision_bar - 1
    kernels.regimes(
        trends,
        z_scores,
        sigmas,
        fast,
        slow,
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
    case = [0] * n
    kernels.weight_cases(cell, bond_fast, bond_slow, first, case)
    return Columns(
        first=first,
        t_norm=trends,
        sma_fast=fast,
        sma_slow=slow,
        sigma=sigmas,
        z_score=z_scores,
        bond_fast=bond_fast,
        bond_slow=bond_slow,
        high=high,
        crushed=crushed,
        trend=trend,
        cell=cell,
        case=case,
    )


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


def _usable(history: Mapping[str, Bars], symbol: str) -> Bars:
    bars = history.get(symbol)
    if bars is None:
        raise DataError("no bars of a signal symbol", where=symbol, remedy="import its daily bars")
    for column, good in (
        ("close", np.isfinite(bars.close) & (bars.close > 0)),
        ("volume", np.isfinite(bars.volume) & (bars.volume >= 0)),
    ):
        if not good.all():
            day = bars.dates[int(np.argmin(good))].item()
            raise DataError(f"{column} of {day} is not usable", where=symbol, remedy="correct the bar")
    return bars


def _no_bar(bars: Bars, day: date) -> DataError:
    return DataError(f"no bar on {day}", where=bars.symbol, remedy="import that session before deciding")


def _held(memory: Json) -> dict[str, float]:
    held = memory.get("held", {})
    if not isinstance(held, dict):
        raise DataError("memory of held weights is damaged", where=NAME, remedy="jutsu reconcile --adopt")
    return {str(symbol): float(weight) for symbol, weight in held.items()}


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value


def _json_ready(values: Json) -> Json:
    """Round floats to 12 significant digits: what a person compares, equal on every machine."""
    return {
        key: float(f"{value:.12g}") if isinstance(value, float) else value for key, value in values.items()
    }
