"""What a strategy is: parameters and bars in, one frozen decision per session out.

Two families live on one pipeline. An *allocation* strategy returns target weights; a *positions* strategy
returns exits and entries. `Strategy.evaluate` computes every series once over the whole history;
`Evaluation.decide` reads the row of one session, so simulator, replay and the live stage share one
computation and one decision rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

from backtest.core.bars import Bars
from backtest.core.decision import Decision, ExecutionTime, Json, Situation
from backtest.core.errors import Finding
from backtest.data.quality.relations import PriceRelation
from backtest.strategies.family import Family
from backtest.strategies.terms import Boundary, ContextColumn, TradingTerms


class Evaluation(Protocol):
    """A strategy's series over one history."""

    def decide(self, situation: Situation) -> Decision:
        """Return the decision of one session; pure. DataError when a needed bar is missing."""
        ...


class Strategy(Protocol):
    """A rule set with one named parameter set."""

    @property
    def name(self) -> str:
        """Rule set, e.g. ``Hierarchical_Adaptive_v3_5b``."""
        ...

    @property
    def variant(self) -> str:
        """Parameter set, e.g. ``golden``."""
        ...

    @property
    def family(self) -> Family:
        """How the stages treat it."""
        ...

    @property
    def execution_time(self) -> ExecutionTime:
        """When the strategy trades."""
        ...

    @property
    def parameters(self) -> Json:
        """Every parameter with its value, JSON-ready, in a fixed order."""
        ...

    @property
    def terms(self) -> TradingTerms:
        """The parameters that matter after the decision."""
        ...

    @property
    def context_columns(self) -> tuple[ContextColumn, ...]:
        """Diagnostics kept with every trade; the first one, when there is any, names the regime."""
        ...

    @property
    def overridden(self) -> tuple[str, ...]:
        """Names of the parameters that differ from the defaults."""
        ...

    @property
    def signal_symbols(self) -> tuple[str, ...]:
        """Symbols whose bars the decision reads."""
        ...

    @property
    def tradable_symbols(self) -> tuple[str, ...]:
        """Symbols the strategy may hold; empty when they come with the candidates."""
        ...

    @property
    def price_relations(self) -> tuple[PriceRelation, ...]:
        """Which of its symbols multiplies the daily move of which other, for the price gate."""
        ...

    @property
    def warmup_bars(self) -> int:
        """Bars to request before the first session of interest."""
        ...

    @property
    def history_floor(self) -> int:
        """Bars of the first signal symbol wanted before the first decision; fewer are a warning or exit 5."""
        ...

    @property
    def unusual(self) -> tuple[Finding, ...]:
        """A warning for every valid parameter outside the range people use."""
        ...

    def with_parameters(self, changes: Mapping[str, Any]) -> Strategy:
        """Return the variant with some parameters changed and validated; ParameterError lists all faults."""
        ...

    def decide_again(self, figures: Json, memory: Json, decided_on: date) -> Decision | None:
        """Return the decision that the diagnostics of an earlier one lead to with another memory.

        None where diagnostics do not say it: the decision hangs on holdings and candidates too.
        """
        ...

    def next_changes(self, figures: Json) -> tuple[Boundary, ...]:
        """Return the limits that would change the decision with these diagnostics, in a fixed order."""
        ...

    def evaluate(self, history: Mapping[str, Bars]) -> Evaluation:
        """Compute every series over the whole history; no look-ahead inside a row."""
        ...
