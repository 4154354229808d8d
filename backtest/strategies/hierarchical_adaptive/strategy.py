"""Hierarchical Adaptive v3.5b: trend and volatility choose one of six cells, each cell has fixed weights.

The series (trend, volatility, cells, weights) are in `series`; here a row of them becomes a decision, by
the rebalance rule (section 11 of the specification).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from backtest.core.bars import Bars
from backtest.core.decision import Decision, ExecutionTime, Json, Situation, Target
from backtest.core.errors import DataError, Finding
from backtest.data.quality.relations import PriceRelation
from backtest.strategies.family import ALLOCATION, Family
from backtest.strategies.hierarchical_adaptive.boundaries import next_changes
from backtest.strategies.hierarchical_adaptive.parameters import (
    EFFECTS,
    HISTORY_FLOOR,
    USUAL,
    Parameters,
    parse,
)
from backtest.strategies.hierarchical_adaptive.series import compute_columns, weight_table
from backtest.strategies.parameters import unusual_values
from backtest.strategies.terms import NO_TERMS, Boundary, ContextColumn, TradingTerms

NAME = "Hierarchical_Adaptive_v3_5b"
WEIGHT_COLUMNS = ("w_TQQQ", "w_QQQ", "w_PSQ", "w_TMF", "w_TMV", "w_cash")
#: what the funds of the specification promise their holders each day
FUND_PROMISES = (
    PriceRelation("TQQQ", "QQQ", 3.0),
    PriceRelation("PSQ", "QQQ", -1.0),
    PriceRelation("TMF", "TLT", 3.0),
    PriceRelation("TMV", "TLT", -3.0),
)
CONTEXT_COLUMNS = (
    ContextColumn("cell", "cell", is_state=True),
    ContextColumn("trend_state", "trend_state", is_state=True),
    ContextColumn("vol_state", "vol_state", is_state=True),
    ContextColumn("t_norm", "T_norm"),
    ContextColumn("z_score", "z_score"),
)
TREND_NAMES = {1: "BullStrong", 0: "Sideways", -1: "BearStrong"}


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
        return _decision(
            self.parameters, day, self.targets(row), self.values(row), memory, self._warnings(row)
        )

    def targets(self, row: int) -> dict[str, float]:
        """Return symbol -> target weight of all legs, zeros included, legs of one symbol added up."""
        return _merged(self.parameters, self._weights[self.columns.case[row]])

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
    family: Family = ALLOCATION
    terms: TradingTerms = NO_TERMS
    context_columns: tuple[ContextColumn, ...] = CONTEXT_COLUMNS

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
    def price_relations(self) -> tuple[PriceRelation, ...]:
        """The funds among its symbols with their index; nothing is known of a symbol put in their place."""
        used = {*self.signal_symbols, *self.tradable_symbols}
        return tuple(known for known in FUND_PROMISES if {known.symbol, known.index} <= used)

    @property
    def warmup_bars(self) -> int:
        """Bars to request before the first session of interest (section 12)."""
        return self.settings.warmup_bars

    @property
    def history_floor(self) -> int:
        """Signal bars wanted before the first decision."""
        return max(HISTORY_FLOOR, self.warmup_bars)

    @property
    def unusual(self) -> tuple[Finding, ...]:
        """A warning for every valid parameter outside the range people use."""
        return unusual_values(self.settings, USUAL, EFFECTS)

    def with_parameters(self, changes: Mapping[str, Any]) -> HierarchicalAdaptiveV35b:
        """Return the variant with some parameters changed; ParameterError lists everything wrong."""
        return build(self.variant, {**self.parameters, **changes}, where=self.variant)

    def with_execution_time(self, execution_time: ExecutionTime) -> HierarchicalAdaptiveV35b:
        """Return the variant trading at another time."""
        return self.with_parameters({"execution_time": execution_time})

    def decide_again(self, figures: Json, memory: Json, decided_on: date) -> Decision:
        """Return the decision of these diagnostics with another memory, by this rebalance rule."""
        if any(figures.get(name) is None for name in WEIGHT_COLUMNS[:-1]):
            return Decision(decided_on, diagnostics=figures, memory=memory)
        targets = _merged(self.settings, [float(figures[name]) for name in WEIGHT_COLUMNS[:-1]])
        return _decision(self.settings, decided_on, targets, figures, memory)

    def next_changes(self, figures: Json) -> tuple[Boundary, ...]:
        """Return the limits around a decision: volatility, trend, averages, bonds."""
        return next_changes(self.settings, figures)

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


def _decision(
    parameters: Parameters,
    day: date,
    targets: Mapping[str, float],
    values: Json,
    memory: Json,
    warnings: tuple[str, ...] = (),
) -> Decision:
    """Return the decision of target weights (zeros included) against what was held before (section 11)."""
    held = _held(memory)
    deviation = sum(abs(held.get(leg, 0.0) - weight) for leg, weight in targets.items())
    deviation += sum(abs(held[leg]) for leg in sorted(held) if leg not in targets)
    rebalance = deviation > parameters.rebalance_threshold
    legs = {leg: weight for leg, weight in targets.items() if weight != 0.0}
    return Decision(
        day,
        rebalance=rebalance,
        targets=tuple(Target(leg, weight) for leg, weight in legs.items()),
        diagnostics=_json_ready({**values, "deviation": deviation, "needs_rebalance": rebalance}),
        memory={"held": legs} if rebalance else memory,
        warnings=warnings,
    )


def build(variant: str, parameters: Mapping[str, Any], *, where: str = "") -> HierarchicalAdaptiveV35b:
    """Return the strategy of a parameter set; ParameterError lists everything wrong with it."""
    return HierarchicalAdaptiveV35b(variant, parse(parameters, where=where))


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


def _merged(parameters: Parameters, weights: Sequence[float]) -> dict[str, float]:
    """Return symbol -> weight from the weights of the legs in the order of `WEIGHT_COLUMNS`."""
    merged: dict[str, float] = {}
    for leg, weight in zip(parameters.legs, weights, strict=False):
        merged[leg] = merged.get(leg, 0.0) + weight
    return merged


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
