"""One session bar by bar: what a plan does with the bars so far. The same events for the same plan and bars.

The order of work inside a bar is what makes a session equal to the table of outcomes: market entries at the
open, limit orders, exits, ranges, breaks, confirmations. Strategies are served in the order of the plan, and
each accepted entry is seen by the next risk check of the same bar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from backtest.core.errors import DataError
from backtest.simulator.intraday import events as words
from backtest.simulator.intraday.events import Event, EventType
from backtest.simulator.intraday.plan import PlannedStrategy, RangeKey, SessionPlan
from backtest.simulator.intraday.risk import OpenTrade, RiskAnswer, RiskBook
from backtest.simulator.intraday.session_range import SessionRange
from backtest.simulator.intraday.session_trade import SessionTrade, TradeOutcome
from backtest.strategies.opening_range_breakout import rules
from backtest.strategies.opening_range_breakout.filters import BreakFacts
from backtest.strategies.opening_range_breakout.strategy_key import ENTRY_MODELS

_ALIVE: Final = frozenset(("ARMED", "CONFIRMING", "PENDING", "ENTERED"))
_EXITS: Final[dict[int, tuple[TradeOutcome, str]]] = {
    rules.TARGET: ("win", words.TARGET_HIT),
    rules.STOP: ("loss", words.STOP_HIT),
    rules.BOTH: ("loss", words.AMBIGUOUS),
}


@dataclass(frozen=True, slots=True)
class MinuteBar:
    """One bar: the start of its minute, UTC, and its prices in points."""

    minute: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0


@dataclass(slots=True)
class SessionEngine:
    """A session so far; `on_bar` takes the next bar, `end` ends the day.

    Attributes:
        plan: what it does.
        ranges: by label and length.
        trades: armed so far, or turned away at the break, by strategy.
        risk: of the day.
        events: all so far.
        blocked: says why no trade may be entered at a minute, empty when one may: what a person or a check
            outside the plan decided before the bar was taken.
        last: the newest bar, in the session's unit.
        over: the session has ended.
    """

    plan: SessionPlan
    ranges: dict[RangeKey, SessionRange] = field(init=False)
    trades: dict[str, SessionTrade] = field(default_factory=dict)
    risk: RiskBook = field(init=False)
    events: list[Event] = field(default_factory=list)
    blocked: Callable[[datetime], str] = lambda _: ""
    last: MinuteBar | None = None
    over: bool = False
    _alive: list[SessionTrade] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Set up the day: every range idle, nothing traded."""
        plan = self.plan
        self.risk = RiskBook(plan.limits)
        least = plan.options.orb_min_bars
        self.ranges = {
            key: SessionRange(window, key[1] if least is None else least)
            for key, window in plan.windows.items()
        }

    def on_bar(self, bar: MinuteBar) -> tuple[Event, ...]:
        """Take the next bar of the day and return what happened.

        Raises:
            DataError: a bar of another day, or not later than the one before.
        """
        self._require_next(bar)
        before = len(self.events)
        if bar.minute >= self.plan.end and not self.over:
            self.end()
        if not self.over:
            counted = self._counted(bar)
            self._enter_at_open(counted)
            self._enter_at_limit(counted)
            self._exit(counted)
            for one in self.ranges.values():
                one.watch(counted.minute, counted.high, counted.low)
            self._arm(counted)
            self._confirm(counted)
            self._alive = [trade for trade in self._alive if trade.state in _ALIVE]
            self.last = counted
        return tuple(self.events[before:])

    def end(self) -> tuple[Event, ...]:
        """End the session: open trades leave at the last close, all else is cancelled."""
        before = len(self.events)
        if not self.over:
            self.over = True
            last = self.last
            for trade in self._alive:
                assert last is not None
                if trade.state == "ENTERED":
                    self._leave(trade, last.minute, last.close, ("scratch", words.SESSION_END))
                else:
                    self._stop_waiting(trade, last.minute, words.SESSION_END)
            self._alive = []
        return tuple(self.events[before:])

    def _require_next(self, bar: MinuteBar) -> None:
        where = f"{self.plan.instrument.symbol} {bar.minute:%Y-%m-%d %H:%M}"
        if not self.plan.day.holds(bar.minute):
            raise DataError(f"a bar of another day than {self.plan.day.day}", where=where)
        if self.last is not None and bar.minute <= self.last.minute:
            raise DataError(f"a bar that is not after {self.last.minute:%H:%M}", where=where)

    def _counted(self, bar: MinuteBar) -> MinuteBar:
        """Return a bar in the session's unit."""
        grid = self.plan.grid
        if grid is None:
            return bar
        open_, high, low, close = (
            float(round(x * grid.scale)) for x in (bar.open, bar.high, bar.low, bar.close)
        )
        return MinuteBar(bar.minute, open_, high, low, close, bar.volume)

    def _enter_at_open(self, bar: MinuteBar) -> None:
        for trade in self._alive:
            if trade.state == "PENDING" and self._model(trade) == rules.E1:
                self._fill(trade, bar.minute, bar.open, words.CONFIRMED)

    def _enter_at_limit(self, bar: MinuteBar) -> None:
        wait = self.plan.options.e3_max_wait_min
        for trade in self._alive:
            if trade.state != "PENDING" or self._model(trade) != rules.E3:
                continue
            if wait is not None and bar.minute - trade.confirmed_at > timedelta(minutes=wait):  # type: ignore[operator]
                self._stop_waiting(trade, bar.minute, words.DEADLINE)
                continue
            answer = rules.limit_answer(trade.side, bar.high, bar.low, trade.edge, trade.stop)
            if answer == rules.DEAD:
                self._stop_waiting(trade, bar.minute, words.STOP_HIT)
            elif answer == rules.FILLED:
                self._fill(trade, bar.minute, trade.edge, words.LIMIT_TOUCHED)

    def _fill(self, trade: SessionTrade, minute: datetime, entry: float, reason: str) -> None:
        """Enter a trade when the risk of the day allows it: the only way to an ENTRY."""
        plan, strategy = self.plan, trade.strategy
        risk = rules.risk_of(entry, trade.stop)
        beyond = rules.entry_is_beyond_stop(trade.side, entry, trade.stop)
        if risk <= 0.0 or (plan.options.reject_beyond_stop and beyond):
            self._turn_away(trade, minute, words.BEYOND_STOP)
            return
        points = abs(trade.price(entry) - trade.price(trade.stop))
        contracts = 1 if plan.sizing is None else plan.sizing.contracts(plan.instrument, points)
        outside = self.blocked(minute)
        answer = RiskAnswer(allowed=False, reason=outside) if outside else self.risk.ask(strategy.key.label)
        trade.passed, trade.note = answer.allowed, answer.note
        if not answer.allowed:
            self._turn_away(trade, minute, words.RISK + answer.reason)
            return
        if contracts < 1:
            trade.passed = False
            self._turn_away(trade, minute, f"{words.RISK}no_contracts")
            return
        trade.contracts = min(contracts, strategy.max_contracts)
        dollars = plan.instrument.risk_dollars(points) * trade.contracts
        self.risk.enter(strategy.id, OpenTrade(strategy.key.label, dollars))
        trade.enters(minute, entry)
        self._say("ENTRY", trade, minute, reason, price=entry, contracts=trade.contracts, note=answer.note)

    def _exit(self, bar: MinuteBar) -> None:
        options = self.plan.options
        for trade in self._alive:
            if trade.state != "ENTERED":
                continue
            answer = trade.sees(bar.minute, bar.high, bar.low)
            first = bar.minute == trade.entered_at
            if (
                answer == rules.TARGET
                and first
                and self._model(trade) == rules.E3
                and not options.e3_entry_bar_target
            ):
                continue
            if answer != rules.OPEN:
                outcome, reason = _EXITS[answer]
                price = trade.target if outcome == "win" else trade.stop
                gap = not first and rules.gapped_through(trade.side, bar.open, trade.stop)
                if outcome == "loss" and options.realistic_gaps and gap:
                    price = bar.open
                self._leave(trade, bar.minute, price, (outcome, reason))
        if self.risk.halted and self.plan.limits.flatten_on_halt:
            for trade in self._alive:
                if trade.state == "ENTERED":
                    self._leave(trade, bar.minute, bar.close, ("scratch", words.HALT))

    def _arm(self, bar: MinuteBar) -> None:
        broken = [key for key, one in self.ranges.items() if one.breaks(bar.minute, bar.close)]
        if not broken:
            return
        for strategy in self.plan.strategies:
            key = (strategy.key.label, strategy.key.minutes)
            if key not in broken:
                continue
            trade = SessionTrade(strategy, self.ranges[key], self.plan.grid)
            self.trades[strategy.id] = trade
            if strategy.filter.allows(self._facts(strategy, trade, bar), self.plan.instrument):
                self._alive.append(trade)
                self._say("ARMED", trade, bar.minute, "break", price=bar.close)
            else:
                self._turn_away(trade, bar.minute, words.FILTER + strategy.filter.name)

    def _facts(self, strategy: PlannedStrategy, trade: SessionTrade, bar: MinuteBar) -> BreakFacts:
        high, low = trade.range.high, trade.range.low
        size = high - low if trade.grid is None else (high - low) / trade.grid.scale
        days = strategy.filter.days
        minute = round((bar.minute - self.plan.day.start).total_seconds() / 60)
        usual = self.plan.usual_volume.get(days, {}).get(minute, 0.0)
        return BreakFacts(size, {days: bar.volume / usual} if usual > 0 else {})

    def _confirm(self, bar: MinuteBar) -> None:
        deadline = self.plan.options.confirm_deadline_min
        for trade in self._alive:
            if trade.state not in {"ARMED", "CONFIRMING"}:
                continue
            late = deadline is not None and bar.minute - trade.range.broken_at > timedelta(minutes=deadline)  # type: ignore[operator]
            if late:
                self._stop_waiting(trade, bar.minute, words.DEADLINE)
            elif trade.counts(bar.close):
                trade.state, trade.confirmed_at, trade.signal = "PENDING", bar.minute, bar.close
                self._say("CONFIRMED", trade, bar.minute, words.CONFIRMED, price=bar.close)
                if self._model(trade) == rules.E2:
                    self._fill(trade, bar.minute, bar.close, words.CONFIRMED)

    def _model(self, trade: SessionTrade) -> int:
        """Return the entry model that a trade is executed by."""
        if trade.strategy.key.model == "E2" and self.plan.options.e2_as_e1:
            return rules.E1
        return ENTRY_MODELS[trade.strategy.key.model]

    def _leave(
        self, trade: SessionTrade, minute: datetime, price: float, end: tuple[TradeOutcome, str]
    ) -> None:
        outcome, reason = end
        trade.ends(minute, price, outcome, reason, self.plan.instrument)
        self.risk.leave(trade.strategy.id, trade.result_r, trade.dollars)
        kind: EventType = "SCRATCH" if reason == words.SESSION_END else "EXIT"
        self._say(kind, trade, minute, reason, price=price, contracts=trade.contracts)

    def _turn_away(self, trade: SessionTrade, minute: datetime, reason: str) -> None:
        trade.state, trade.outcome, trade.reason = "REJECTED", "rejected", reason
        self._say("REJECT", trade, minute, reason)

    def _stop_waiting(self, trade: SessionTrade, minute: datetime, reason: str) -> None:
        trade.state, trade.reason = "CANCELLED", reason
        self._say("CANCEL", trade, minute, reason)

    def _say(
        self,
        kind: EventType,
        trade: SessionTrade,
        minute: datetime,
        reason: str,
        *,
        price: float | None = None,
        contracts: int = 0,
        note: str = "",
    ) -> None:
        shown = None if price is None else trade.price(price)
        number = len(self.events) + 1
        self.events.append(
            Event(number, minute, kind, trade.strategy.id, trade.direction, shown, contracts, reason, note)
        )


def run_session(plan: SessionPlan, bars: Sequence[MinuteBar], *, ended: bool = True) -> SessionEngine:
    """Return the session of a plan after bars of its day, oldest first, ended unless told otherwise.

    Raises:
        DataError: bars of another day or out of order.
    """
    engine = SessionEngine(plan)
    for bar in bars:
        engine.on_bar(bar)
    if ended:
        engine.end()
    return engine
