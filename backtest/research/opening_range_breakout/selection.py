"""From the strategies that hold to a portfolio: ranked, taken one by one, within limits of variety."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import numpy as np

from backtest.core.bars import FloatArray
from backtest.core.errors import ParameterError
from backtest.research.opening_range_breakout.daily import MIN_SHARED_DAYS, correlation, correlation_matrix
from backtest.research.opening_range_breakout.discovery import Candidate, Discovery
from backtest.research.opening_range_breakout.luck import LEAST_DSR, deflated
from backtest.strategies.opening_range_breakout.instruments import Instrument
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.portfolio import (
    Capital,
    Portfolio,
    PortfolioStatus,
    PortfolioStrategy,
)
from backtest.strategies.opening_range_breakout.sizing import Sizing

Unknown = Literal["accept", "reject"]
UNKNOWN: Final[tuple[Unknown, ...]] = get_args(Unknown)
#: Distance to the stop where the history has no trade, in ticks.
_FALLBACK_TICKS: Final = 10


@dataclass(frozen=True, slots=True)
class SelectionLimits:
    """What a portfolio may hold.

    Attributes:
        min_expectancy_r: least mean result of a strategy.
        max_strategies, max_per_orb, max_per_entry_model: most of each; None for no limit of the last.
        max_correlation: of daily results, as an absolute value; one that reaches it is kept out.
        min_shared_days: common days below which a correlation is not known.
        corr_unknown: what an unknown one means.
        min_strategies, min_entry_models: a portfolio with fewer is INSUFFICIENT.

    Raises:
        ParameterError: a limit that no portfolio can keep.
    """

    min_expectancy_r: float = 0.10
    max_strategies: int = 10
    max_per_orb: int = 5
    max_per_entry_model: int | None = None
    max_correlation: float = 0.5
    min_shared_days: int = MIN_SHARED_DAYS
    corr_unknown: Unknown = "accept"
    min_strategies: int = 5
    min_entry_models: int = 2

    def __post_init__(self) -> None:
        """Judge the limits."""
        counts = (self.max_strategies, self.max_per_orb, self.max_per_entry_model or 1, self.min_shared_days)
        if min(counts) < 1 or not 0 < self.max_correlation <= 1:
            raise ParameterError(
                "counts of a selection are at least 1 and max_correlation is above 0 up to 1",
                where="selection",
            )


@dataclass(slots=True)
class _Chosen:
    """What was taken so far."""

    candidates: list[Candidate] = field(default_factory=list)
    daily: list[FloatArray] = field(default_factory=list)
    unknown: int = 0


def select(
    discovery: Discovery,
    limits: SelectionLimits,
    sizing: Sizing,
    risk: RiskLimits,
    *,
    name: str = "orb",
) -> Portfolio:
    """Return the portfolio of the strategies that hold.

    They are walked in the order of their expectancy, then trades, then name; a strategy is taken unless a
    limit is hit. Too little variety is a status, not an error.
    """
    instrument = discovery.study.instrument
    rejected = Counter({"validation": len(discovery.candidates) - len(discovery.survivors)})
    chosen = _Chosen()
    for candidate in _ranked(discovery.survivors, instrument.symbol):
        series = discovery.daily(candidate)
        reason = _reason(candidate, series, chosen, limits)
        if reason:
            rejected[reason] += 1
            continue
        chosen.candidates.append(candidate)
        chosen.daily.append(series)
    strategies = _strategies(discovery, chosen.candidates, sizing)
    capital = _capital(strategies, instrument, sizing, risk)
    missing = _missing(chosen.candidates, limits, capital)
    status: PortfolioStatus = "INSUFFICIENT" if missing else "OK"
    return Portfolio(
        name=name,
        symbol=instrument.symbol,
        status=status,
        strategies=strategies,
        sizing=sizing,
        limits=risk,
        capital=capital,
        correlations=_correlations(chosen, limits),
        trials=len(discovery.candidates),
        rejected={reason: count for reason, count in sorted(rejected.items()) if count},
        notes=(*missing, *_notes(chosen, limits, strategies, len(discovery.candidates))),
    )


def _ranked(candidates: Sequence[Candidate], symbol: str) -> list[Candidate]:
    return sorted(candidates, key=lambda one: (-one.expectancy, -len(one.trades), one.key.id(symbol)))


def _reason(candidate: Candidate, series: FloatArray, chosen: _Chosen, limits: SelectionLimits) -> str:
    """Return why a candidate is not taken, an empty text when it is."""
    taken = chosen.candidates
    if candidate.expectancy < limits.min_expectancy_r:
        return f"expectancy below {limits.min_expectancy_r:g} R"
    if len(taken) >= limits.max_strategies:
        return f"max_strategies {limits.max_strategies}"
    if sum(one.key.label == candidate.key.label for one in taken) >= limits.max_per_orb:
        return f"max_per_orb {limits.max_per_orb}"
    same_model = sum(one.key.model == candidate.key.model for one in taken)
    if limits.max_per_entry_model is not None and same_model >= limits.max_per_entry_model:
        return f"max_per_entry_model {limits.max_per_entry_model}"
    found = [correlation(series, other, limits.min_shared_days) for other in chosen.daily]
    if any(value is not None and abs(value) >= limits.max_correlation for value in found):
        return f"correlation of {limits.max_correlation:g} or more"
    unknown = sum(value is None for value in found)
    if unknown and limits.corr_unknown == "reject":
        return "correlation unknown"
    chosen.unknown += unknown
    return ""


def _missing(taken: Sequence[Candidate], limits: SelectionLimits, capital: Capital) -> tuple[str, ...]:
    """Return in words what a portfolio lacks."""
    found = []
    if len(taken) < limits.min_strategies:
        found.append(f"{len(taken)} strategies, {limits.min_strategies} needed")
    models = {one.key.model for one in taken}
    if len(models) < limits.min_entry_models:
        found.append(f"{len(models)} entry models, {limits.min_entry_models} needed")
    if taken and all(one.verdict.standing == "regime" for one in taken):
        found.append("all strategies have few trades (class regime): none of them may be alone")
    if taken and not capital.risk_per_trade:
        found.append("a usual trade gets no contract: one risks more than the sizing allows")
    return tuple(found)


def _correlations(chosen: _Chosen, limits: SelectionLimits) -> tuple[tuple[float | None, ...], ...]:
    series = {str(n): one for n, one in enumerate(chosen.daily)}
    matrix = correlation_matrix(series, limits.min_shared_days).tolist()
    return tuple(tuple(None if value != value else round(value, 6) for value in row) for row in matrix)  # noqa: PLR0124 - NaN


def _notes(
    chosen: _Chosen, limits: SelectionLimits, strategies: Sequence[PortfolioStrategy], trials: int
) -> list[str]:
    notes = []
    if trials:
        sure = sum(one.skill is not None and one.skill >= LEAST_DSR for one in strategies)
        notes.append(f"best of {trials} strategies tried on the same data")
        notes.append(f"skill (DSR) of {LEAST_DSR:g} or more: {sure} of {len(strategies)}")
    if chosen.unknown:
        notes.append(
            f"{chosen.unknown} correlations are not known (under {limits.min_shared_days} common days)"
        )
    return notes


def _strategies(
    discovery: Discovery, taken: Sequence[Candidate], sizing: Sizing
) -> tuple[PortfolioStrategy, ...]:
    skill = deflated(discovery.candidates)
    return tuple(
        PortfolioStrategy(
            key=one.key,
            weight=1 / len(taken),
            max_contracts=sizing.max_contracts,
            standing=one.verdict.standing,
            baseline=discovery.baseline(one),
            skill=skill[one.key],
        )
        for one in taken
    )


def _capital(
    strategies: Sequence[PortfolioStrategy], instrument: Instrument, sizing: Sizing, risk: RiskLimits
) -> Capital:
    """Return what the portfolio needs, at the contracts that its median trade gets."""
    known = [one.baseline.median_risk_points for one in strategies]
    points = [value for value in known if value is not None]
    distance = float(np.median(points)) if points else _FALLBACK_TICKS * float(instrument.tick)
    trade = sizing.contracts(instrument, distance) * instrument.risk_dollars(distance)
    return Capital(
        trades_per_day=round(sum(one.baseline.trades_per_day for one in strategies), 6),
        risk_per_trade=round(trade, 2),
        concurrent_risk=min(risk.max_concurrent_positions, len(strategies)) * round(trade, 2),
        worst_day=round(abs(risk.drawdown_halt_r) * trade, 2),
    )
