"""The target weights of an allocation, scaled to a volatility."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from backtest.core.decision import Decision, Target
from backtest.trading.risk.rules import VolatilityTarget
from backtest.trading.risk.series import PriceSeries
from backtest.trading.risk.volatility import banded, exposure

#: key of the memory: what a strategy is given back has no such key
RISK: Final = "risk"


def managed_weights(
    decision: Decision, memory: Mapping[str, Any], prices: PriceSeries, rules: VolatilityTarget
) -> Decision:
    """Return the decision with its weights times min(max_exposure, target / sigma), kept within the band.

    Sigma is that of today's weights over the past sessions, up to the one decided on. A change beyond the
    band trades also where the strategy would not. A decision without weights, or with legs whose history is
    too short to measure, asks for no exposure: it is named in the warnings.

    Args:
        decision: of an allocation strategy.
        memory: of the last decision that was carried out.
        prices: of the legs.
        rules: the target.
    """
    weights = {target.symbol: target.weight for target in decision.targets}
    if not any(weights.values()):
        return decision
    sigma = prices.sigma(weights, decision.decided_on, rules)
    if sigma is None:
        text = f"risk: too short a history of {', '.join(sorted(weights))} to measure volatility: all in cash"
        return scaled(decision, memory, 0.0, rules, sigma, (text,))
    return scaled(
        decision, memory, exposure(rules.target_pct / 100, sigma, cap=rules.max_exposure), rules, sigma
    )


def scaled(
    decision: Decision,
    memory: Mapping[str, Any],
    wanted: float,
    rules: VolatilityTarget,
    sigma: float | None,
    warnings: tuple[str, ...] = (),
) -> Decision:
    """Return the decision with its weights times the exposure chosen inside the band around the last one."""
    last = memory.get(RISK, {}).get("exposure")
    wanted = _short(wanted)
    chosen = banded(wanted, last, band=rules.band_pct / 100)
    moved = last is None or chosen != last
    rebalance = decision.rebalance or moved
    figures = {"sigma": None if sigma is None else _short(sigma), "wanted": wanted}
    kept = chosen if rebalance else last
    return replace(
        decision,
        rebalance=rebalance,
        targets=tuple(Target(t.symbol, t.weight * chosen) for t in decision.targets),
        diagnostics={**decision.diagnostics, RISK: {**figures, "exposure": _short(chosen)}},
        memory={**decision.memory, RISK: {"exposure": kept}},
        warnings=(*decision.warnings, *warnings),
    )


def _short(value: float) -> float:
    return float(f"{value:.12g}")
