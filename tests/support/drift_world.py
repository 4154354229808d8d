"""A book that was traded by hand: plain bookkeeping beside the simulator, for what drift must find.

Nothing of the product's sizing, fills or walks is used: shares, cash and equity are counted here in decimals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from backtest.core.bars import Bars
from backtest.core.decision import Decision, Json, Situation, Target
from backtest.core.execution_rules import ExecutionRules
from backtest.reporting.drift.facts import LiveBook, LiveFill, LiveSession
from backtest.strategies.terms import ContextColumn
from tests.support.scripted_strategy import SIGNAL, ScriptedWeights, make_bars

RULES = ExecutionRules(min_cash_pct=0, max_buying_power_pct=100)
CASH = Decimal(10_000)


@dataclass(frozen=True)
class StatedWeights(ScriptedWeights):
    """Targets of every session stand in its diagnostics; it trades when they are not what it remembers."""

    context_columns: tuple[ContextColumn, ...] = (ContextColumn("cell", "cell", is_state=True),)

    def evaluate(self, history: Mapping[str, Bars]) -> StatedWeights:
        return self

    def decide(self, situation: Situation) -> Decision:
        return self.decide_again(
            figures(self.script[situation.decided_on]), situation.memory, situation.decided_on
        )

    def decide_again(self, figures: Json, memory: Json, decided_on: date) -> Decision:  # type: ignore[override]
        targets = figures["targets"]
        return Decision(
            decided_on,
            rebalance=targets != memory.get("held"),
            targets=tuple(Target(symbol, weight) for symbol, weight in targets.items()),
            diagnostics=figures,
            memory={"held": targets},
        )


def figures(targets: Mapping[str, float]) -> Json:
    """Return the diagnostics of a decision for these targets."""
    return {"cell": round(sum(targets.values()) * 10), "targets": dict(targets)}


@dataclass(frozen=True)
class Fault:
    """What was different in one session; the defaults are a session that went as simulated.

    `seen`: targets the file decided for. `sizing`, `quote`: factors on the close, `fill` one on the quote.
    `keep`: what a person leaves of every order, decimal fraction. `held`: a gate keeps all orders. `filled`:
    fraction that filled.
    """

    seen: Mapping[str, float] | None = None
    keep: Decimal = Decimal(1)
    held: bool = False
    missed: bool = False
    sizing: Decimal = Decimal(1)
    quote: Decimal = Decimal(1)
    fill: Decimal = Decimal(1)
    filled: Decimal = Decimal(1)
    commission: Decimal = Decimal(0)
    flow_before: Decimal = Decimal(0)
    flow_after: Decimal = Decimal(0)


@dataclass
class HandTraded:
    """The book: `closes` by symbol and session, `script` the right targets of each session."""

    days: Sequence[date]
    closes: Mapping[str, Sequence[Decimal]]
    script: Mapping[date, Mapping[str, float]]
    faults: Mapping[date, Fault] = field(default_factory=dict)

    @property
    def strategy(self) -> StatedWeights:
        return StatedWeights(self.script, tradable_symbols=tuple(self.closes))

    @property
    def bars(self) -> dict[str, Bars]:
        columns = {s: [float(price) for price in prices] for s, prices in self.closes.items()}
        columns[SIGNAL] = [100.0] * len(self.days)
        return {s: make_bars(s, dict(zip(self.days, prices, strict=True))) for s, prices in columns.items()}

    def book(self) -> LiveBook:
        """Trade every session and return what a ledger would know of it."""
        account = _Account(CASH, {}, {})
        sessions = tuple(
            account.session(day, {s: prices[row] for s, prices in self.closes.items()}, self, row)
            for row, day in enumerate(self.days)
        )
        return LiveBook("hand", CASH, {}, sessions)


@dataclass
class _Account:
    cash: Decimal
    shares: dict[str, int]
    remembered: dict[str, float]

    def session(self, day: date, close: Mapping[str, Decimal], world: HandTraded, row: int) -> LiveSession:
        fault = world.faults.get(day, Fault())
        self.cash += fault.flow_before
        targets = dict(world.script[day] if fault.seen is None else fault.seen)
        rebalance = targets != self.remembered
        planned = self._planned(targets, close, fault) if rebalance else {}
        wanted = {s: int(count * fault.keep) for s, count in planned.items()}
        wanted = {} if fault.held else {s: count for s, count in wanted.items() if count}
        live = LiveSession(
            day,
            figures=None if fault.missed else figures(targets),
            rebalance=rebalance and not fault.missed,
            cash_before=fault.flow_before,
            cash_after=fault.flow_after,
            missed=fault.missed,
        )
        if fault.missed:
            live = replace(live, carried_out=False)
        else:
            live = self._trade(replace(live, planned=planned, wanted=wanted, sent=wanted), close, fault)
            if live.carried_out:
                self.remembered = targets
        self.cash += fault.flow_after
        worth = sum((count * close[s] for s, count in self.shares.items()), Decimal(0))
        return replace(live, equity=(self.cash + worth).quantize(Decimal("0.01")))

    def _planned(
        self, targets: Mapping[str, float], close: Mapping[str, Decimal], fault: Fault
    ) -> dict[str, int]:
        at = {s: price * fault.sizing for s, price in close.items()}
        equity = self.cash + sum((count * at[s] for s, count in self.shares.items()), Decimal(0))
        wanted = {s: int(Decimal(str(targets.get(s, 0.0))) * equity / price) for s, price in at.items()}
        moves = {s: count - self.shares.get(s, 0) for s, count in wanted.items()}
        return {s: count for s, count in moves.items() if count}

    def _trade(self, live: LiveSession, close: Mapping[str, Decimal], fault: Fault) -> LiveSession:
        fills: list[LiveFill] = []
        quote = {s: (price * fault.quote).quantize(Decimal("0.0001")) for s, price in close.items()}
        for symbol, count in live.sent.items():
            done = int(abs(count) * fault.filled)
            if done:
                price = (quote[symbol] * fault.fill).quantize(Decimal("0.0001"))
                fill = LiveFill(symbol, "buy" if count > 0 else "sell", done, price, fault.commission)
                fills.append(fill)
                self.cash -= (fill.change * price).quantize(Decimal("0.01")) + fault.commission
                self.shares[symbol] = self.shares.get(symbol, 0) + fill.change
        quotes = {s: float(quote[s]) for s in live.sent}
        ended = not live.sent or bool(fills)
        return replace(
            live, fills=tuple(fills), quotes=quotes, carried_out=ended and not (fault.held and live.planned)
        )


def explained(found: Any) -> dict[str, Decimal]:
    """Return cause -> amount of the last session of an attribution, and ``unexplained``."""
    from backtest.reporting.drift.facts import CAUSES

    last = found.rows[-1]
    named = {step.cause: amount for step, amount in zip(CAUSES, last.causes, strict=True)}
    return {**named, "unexplained": last.live - last.explained}
