"""What a strategy remembered when it decided: one answer for the generator and for validation."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from live.books.variants import primary_book

if TYPE_CHECKING:
    from datetime import date, datetime

    from backtest.strategies.base import Strategy
    from live.ledger.ledger import Ledger
    from live.model.broker import Account


_RESET: Final = "memory_reset_{variant}"
#: key under which an allocation remembers its weights
HELD: Final = "held"


def memory_of_primary(
    ledger: Ledger, strategy: Strategy, *, before: date, as_decided: bool = False
) -> dict[str, Any]:
    """Return what a strategy that trades is given back for the session `before`, {} at its start.

    An allocation remembers targets that were carried out (settled point 3), or what was held when a person
    adopted or panicked since (settled 49). A positions strategy remembers exits it decided on, above all
    those that were not: a halted stock is proposed again until it is sold.

    Args:
        ledger: of the account.
        strategy: whose memory.
        before: the session decided; files of earlier ones count.
        as_decided: as its file was made: a reset after that does not count.
    """
    if strategy.family.memory_after != "carried_out":
        newest = ledger.signals.previous(before, strategy.variant)
        return {} if newest is None else dict(newest.memory)
    known = _reset_in_force(ledger, strategy.variant, before=before)
    if known and not (as_decided and before.isoformat() <= known["generated"]):
        return {HELD: known["weights"]}
    return ledger.signals.last_memory(strategy.variant, before=before)


def remembers_held(ledger: Ledger, variant: str, *, before: date) -> bool:
    """Tell whether an allocation decides for `before` from what was held at an adoption or panic."""
    return bool(_reset_in_force(ledger, variant, before=before))


def _reset_in_force(ledger: Ledger, variant: str, *, before: date) -> dict[str, Any]:
    """Return the reset that no file carried out since has replaced, {} without one."""
    text = ledger.state.get(_RESET.format(variant=variant))
    known: dict[str, Any] = {} if text is None else json.loads(text)
    if known and _newest(ledger, variant, before=before, completed=True) > known["completed"]:
        return {}
    return known


def _newest(ledger: Ledger, variant: str, *, before: date | None = None, completed: bool = False) -> str:
    """Return the session of the newest file (carried out) in ISO form, empty without one."""
    rows = ledger.signals.recent(250, variant)
    found = (r for r in rows if before is None or r.session < before)
    return next((r.session.isoformat() for r in found if not completed or r.outcome == "completed"), "")


def remember_held(
    ledger: Ledger,
    variant: str,
    account: Account,
    *,
    budget_pct: float,
    at: datetime,
    leaving: Collection[str] = (),
) -> None:
    """Set what an allocation remembers to the weights its book holds now.

    Args:
        ledger: of the account.
        variant: whose memory.
        account: values of the holdings; a symbol without one counts at what was paid.
        budget_pct: share of the account that the book may use.
        at: when. A file of a later session that is carried out counts again.
        leaving: symbols whose sale is under way.

    Raises:
        BrokerError: the broker gave no figure for the cash.
    """
    rows = ledger.positions.open_positions(variant)
    worth = {h.symbol: float(h.market_value / h.quantity) for h in account.holdings if h.market_value}
    book = primary_book(rows, account, budget_pct, worth)
    values = {row.symbol: row.quantity * worth.get(row.symbol, float(row.entry_price)) for row in rows}
    equity = book.cash + sum(values.values())
    weights = {s: value / equity for s, value in values.items() if equity > 0 and s not in leaving}
    reset = {
        "weights": weights,
        "completed": _newest(ledger, variant, completed=True),
        "generated": _newest(ledger, variant),
    }
    ledger.state.set(_RESET.format(variant=variant), json.dumps(reset), at=at)


def memory_of_shadow(ledger: Ledger, variant: str, *, before: date) -> dict[str, Any]:
    """Return what a shadow is given back for the session `before`: of its newest settled session."""
    return ledger.shadow.last_memory(variant, before=before)
