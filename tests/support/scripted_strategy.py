"""A strategy that does what a script says, and bars typed by hand: tests of what follows a decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from backtest.core.bars import Bars
from backtest.core.decision import Decision, ExecutionTime, Json, Situation, Target
from backtest.core.errors import Finding
from backtest.data.quality.relations import PriceRelation
from backtest.strategies.family import ALLOCATION, Family
from backtest.strategies.terms import NO_TERMS, Boundary, ContextColumn, TradingTerms

SIGNAL = "SIG"


@dataclass(frozen=True)
class ScriptedWeights:
    """Targets by the session of the decision; a session that is not in the script keeps what is held."""

    script: Mapping[date, Mapping[str, float]]
    execution_time: ExecutionTime = "close"
    tradable_symbols: tuple[str, ...] = ("AAA", "BBB")
    signal_symbols: tuple[str, ...] = (SIGNAL,)
    name: str = "scripted"
    variant: str = "test"
    family: Family = ALLOCATION
    terms: TradingTerms = NO_TERMS
    context_columns: tuple[ContextColumn, ...] = ()
    parameters: Json = field(default_factory=dict)
    overridden: tuple[str, ...] = ()
    warmup_bars: int = 1
    history_floor: int = 1
    unusual: tuple[Finding, ...] = ()
    price_relations: tuple[PriceRelation, ...] = ()
    seen: list[Situation] = field(default_factory=list)

    def with_parameters(self, changes: Mapping[str, Any]) -> "ScriptedWeights":
        return replace(self, parameters={**self.parameters, **changes})

    def decide_again(self, figures: Json, memory: Json, decided_on: date) -> None:
        del figures, memory, decided_on

    def next_changes(self, figures: Json) -> tuple[Boundary, ...]:
        del figures
        return ()

    def evaluate(self, history: Mapping[str, Bars]) -> "ScriptedWeights":
        return self

    def decide(self, situation: Situation) -> Decision:
        self.seen.append(situation)
        targets = self.script.get(situation.decided_on)
        return Decision(
            situation.decided_on,
            rebalance=targets is not None,
            targets=tuple(Target(symbol, weight) for symbol, weight in (targets or {}).items()),
            diagnostics={"cell": len(situation.memory), "trend_state": "Sideways"},
            memory={**situation.memory, situation.decided_on.isoformat(): 1},
        )


@dataclass(frozen=True)
class CloseFollower(ScriptedWeights):
    """Weights that hang on the signal's closes up to the decision: a look-ahead anywhere would show."""

    def evaluate(self, history: Mapping[str, Bars]) -> "CloseFollower":
        bars = history[SIGNAL]
        script = {}
        for row in range(len(bars)):
            share = float(bars.close[: row + 1].sum()) % 1.0
            script[bars.dates[row].item()] = {"AAA": share, "BBB": 1.0 - share}
        return CloseFollower(script, self.execution_time)


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


def make_bars(symbol: str, prices: Mapping[date, float], opens: Sequence[float] | None = None) -> Bars:
    """Bars whose open, high and low equal the close unless opens are given."""
    close = np.array(list(prices.values()), dtype=float)
    open_ = close.copy() if opens is None else np.array(opens, dtype=float)
    return Bars(
        symbol=symbol,
        dates=np.array(list(prices), dtype="M8[D]"),
        open=open_,
        high=np.maximum(open_, close),
        low=np.minimum(open_, close),
        close=close,
        volume=np.full(len(close), 1000.0),
    )
