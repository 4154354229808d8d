"""One walk over the sessions of a book: the simulator with some of its own facts replaced by live ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from backtest.core.decision import Book, Decision, Json, Situation
from backtest.core.execution_rules import ExecutionRules
from backtest.core.planned_orders import Intent, Plan, PlannedOrder, in_order
from backtest.reporting.drift.facts import LiveFill, LiveSession, Shares, Step
from backtest.simulator.allocation.hooks import SessionHooks
from backtest.simulator.allocation.step import Executed, Outcome, book_fill, carry_out, realised_pnl
from backtest.strategies.base import Evaluation, Strategy
from backtest.trading.fills import Fill, commission, fill_market, gross_value


@dataclass(slots=True)
class Sized:
    """What the walk with every live fact saw: the measure the others are held against.

    Attributes:
        shares: session -> shares that the real sizing gives for live's own book at the final bars.
        decided: session -> (decision of the file, decision on the final bars), both with live's memory.
        changed: sessions whose file did not follow from live's memory: a person had set it (adopt, panic).
    """

    shares: dict[date, Shares] = field(default_factory=dict)
    decided: dict[date, tuple[Decision, Decision]] = field(default_factory=dict)
    changed: set[date] = field(default_factory=set)


@dataclass(slots=True)
class Walk(SessionHooks):
    """Hooks of one walk.

    Attributes:
        strategy: of the book.
        sessions: live facts by day.
        step: which of them hold.
        sized: filled by the walk with `first`, read by the others.
        first: this is the walk with every live fact, which fills `sized`.
    """

    strategy: Strategy
    sessions: Mapping[date, LiveSession]
    step: Step
    sized: Sized
    first: bool = False

    def decide(self, evaluation: Evaluation, situation: Situation) -> Decision:
        """Return the decision of the file with this walk's memory; without a file that on the final bars."""
        final = evaluation.decide(situation)
        live = self._live(situation.session)
        if self.step < Step.DATA or live.figures is None:
            return final
        of_file = self._of_file(live.figures, situation, final)
        if self.first:
            self.sized.decided[situation.session] = (of_file, final)
            if of_file.rebalance != live.rebalance:
                self.sized.changed.add(situation.session)
        if self.step >= Step.HELD_EDITED and situation.session in self.sized.changed:
            return replace(of_file, rebalance=live.rebalance)
        return of_file

    def _of_file(self, figures: Json, situation: Situation, final: Decision) -> Decision:
        """Return the file's decision; where it wants what the final bars want, theirs, to the last digit."""
        memory, day = situation.memory, situation.decided_on
        of_file = self.strategy.decide_again(figures, memory, day)
        again = self.strategy.decide_again(final.diagnostics, memory, day)
        if of_file is None or again is None or of_file.targets == again.targets:
            return final if of_file is None or again is None else replace(final, diagnostics=figures)
        return of_file

    def acts(self, session: date) -> bool:
        """Tell whether live facts may trade although the decision is to change nothing."""
        del session
        return self.step >= Step.HELD_EDITED

    def carried_out(self, session: date) -> bool:
        """Tell whether live's memory moved on, as far as the reason is one of this walk's facts."""
        because = self._live(session).not_carried_out_by
        return because is None or because > self.step

    def cash_before(self, session: date) -> float:
        """Return the deposits, dividends, interest and fees known before the decision."""
        return float(self._live(session).cash_before) if self.step >= Step.CASH_FLOWS else 0.0

    def cash_after(self, session: date) -> float:
        """Return those that came after it."""
        return float(self._live(session).cash_after) if self.step >= Step.CASH_FLOWS else 0.0

    def carry_out(
        self,
        plan: Plan,
        book: Book,
        prices: Mapping[str, float],
        rules: ExecutionRules,
        *,
        session: date,
        marks: Mapping[str, float],
    ) -> Outcome:
        """Trade a session as far as this walk's facts say how."""
        live = self._live(session)
        if self.step >= Step.MISSED and live.missed:
            return Outcome((), book)
        if self.step < Step.ROUNDING:
            if self.step >= Step.HELD_EDITED and not live.missed:
                plan = replace(plan, orders=_edited(plan.orders, live, prices, book.shares()))
            return carry_out(plan, book, prices, rules, session=session, marks=marks)
        own = _shares(carry_out(plan, book, prices, rules, session=session, marks=marks).executed)
        if self.first:
            self.sized.shares[session] = own
        trades = self._trades(own, live, book)
        return self._fill(trades, live, book, prices, rules, session)

    def _trades(self, own: Shares, live: LiveSession, book: Book) -> Shares:
        """Return this walk's shares, changed by what live's differ from the sizing of live's own book."""
        done = live.filled if self.step >= Step.SLIPPAGE else live.sent
        if self.first:
            wanted: dict[str, int] = dict(done)
        else:
            base = self.sized.shares.get(live.session, {})
            wanted = {s: _adjusted(own.get(s, 0), base.get(s, 0), done.get(s, 0)) for s in {*own, *done}}
        held = book.shares()
        return {s: max(count, -held.get(s, 0)) for s, count in wanted.items() if count}

    def _fill(
        self,
        trades: Shares,
        live: LiveSession,
        book: Book,
        prices: Mapping[str, float],
        rules: ExecutionRules,
        session: date,
    ) -> Outcome:
        at = {**prices, **live.quotes} if self.step >= Step.TIMING else prices
        executed: list[Executed] = []
        for order in _orders(trades, at, book):
            known = [f for f in live.fills if f.symbol == order.symbol and f.side == order.side]
            for fill in self._fills(order, known, at, rules):
                done = replace(order, quantity=fill.quantity)
                executed.append(Executed(done, fill, realised_pnl(book, done, fill)))
                book = book_fill(book, done, fill, session)
        return Outcome(tuple(executed), book)

    def _fills(
        self, order: PlannedOrder, known: list[LiveFill], at: Mapping[str, float], rules: ExecutionRules
    ) -> Iterator[Fill]:
        """Yield the fills of an order: modelled, or live's own."""
        total = sum(fill.quantity for fill in known)
        if self.step < Step.SLIPPAGE or not total:
            if order.symbol in at:
                yield fill_market(order.side, order.quantity, at[order.symbol], rules)
            return
        parts = known if total == order.quantity else [_at_average(known, order.quantity)]
        for part in parts:
            modelled = commission(order.quantity, rules) if part is parts[0] else 0.0
            yield _live_fill(part, float(part.commission) if self.step >= Step.COSTS else modelled)

    def _live(self, session: date) -> LiveSession:
        return self.sessions.get(session) or LiveSession(session)


def _adjusted(own: int, base: int, live: int) -> int:
    """Return a walk's own shares with live's difference from the sizing of live's own book.

    Where live did what the sizing says, the walk's own shares stay: what makes the two books differ (another
    deposit, an earlier cause) is not counted here. Nothing done stays nothing.
    """
    if live == base:
        return own
    return 0 if live == 0 else own + live - base


def _edited(
    orders: Iterable[PlannedOrder], live: LiveSession, prices: Mapping[str, float], held: Shares
) -> tuple[PlannedOrder, ...]:
    """Return planned orders with what people and gates changed; a new one trades at the session's price.

    No more is sold than this walk's own book holds, which an earlier cause may have made smaller than live's.
    """
    plan = {order.symbol: order for order in orders}
    edited: list[PlannedOrder] = []
    for symbol in sorted({*plan, *live.wanted, *live.planned}):
        known = plan.get(symbol)
        own = 0 if known is None else (known.quantity if known.side == "buy" else -known.quantity)
        count = _adjusted(own, live.planned.get(symbol, 0), live.wanted.get(symbol, 0))
        count = max(count, -held.get(symbol, 0))
        if count == own:
            edited.extend([] if known is None else [known])
        elif count and symbol in prices:
            rank = 0.0 if known is None else known.rank
            edited.append(_order(symbol, count, prices[symbol], rank, held=1))
    return in_order(edited)


def _order(symbol: str, count: int, price: float, rank: float, *, held: int) -> PlannedOrder:
    intent: Intent = "reduce" if count < 0 else ("increase" if held else "entry")
    return PlannedOrder(symbol, "buy" if count > 0 else "sell", intent, abs(count), price, rank, "live")


def _orders(trades: Shares, at: Mapping[str, float], book: Book) -> tuple[PlannedOrder, ...]:
    held = book.shares()
    return in_order(
        _order(symbol, count, at.get(symbol, 0.0), 0.0, held=held.get(symbol, 0))
        for symbol, count in trades.items()
        if count
    )


def _shares(executed: Iterable[Executed]) -> Shares:
    found: dict[str, int] = {}
    for done in executed:
        change = done.fill.quantity if done.fill.side == "buy" else -done.fill.quantity
        found[done.order.symbol] = found.get(done.order.symbol, 0) + change
    return found


def _at_average(known: list[LiveFill], quantity: int) -> LiveFill:
    """Return one fill of another quantity at live's average price, its commission in proportion."""
    total = sum(fill.quantity for fill in known)
    paid = sum((fill.price * fill.quantity for fill in known), Decimal(0))
    fees = sum((fill.commission for fill in known), Decimal(0))
    return replace(known[0], quantity=quantity, price=paid / total, commission=fees * quantity / total)


def _live_fill(part: LiveFill, fee: float) -> Fill:
    price, fee = round(float(part.price), 6), round(fee, 2)
    gross = gross_value(part.quantity, price)
    flow = -gross - fee if part.side == "buy" else gross - min(fee, gross)
    return Fill(part.side, part.quantity, price, fee, round(flow, 2))
