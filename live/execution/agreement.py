"""Ledger against account in the middle of a run: both must agree before anything is sent a second time."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import TYPE_CHECKING

from backtest.core.errors import DisagreementError
from live.model.order_state import JournalState
from live.orders.attempts import may_fill
from live.orders.recovery import ended_short, look_again
from live.reconciliation.settling import SETTLING

if TYPE_CHECKING:
    from live.execution.context import ExecutionContext
    from live.model.broker import Account

#: cash that fees may explain
FEES = Decimal(5)


def require(context: ExecutionContext, symbols: Collection[str]) -> None:
    """Return when the account holds what the books say of these symbols, looking again at ended orders.

    Does nothing in a run that --force let begin with a difference.

    A broker may confirm a cancel with a filled quantity that is not final; sending the rest would buy twice.
    An order on its way may fill between our look at it and at the account: it is looked at again.

    Raises:
        DisagreementError: they still differ after some seconds; nothing more is sent.
    """
    if context.notes.forced:
        return
    for wait in SETTLING:
        context.clock.sleep(wait)
        differing = _differing(context, context.broker.account(), symbols)
        if differing and (filled_meanwhile(context) or ended_again(context)):
            differing = _differing(context, context.broker.account(), symbols)
        if not differing:
            return
    raise DisagreementError(
        f"ledger and broker differ in the middle of the run: {', '.join(differing)}",
        where="before another try",
        remedy="nothing more was sent; compare with the broker, then `jutsu reconcile`",
    )


def filled_meanwhile(context: ExecutionContext) -> bool:
    """Look again at the live orders of this session; return whether one had filled more."""
    live = [row for row in context.rows() if row.broker_order_id is not None and may_fill(row)]
    seen = [context.submission.refresh(row) for row in live if not JournalState(row.state).unresolved]
    before = {row.client_order_id: row.filled_quantity for row in live}
    return any(row.filled_quantity != before[row.client_order_id] for row in seen)


def ended_again(context: ExecutionContext) -> bool:
    """Look again at the orders of this session that ended short; return whether one had filled more."""
    short = ended_short(context.ledger.orders.recent(200), since=context.session.day)
    return look_again(context.submission, short)


def _differing(context: ExecutionContext, account: Account, symbols: Collection[str]) -> list[str]:
    ours, theirs = context.ledger.positions.shares(), account.shares()
    found = []
    for symbol in sorted(set(symbols)):
        own = ours.get(symbol, 0) + context.notes.foreign.get(symbol, 0)
        if own != theirs.get(symbol, 0):
            found.append(f"{symbol} ledger {own}, broker {theirs.get(symbol, 0)}")
    estimate = context.ledger.cash.estimate()
    if found or estimate is None or account.cash is None:
        return found
    if abs(account.cash - estimate.cash) > _tolerance(context, symbols):
        return [f"cash ledger {estimate.cash:,.2f}, broker {account.cash:,.2f}"]
    return []


def _tolerance(context: ExecutionContext, symbols: Collection[str]) -> Decimal:
    """Return the cash that tells one share more or less, but not a fee: the cheapest of the symbols."""
    prices = [row.average_price for row in context.rows() if row.symbol in symbols and row.average_price]
    return max(FEES, min(prices, default=FEES))
