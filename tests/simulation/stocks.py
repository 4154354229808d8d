"""A rule set of the simulation: single stocks with protective stops, entered and left by a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from backtest.core.bars import Bars
from backtest.core.decision import Decision, EntrySignal, ExecutionTime, ExitSignal, Json, Situation
from backtest.core.errors import Finding
from backtest.data.quality.relations import PriceRelation
from backtest.strategies.family import POSITIONS, Family
from backtest.strategies.terms import Boundary, ContextColumn, TradingTerms
from tests.simulation.market import STOCKS

CONTEXT_COLUMNS: tuple[ContextColumn, ...] = ()
STOP_LOSS_PCT = 5.0
POSITION_VALUE = 9_000.0
MOST_POSITIONS = 3
TERMS = TradingTerms(stop_loss_pct=STOP_LOSS_PCT, max_positions=MOST_POSITIONS, daily_entry_limit=2)


def build(variant: str, parameters: Mapping[str, Any], *, where: str = "") -> SimulatedStocks:
    """Return the rule set with its parameters."""
    del where
    return SimulatedStocks(variant, dict(parameters))


@dataclass(frozen=True)
class SimulatedStocks:
    """Every held stock is left with one chance in four a day; free places are filled."""

    variant: str
    parameters: Json
    name: str = "simulated_stocks"
    family: Family = POSITIONS
    terms: TradingTerms = TERMS
    context_columns: tuple[ContextColumn, ...] = ()
    overridden: tuple[str, ...] = ()
    signal_symbols: tuple[str, ...] = STOCKS
    tradable_symbols: tuple[str, ...] = ()
    warmup_bars: int = 5
    history_floor: int = 5
    unusual: tuple[Finding, ...] = ()
    price_relations: tuple[PriceRelation, ...] = field(default_factory=tuple)

    @property
    def execution_time(self) -> ExecutionTime:
        """When it trades."""
        found: ExecutionTime = self.parameters["execution_time"]
        return found

    def with_parameters(self, changes: Mapping[str, Any]) -> SimulatedStocks:
        """Return it with other parameters."""
        return replace(self, parameters={**self.parameters, **changes})

    def decide_again(self, figures: Json, memory: Json, decided_on: date) -> None:
        """Return None: its diagnostics do not make a decision."""
        del figures, memory, decided_on

    def next_changes(self, figures: Json) -> tuple[Boundary, ...]:
        """Return none: it has no limits."""
        del figures
        return ()

    def evaluate(self, history: Mapping[str, Bars]) -> Evaluated:
        """Keep the closes that entries are priced with."""
        return Evaluated(self, history)


@dataclass(frozen=True)
class Evaluated:
    """The rule set over one history."""

    rules: SimulatedStocks
    history: Mapping[str, Bars]

    def decide(self, situation: Situation) -> Decision:
        """Return exits and entries of the session; an exit that was not carried out is decided again."""
        chance = random.Random(f"{self.rules.parameters['seed']}/stocks/{situation.session}")
        pending: dict[str, str] = situation.memory.get("leaving", {})
        held = situation.book.positions
        drawn = {symbol: chance.random() for symbol in STOCKS}
        leaving = {
            s: p.entry_date.isoformat()
            for s, p in held.items()
            if drawn.get(s, 0.0) < 0.25 or pending.get(s) == p.entry_date.isoformat()
        }
        free = [s for s in STOCKS if s not in held and drawn[s] < 0.6]
        places = MOST_POSITIONS - (len(held) - len(leaving))
        entries = free[: min(2, max(0, places))]
        return Decision(
            situation.decided_on,
            exits=tuple(ExitSignal(symbol, "drawn") for symbol in sorted(leaving)),
            entries=tuple(self._entry(symbol, rank=drawn[symbol]) for symbol in entries),
            memory={"leaving": leaving},
        )

    def _entry(self, symbol: str, *, rank: float) -> EntrySignal:
        price = float(self.history[symbol].close[-1])
        return EntrySignal(
            symbol=symbol,
            quantity=int(POSITION_VALUE // price),
            reference_price=price,
            stop_price=round(price * (1 - STOP_LOSS_PCT / 100), 2),
            rank=round(rank, 4),
            reason="drawn",
            details={"stop_loss_pct": STOP_LOSS_PCT},
        )
