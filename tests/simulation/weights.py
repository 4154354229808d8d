"""A rule set of the simulation: target weights of two funds that change on most days, by a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from backtest.core.bars import Bars
from backtest.core.decision import Decision, ExecutionTime, Json, Situation, Target
from backtest.core.errors import Finding
from backtest.data.quality.relations import PriceRelation
from backtest.strategies.family import ALLOCATION, Family
from backtest.strategies.terms import NO_TERMS, Boundary, ContextColumn, TradingTerms
from tests.simulation.market import FUNDS, SIGNAL

CONTEXT_COLUMNS: tuple[ContextColumn, ...] = ()


def build(variant: str, parameters: Mapping[str, Any], *, where: str = "") -> SimulatedWeights:
    """Return the rule set with its parameters."""
    del where
    return SimulatedWeights(variant, dict(parameters))


@dataclass(frozen=True)
class SimulatedWeights:
    """Weights drawn for each session; two days in five nothing changes."""

    variant: str
    parameters: Json
    name: str = "simulated_weights"
    family: Family = ALLOCATION
    terms: TradingTerms = NO_TERMS
    context_columns: tuple[ContextColumn, ...] = ()
    overridden: tuple[str, ...] = ()
    signal_symbols: tuple[str, ...] = (SIGNAL,)
    tradable_symbols: tuple[str, ...] = FUNDS
    warmup_bars: int = 5
    history_floor: int = 5
    unusual: tuple[Finding, ...] = ()
    price_relations: tuple[PriceRelation, ...] = field(default_factory=tuple)

    @property
    def execution_time(self) -> ExecutionTime:
        """When it trades."""
        found: ExecutionTime = self.parameters["execution_time"]
        return found

    def with_parameters(self, changes: Mapping[str, Any]) -> SimulatedWeights:
        """Return it with other parameters."""
        return replace(self, parameters={**self.parameters, **changes})

    def decide_again(self, figures: Json, memory: Json, decided_on: date) -> None:
        """Return None: its diagnostics do not make a decision."""
        del figures, memory, decided_on

    def next_changes(self, figures: Json) -> tuple[Boundary, ...]:
        """Return none: it has no limits."""
        del figures
        return ()

    def evaluate(self, history: Mapping[str, Bars]) -> SimulatedWeights:
        """Return itself: nothing is computed from bars."""
        del history
        return self

    def decide(self, situation: Situation) -> Decision:
        """Return the weights of the session."""
        chance = random.Random(f"{self.parameters['seed']}/weights/{situation.session}")
        kept: dict[str, float] = situation.memory.get("targets", {})
        change = chance.random() < 0.6 or not kept
        first = round(chance.choice((0.0, 0.2, 0.5, 0.8, 0.95)), 2)
        second = round((1 - first) * chance.choice((0.0, 0.5, 1.0)), 2)
        wanted = {FUNDS[0]: first, FUNDS[1]: second} if change else kept
        return Decision(
            situation.decided_on,
            rebalance=change,
            targets=tuple(Target(symbol, weight) for symbol, weight in wanted.items()),
            memory={"targets": wanted},
        )
