"""A strategy under risk rules: what it decides is sized, limited and protected by its `risk:` section.

Simulator, generator, shadows, replay and validation evaluate a strategy and take its decision, so all of them
get the managed one. A strategy without the section is not wrapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from backtest.core.bars import Bars
from backtest.core.decision import Decision, ExecutionTime, Json, Situation
from backtest.core.errors import Finding
from backtest.data.quality.relations import PriceRelation
from backtest.strategies.base import Evaluation, Strategy
from backtest.strategies.family import Family
from backtest.strategies.risk_section import read_risk
from backtest.strategies.terms import Boundary, ContextColumn, TradingTerms
from backtest.trading.risk.entries import managed_entries
from backtest.trading.risk.moves import moved_stops
from backtest.trading.risk.rules import RiskRules
from backtest.trading.risk.series import PriceSeries
from backtest.trading.risk.weights import RISK, managed_weights, scaled


def managed(strategy: Strategy, section: Any, *, where: str = "") -> Strategy:
    """Return the strategy under a `risk:` section; the strategy itself when the section asks for nothing.

    Raises:
        ParameterError: the section is wrong or does not fit the strategy; `findings` lists every problem.
    """
    rules = read_risk(section, strategy, where=where)
    return strategy if rules.off else ManagedStrategy(strategy, rules)


@dataclass(frozen=True, slots=True)
class ManagedStrategy:
    """A strategy and the rules its decisions go through; everything else is the strategy's own."""

    inner: Strategy
    risk: RiskRules

    @property
    def name(self) -> str:
        """Rule set."""
        return self.inner.name

    @property
    def variant(self) -> str:
        """Parameter set."""
        return self.inner.variant

    @property
    def family(self) -> Family:
        """How the stages treat it."""
        return self.inner.family

    @property
    def execution_time(self) -> ExecutionTime:
        """When the strategy trades."""
        return self.inner.execution_time

    @property
    def parameters(self) -> Json:
        """Every parameter, and the section under ``risk``."""
        return {**self.inner.parameters, RISK: self.risk.model_dump(mode="json", exclude_none=True)}

    @property
    def terms(self) -> TradingTerms:
        """The parameters that matter after the decision."""
        return replace(self.inner.terms, reads_bars_of_candidates=self.risk.reads_bars)

    @property
    def context_columns(self) -> tuple[ContextColumn, ...]:
        """Diagnostics kept with every trade."""
        return self.inner.context_columns

    @property
    def overridden(self) -> tuple[str, ...]:
        """Names of the parameters that differ from the defaults."""
        return (*self.inner.overridden, RISK)

    @property
    def signal_symbols(self) -> tuple[str, ...]:
        """Symbols whose bars the decision reads."""
        return self.inner.signal_symbols

    @property
    def tradable_symbols(self) -> tuple[str, ...]:
        """Symbols the strategy may hold."""
        return self.inner.tradable_symbols

    @property
    def price_relations(self) -> tuple[PriceRelation, ...]:
        """Which of its symbols multiplies the daily move of which other."""
        return self.inner.price_relations

    @property
    def warmup_bars(self) -> int:
        """Bars to request before the first session of interest: also what volatility is measured on."""
        target = self.risk.volatility_target
        return max(self.inner.warmup_bars, 0 if target is None else target.window + 1)

    @property
    def history_floor(self) -> int:
        """Bars wanted before the first decision."""
        return self.inner.history_floor

    @property
    def unusual(self) -> tuple[Finding, ...]:
        """A warning for every valid parameter outside the range people use."""
        return self.inner.unusual

    def with_parameters(self, changes: Mapping[str, Any]) -> Strategy:
        """Return the variant with some parameters changed, the section included."""
        section = changes.get(RISK, self.parameters[RISK])
        inner = self.inner.with_parameters({name: value for name, value in changes.items() if name != RISK})
        return managed(inner, section, where=self.variant)

    def decide_again(self, figures: Json, memory: Json, decided_on: date) -> Decision | None:
        """Return the decision that earlier diagnostics lead to with another memory."""
        found = self.inner.decide_again(_without_risk(figures), _without_risk(memory), decided_on)
        target, known = self.risk.volatility_target, figures.get(RISK)
        if found is None or target is None or not isinstance(known, Mapping):
            return found
        return scaled(found, memory, float(known["wanted"]), target, known["sigma"])

    def next_changes(self, figures: Json) -> tuple[Boundary, ...]:
        """Return the limits that would change the strategy's own decision."""
        return self.inner.next_changes(figures)

    def evaluate(self, history: Mapping[str, Bars]) -> ManagedEvaluation:
        """Compute the strategy's series; those of the rules are computed when first needed."""
        return ManagedEvaluation(self.inner.evaluate(history), PriceSeries(history), self.risk)


@dataclass(frozen=True, slots=True)
class ManagedEvaluation:
    """A strategy's series and the prices that its risk rules read."""

    inner: Evaluation
    prices: PriceSeries
    risk: RiskRules

    def decide(self, situation: Situation) -> Decision:
        """Return the strategy's decision under the rules; pure."""
        memory = situation.memory
        found = self.inner.decide(replace(situation, memory=_without_risk(memory)))
        if self.risk.volatility_target is not None:
            return managed_weights(found, memory, self.prices, self.risk.volatility_target)
        day = situation.decided_on
        found = managed_entries(found, situation.book, self.prices, self.risk, day)
        leaving = {signal.symbol for signal in found.exits}
        moves = moved_stops(situation.book, self.prices, self.risk, day, leaving=leaving)
        return replace(
            found, stops=moves, warnings=(*found.warnings, *(_MOVED.format(m=move) for move in moves))
        )


_MOVED: Final = "risk: {m.symbol}: its stop moves from {m.before:g} to {m.price:g} ({m.reason})"


def _without_risk(values: Json) -> Json:
    return {name: value for name, value in values.items() if name != RISK} if RISK in values else values
