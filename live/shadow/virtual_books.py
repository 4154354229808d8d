"""The virtual book of a shadow variant: same rules, fills and costs as the simulator, never a broker.

A decision is kept as pending until the bar of its session is known; the next run settles it exactly once,
fills it through the simulator's own step and marks the book at that session's close.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from backtest.calendar import sessions as calendar
from backtest.core.candidate import Candidate
from backtest.core.decision import Book, OpenPosition
from backtest.core.errors import BrokerError
from backtest.core.planned_orders import Plan, PlannedOrder
from backtest.simulator.session_values import BarsOf, Settled, VirtualSession
from backtest.simulator.virtual_session import settle_virtual_session
from backtest.strategies.terms import context_of
from live.books.memory import memory_of_shadow
from live.books.variants import BookVariant
from live.generation.candidates import CandidateInput
from live.ledger.shadow_books import ShadowBook
from live.runtime.known_prices import actions_for
from live.runtime.runtime import RunContext
from live.shadow.split_books import (
    before_splits,
    require_same_prices,
    require_same_shares,
    restated,
    scaled_book,
    splits_between,
)

if TYPE_CHECKING:
    from backtest.data.quality.actions import CorporateAction
    from live.generation.due import Due
    from live.generation.steps import Proposed
    from live.ledger.ledger import Ledger
    from live.ledger.tables import ShadowSignal
    from live.model.broker import Broker
    from live.model.feed import Feed
    from live.settings.model import Settings


def settled_book(
    context: RunContext, broker: Broker, feed: Feed, variant: BookVariant, now: datetime
) -> Book:
    """Return the shadow's book after settling what is pending and known at `now`.

    A new shadow starts with the equity of the primary it follows.
    """
    settle(context, feed, variant, now)
    known = context.ledger.shadow.book(variant.name)
    if known is None:
        return Book(cash=_starting_cash(context.ledger, broker, variant))
    return known.book if context.run.alone else _of_today(context, feed, variant, known, now)


def _of_today(
    context: RunContext, feed: Feed, variant: BookVariant, known: ShadowBook, now: datetime
) -> Book:
    """Return the book in today's shares: scaled by recorded splits, refused after one nobody recorded.

    Raises:
        DataError: 5, the history of a held symbol was restated and no recorded split says why.
    """
    symbols = sorted(known.book.positions)
    if not symbols:
        return known.book
    history = feed.history(symbols, now)
    splits = splits_between(actions_for(context, symbols), known.session, _day(now))
    if splits and restated(known, splits, history):
        return scaled_book(known.book, splits)
    require_same_shares(variant.name, known, history)
    return known.book


def _day(now: datetime) -> date:
    return now.astimezone(calendar.NEW_YORK).date()


def settle(context: RunContext, feed: Feed, variant: BookVariant, now: datetime) -> None:
    """Settle every pending session that is over, oldest first; leave the others.

    A book that can change without a decision (`Family.plays_every_session`) also plays the finished sessions
    in between for which nothing was decided: a stop is hit in a missed session like in any other.
    """
    shadow = context.ledger.shadow
    pending = {row.session: row for row in shadow.pending(variant.name)}
    for session in _finished(context.ledger, variant, pending, now):
        decided = pending.get(session.day) or _nothing_decided(context.ledger, variant, session)
        _settle_one(context, feed, variant, decided, session, now)


def _finished(
    ledger: Ledger, variant: BookVariant, pending: Collection[date], now: datetime
) -> list[calendar.Session]:
    """Return the sessions to settle, oldest first."""
    days = set(pending)
    if variant.strategy.family.plays_every_session:
        known = ledger.shadow.book(variant.name)
        last = min(pending, default=None) if known is None else known.session
        if last is not None:
            until = now.astimezone(calendar.NEW_YORK).date()
            days |= {session.day for session in calendar.sessions(last + timedelta(days=1), until)}
    sessions = (calendar.session(day) for day in sorted(days))
    return [session for session in sessions if session is not None and session.close <= now]


def _nothing_decided(ledger: Ledger, variant: BookVariant, session: calendar.Session) -> ShadowSignal:
    """Store that a session had no decision: no orders, no candidates, memory as it was."""
    shadow = ledger.shadow
    known = shadow.book(variant.name)
    assert known is not None  # sessions without a decision come after the first settled one
    plan = Plan((), known.equity, known.book.cash)
    return shadow.propose(
        variant.name,
        session.day,
        decision={"plan": plan_to_json(plan), "diagnostics": {}, "candidates": None, "missed": True},
        memory=memory_of_shadow(ledger, variant.name, before=session.day),
        cash=known.book.cash,
        equity=known.equity,
    )


def _settle_one(
    context: RunContext,
    feed: Feed,
    variant: BookVariant,
    pending: ShadowSignal,
    session: calendar.Session,
    now: datetime,
) -> None:
    known = context.ledger.shadow.book(variant.name)
    plan = plan_from_json(pending.decision["plan"])
    book, bars_of = Book(cash=pending.cash) if known is None else known.book, _bars_of(feed, now)
    if not context.run.alone:
        symbols = sorted({*book.positions, *(order.symbol for order in plan.orders)})
        last = session.day - timedelta(days=1) if known is None else known.session
        splits = splits_between(actions_for(context, symbols), last, _day(now))
        marked = known or ShadowBook(book, pending.equity, last)
        if splits and restated(marked, splits, bars_of(symbols), plan.orders):
            later = [split for split in splits if split.ex_date > session.day]
            book = scaled_book(book, [split for split in splits if split.ex_date <= session.day])
            bars_of = _before(bars_of, later)
        if variant.strategy.family.opening_jump_is_split:
            require_same_prices(variant.name, plan.orders, session.day, bars_of(symbols))
    asked = VirtualSession(
        session=session,
        strategy=variant.strategy,
        plan=plan,
        candidates=tuple(map(Candidate.of, pending.decision.get("candidates") or ())),
        book=book,
        rules=context.settings.execution,
    )
    _keep_settled(
        context.ledger, context.settings, variant, pending, settle_virtual_session(asked, bars_of), now
    )


def _bars_of(feed: Feed, now: datetime) -> BarsOf:
    return lambda symbols: feed.history(symbols, now)


def _before(bars_of: BarsOf, splits: Sequence[CorporateAction]) -> BarsOf:
    """Return the bars in the prices of before `splits`, in which the orders of that session were made."""
    return lambda symbols: before_splits(bars_of(symbols), splits)


def _keep_settled(
    ledger: Ledger,
    settings: Settings,
    variant: BookVariant,
    pending: ShadowSignal,
    settled: Settled,
    now: datetime,
) -> None:
    with ledger.transaction():
        first = ledger.shadow.settle(
            variant.name, pending.session, settled.book, equity=settled.equity, fills=settled.fills
        )
        if first:
            ledger.snapshots.add(
                variant.name,
                pending.session,
                at=now,
                mode=settings.mode,
                equity=settled.equity,
                cash=settled.book.cash,
                residual_cash=pending.decision["plan"]["residual_cash"],
                context=context_of(variant.strategy.context_columns, pending.decision.get("diagnostics", {})),
            )


def keep_pending(
    ledger: Ledger,
    variant: BookVariant,
    due: Due,
    book: Book,
    proposed: Proposed,
    report: CandidateInput,
    *,
    replace: bool,
) -> None:
    """Store today's decision as pending, once per session (`replace` replaces it while it is pending)."""
    candidates = None if report.candidates is None else [c.as_json() for c in report.candidates]
    ledger.shadow.propose(
        variant.name,
        due.session.day,
        decision={
            "plan": plan_to_json(proposed.plan),
            "diagnostics": proposed.decision.diagnostics,
            "candidates": candidates,
            "positions": [_position_to_json(position) for _, position in sorted(book.positions.items())],
        },
        memory=proposed.decision.memory,
        cash=book.cash,
        equity=proposed.plan.equity,
        replace=replace,
    )


def _starting_cash(ledger: Ledger, broker: Broker, variant: BookVariant) -> float:
    primary = ledger.snapshots.latest(variant.follows)
    if primary is not None:
        return float(primary.equity)
    account = broker.account()
    figure = account.equity if account.equity is not None else account.cash
    if figure is None:
        raise BrokerError("the broker gave neither equity nor cash to start with", where=variant.name)
    return float(figure)


def _position_to_json(position: OpenPosition) -> dict[str, Any]:
    return {**asdict(position), "entry_date": position.entry_date.isoformat()}


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON values for the ledger."""
    return {
        "orders": [
            {**asdict(order), "details": None if order.details is None else dict(order.details)}
            for order in plan.orders
        ],
        "equity": plan.equity,
        "residual_cash": plan.residual_cash,
    }


def plan_from_json(data: dict[str, Any]) -> Plan:
    """Return the plan that `plan_to_json` stored."""
    return Plan(
        orders=tuple(PlannedOrder(**order) for order in data["orders"]),
        equity=data["equity"],
        residual_cash=data["residual_cash"],
    )
