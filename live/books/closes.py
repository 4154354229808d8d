"""A primary's book at the close of every session, marked once from that session's bars.

Any run after a close may do it (`jutsu validate`, else the next generator): what the account held then is
what it holds now without the executions since.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from backtest.calendar import sessions as calendar
from backtest.core.errors import JutsuError
from backtest.strategies.registry import context_columns_of
from backtest.strategies.terms import context_of
from live.ledger.snapshots import WHOLE_ACCOUNT
from live.reconciliation.compare import known_to, require_agreement

if TYPE_CHECKING:
    from backtest.core.bars import Bars
    from live.books.variants import BookVariant
    from live.ledger.ledger import Ledger
    from live.ledger.tables import ExecutionRow
    from live.model.broker import Account, Broker
    from live.model.feed import Feed
    from live.reconciliation.model import Reconciliation
    from live.runtime.runtime import RunContext
    from live.system.clock import Clock

LOG = logging.getLogger("jutsu.books")
#: older sessions without a mark stay without one: too much may have happened to the account since
LOOK_BACK: Final = 10


@dataclass(frozen=True, slots=True)
class _Then:
    """The account at a close: cash in its currency, whole shares by variant and symbol."""

    cash: float
    shares: Mapping[tuple[str, str], int]

    def value(self, prices: Mapping[str, float], variant: str | None = None) -> float:
        """Return what the shares are worth, of one variant or of all."""
        return sum(
            count * prices[symbol]
            for (owner, symbol), count in self.shares.items()
            if variant in {None, owner}
        )


def mark_closes(context: RunContext, feed: Feed, variant: BookVariant, account: Account) -> tuple[date, ...]:
    """Mark the book at every recent close that has no mark yet; return the sessions marked, oldest first.

    A session waits while a bar of a held symbol is missing on its own evening, or no bar is known at all.

    Args:
        context: books, time and settings of the run; ledger and broker must agree, with every known fill
            booked.
        feed: where the closes are read.
        variant: a primary.
        account: what the broker shows now.
    """
    if context.run.alone or context.run.scratch or account.cash is None:
        return ()
    due = _due(context.ledger, context.clock, variant.name)
    if not due:
        return ()
    symbols = sorted({row.symbol for row in _rows(context.ledger, due[0].close)})
    try:
        history = dict(feed.history(symbols, context.clock.now())) if symbols else {}
    except JutsuError as error:  # whoever calls has work that must not wait for this
        LOG.warning("%s: closes were not marked: %s", variant.name, error.line())
        return ()
    return tuple(s.day for s in due if _mark(context, variant, account, s, history))


def agreed_and_marked(
    context: RunContext,
    broker: Broker,
    feed: Feed,
    variant: BookVariant,
    account: Account,
    prices: Mapping[str, float],
    *,
    force: bool,
) -> Reconciliation:
    """Compare with the broker and, when both agree, mark the closes that are not marked yet.

    Raises:
        DataError, DisagreementError: see `require_agreement`.
    """
    known = known_to(context)
    agreed = require_agreement(context, broker, account, prices, force=force, known=known)
    if agreed.agrees:
        mark_closes(context, feed, variant, account)
    return agreed


def _due(ledger: Ledger, clock: Clock, variant: str) -> list[calendar.Session]:
    """Return the recent closed sessions, from the book's first run on, that are not marked at their close."""
    newest = calendar.last_closed_session(clock.now()).day
    ran = [
        row.session
        for row in ledger.runs.recent(LOOK_BACK, variant)
        if row.generated_at is not None or row.executed_at is not None
    ]
    since = min((day for day in ran if day <= newest), default=None)
    if since is None:
        return []
    marked = {row.session: row.at for row in ledger.snapshots.series(variant, since)}
    recent = list(calendar.sessions(since, newest))[-LOOK_BACK:]
    adopted = _last_adoption(ledger)
    return [
        session
        for session in recent
        if (session.day not in marked or marked[session.day] < session.close)
        and (adopted is None or adopted < session.close)
    ]


def _last_adoption(ledger: Ledger) -> datetime | None:
    """Return when the broker's holdings were last taken over: the books cannot be traced back beyond."""
    text = ledger.state.get("last_adoption")
    return None if text is None else datetime.fromisoformat(text.split(" ")[0])


def _rows(ledger: Ledger, since: datetime) -> list[Any]:
    """Return everything with a symbol that was held now or traded since an instant."""
    return [*ledger.positions.open_positions(), *ledger.executions.since(since)]


def _mark(
    context: RunContext,
    variant: BookVariant,
    account: Account,
    session: calendar.Session,
    history: Mapping[str, Bars],
) -> bool:
    then = _account_at(context.ledger, account, session)
    prices = _closes(history, {symbol for _, symbol in then.shares}, session, context.clock.now())
    if prices is None:
        LOG.info("%s %s: not marked yet, a bar is missing", variant.name, session.day)
        return False
    everything = then.cash + then.value(prices)
    owned = then.value(prices, variant.name)
    cash = then.cash
    if variant.budget_pct < 100:
        cash = min(cash, max(0.0, everything * variant.budget_pct / 100 - owned))
    _keep(context, variant.name, session.day, equity=cash + owned, cash=cash)
    if session.day == calendar.last_closed_session(context.clock.now()).day:
        context.ledger.positions.value(variant.name, prices, at=context.clock.now())
    if context.run.about_now and _all_ours(context.ledger, account):
        _keep(context, WHOLE_ACCOUNT, session.day, equity=everything, cash=then.cash)
    return True


def _keep(context: RunContext, name: str, day: date, *, equity: float, cash: float) -> None:
    row = context.ledger.signals.get(day, name)
    content: dict[str, Any] = {} if row is None else json.loads(row.content)
    columns = context_columns_of(content.get("strategy", {}).get("name", ""))
    context.ledger.snapshots.add(
        name,
        day,
        at=context.clock.now(),
        mode=context.settings.mode,
        equity=round(equity, 2),
        cash=round(cash, 2),
        residual_cash=content.get("residual_cash"),
        context=context_of(columns, content.get("decision", {}).get("diagnostics", {})),
    )


def _all_ours(ledger: Ledger, account: Account) -> bool:
    """Tell whether the account holds nothing but what the books own: else its worth then is not known."""
    return account.shares() == ledger.positions.shares() and not account.fractions()


def _account_at(ledger: Ledger, account: Account, session: calendar.Session) -> _Then:
    """Return the account at a close: what it is now, without what was traded, paid in or out since."""
    since = [row for row in ledger.executions.since(session.close) if row.at > session.close]
    flows = sum((row.amount for row in ledger.cash_flows.all() if row.day > session.day), Decimal(0))
    assert account.cash is not None
    cash = account.cash - flows - sum((_cash_of(row) for row in since), Decimal(0))
    shares = {(row.variant, row.symbol): row.quantity for row in ledger.positions.open_positions()}
    for row in since:
        order = ledger.orders.by_broker_id(row.broker_order_id)
        if order is not None:
            key = order.variant, row.symbol
            bought = row.quantity if row.side == "buy" else -row.quantity
            shares[key] = shares.get(key, 0) - bought
    return _Then(float(cash), {key: count for key, count in shares.items() if count})


def _cash_of(row: ExecutionRow) -> Decimal:
    worth = row.price * row.quantity
    return (worth if row.side == "sell" else -worth) - row.commission


def _closes(
    history: Mapping[str, Bars], symbols: Iterable[str], session: calendar.Session, now: datetime
) -> dict[str, float] | None:
    """Return the closes of a session, None while one is missing that may still come.

    On the evening itself a bar that is not there may only be late; later it was a halt, and the newest close
    counts.
    """
    evening = now.astimezone(calendar.NEW_YORK).date() == session.day
    prices: dict[str, float] = {}
    for symbol in symbols:
        bars = history[symbol].until(session.day) if symbol in history else None
        if bars is None or not len(bars):
            return None
        if evening and (bars.last != session.day or bars.provisional):
            return None
        prices[symbol] = float(bars.close[-1])
    return prices
