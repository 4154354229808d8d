"""Cash that moved without a trade of ours: what the broker lists of it explains the difference, once each."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import AuthenticationFailed, BrokerError
from live.model.broker import CashMovement, ListsCashMovements

if TYPE_CHECKING:
    from live.model.broker import Account, Broker
    from live.runtime.runtime import RunContext

LOG = logging.getLogger("jutsu.reconcile")
CENT: Final = Decimal("0.01")
#: how far back a movement may be dated that the account shows only now
LATE: Final = timedelta(days=10)


def explain_cash(context: RunContext, broker: Broker, account: Account) -> tuple[CashMovement, ...]:
    """Note the movements that explain why cash differs, move the ledger's cash by them, and return them.

    Only when cash differs is the broker asked. A list that cannot be read explains nothing.

    Raises:
        AuthenticationFailed: a person must log in.
    """
    estimate = context.ledger.cash.estimate()
    if estimate is None or account.cash is None or not isinstance(broker, ListsCashMovements):
        return ()
    missing = account.cash - estimate.cash
    if abs(missing) < CENT:
        return ()
    last, now = estimate.at.astimezone(NEW_YORK).date(), context.clock.now()
    try:
        listed = broker.cash_movements(last - LATE)
    except AuthenticationFailed:
        raise
    except BrokerError as error:
        LOG.warning("cash movements could not be read: %s", error.problem)
        return ()
    known = {flow.flow_id for flow in context.ledger.cash_flows.all()}
    found = explaining(missing, [m for m in listed if m.movement_id not in known], last)
    with context.ledger.transaction():
        for moved in found:
            context.ledger.cash_flows.note(
                moved.movement_id,
                day=moved.day,
                kind=moved.kind,
                amount=moved.amount,
                at=now,
                note=moved.note,
            )
        if found:
            context.ledger.cash.reconciled(estimate.cash + _sum(found), at=estimate.at)
    for moved in found:
        LOG.info("cash: %s of %s on %s %s", moved.kind, moved.amount, moved.day, moved.note)
    return found


def explaining(missing: Decimal, movements: Sequence[CashMovement], last: date) -> tuple[CashMovement, ...]:
    """Return the movements that leave least of a difference unexplained, none when they explain nothing.

    A movement of the day of the last comparison, or dated before it, may be in that figure already: so all
    of them, those of later days, and each alone are tried.

    Args:
        missing: cash at the broker minus cash expected.
        movements: not booked yet.
        last: day of the last comparison.
    """
    later = tuple(m for m in movements if m.day > last)
    same = tuple(m for m in movements if m.day >= last)
    choices = [
        (),
        later,
        same,
        tuple(movements),
        *((m,) for m in movements),
        *((*later, m) for m in movements if m.day <= last),
    ]
    return min(choices, key=lambda some: abs(missing - _sum(some)))


def _sum(movements: Iterable[CashMovement]) -> Decimal:
    return sum((m.amount for m in movements), Decimal(0))
