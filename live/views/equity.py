"""The equity of a book from session to session, net of what was paid in and out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.ledger.tables import CashFlow, PerformanceSnapshot

#: the movement of cash that is no profit: dividends, interest and fees are
DEPOSIT = "deposit"


@dataclass(frozen=True, slots=True)
class EquityStep:
    """What a book did from one close to the next.

    Attributes:
        session: the later one.
        before, after: equity at both closes, account currency.
        deposits: paid in between, negative: withdrawn.
        profit: after - before - deposits.
        made: profit / before, decimal fraction.
    """

    session: date
    before: float
    after: float
    deposits: float
    profit: float
    made: float


def steps_of(
    rows: Sequence[PerformanceSnapshot], flows: Iterable[CashFlow], *, budget_pct: float = 100.0
) -> tuple[EquityStep, ...]:
    """Return a step per snapshot after the first one.

    Args:
        rows: snapshots of a book, oldest first.
        flows: cash movements of its account; only deposits count.
        budget_pct: share of the account that the book may use: so much of a deposit is its own.
    """
    paid = [(flow.day, float(flow.amount)) for flow in flows if flow.kind == DEPOSIT]
    found = []
    for earlier, later in pairwise(rows):
        own = sum(amount for day, amount in paid if earlier.session < day <= later.session)
        own *= budget_pct / 100
        profit = later.equity - earlier.equity - own
        made = profit / earlier.equity if earlier.equity > 0 else 0.0
        found.append(EquityStep(later.session, earlier.equity, later.equity, own, profit, made))
    return tuple(found)


def last_step(ledger: Ledger, variant: str, session: date, *, budget_pct: float = 100.0) -> EquityStep | None:
    """Return what a book did in one session, None without a close before it."""
    rows = ledger.snapshots.series(variant, until=session)[-2:]
    steps = steps_of(rows, ledger.cash_flows.all(), budget_pct=budget_pct)
    return steps[-1] if steps and steps[-1].session == session else None
