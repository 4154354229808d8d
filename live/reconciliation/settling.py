"""Waiting for an account that shows what was just traded: some brokers are seconds late."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from live.orders.attempts import may_fill

if TYPE_CHECKING:
    from datetime import datetime

    from live.ledger.ledger import Ledger
    from live.model.broker import Account, Broker
    from live.reconciliation.model import SymbolDifference
    from live.runtime.runtime import RunContext

#: seconds to wait before each look at an account that may lag: 15 together, ten were seen
SETTLING: Final = (0.0, 1.0, 2.0, 4.0, 8.0)
#: fills older than this are in every account; a difference then is a difference
RECENT: Final = timedelta(minutes=2)
#: share of the cash by which books and broker may differ in a session (fees, interest)
CASH_SLACK: Final = Decimal("0.001")


def settled(context: RunContext, broker: Broker, account: Account) -> Account:
    """Return the account once it shows the fills of the last two minutes, as it is after 15 seconds.

    Without such fills, and when it shows them already, it is returned as it was given.

    Args:
        context: ledger and clock.
        broker: asked again while the account lags.
        account: read before.
    """
    for wait in SETTLING[1:]:
        if shows_recent_fills(context.ledger, account, context.clock.now()):
            break
        context.clock.sleep(wait)
        account = broker.account()
    return account


def shows_recent_fills(ledger: Ledger, account: Account, now: datetime) -> bool:
    """Tell whether shares and cash of the account are those of the books for what was traded lately."""
    traded = {row.symbol for row in ledger.executions.since(now - RECENT)}
    ours, theirs = ledger.positions.shares(), account.shares()
    if any(ours.get(symbol, 0) != theirs.get(symbol, 0) for symbol in traded):
        return False
    return not traded or cash_is_near(ledger, account)


def cash_is_near(ledger: Ledger, account: Account) -> bool:
    """Tell whether the broker's cash is the books' but for fees; True when either is not known."""
    estimate = ledger.cash.estimate()
    if estimate is None or account.cash is None:
        return True
    return abs(account.cash - estimate.cash) <= max(Decimal(1), abs(estimate.cash) * CASH_SLACK)


def under_way(ledger: Ledger, line: SymbolDifference, *, stops: bool = True) -> bool:
    """Tell whether an order of ours that may have filled since explains a difference.

    Args:
        ledger: orders as they were last seen.
        line: the difference.
        stops: whether stops count. One that rests for weeks would explain every hand sale.
    """
    change = line.broker - line.ledger
    side = "buy" if change > 0 else "sell"
    mine = [order for order in ledger.orders.unfinished() if order.symbol == line.symbol and may_fill(order)]
    left = sum(
        order.quantity - order.filled_quantity
        for order in mine
        if order.side == side and (stops or order.intent != "stop")
    )
    return abs(change) <= left
