"""Ledger and broker side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from live.reconciliation.model import Reconciliation, SymbolDifference


@dataclass(frozen=True, slots=True)
class CashDifference:
    """Cash on both sides, account currency; the ledger's is None before the first run.

    `jump_pct` is the move of equity without trades, percent; None when it cannot be computed.
    """

    ledger: Decimal | None
    broker: Decimal | None
    jump_pct: float | None


@dataclass(frozen=True, slots=True)
class ReconcileView:
    """The comparison, what was adopted just now, and trades of the last days that are not ours."""

    agrees: bool
    positions: tuple[SymbolDifference, ...]
    cash: CashDifference
    adopted: tuple[str, ...]
    manual_trades: tuple[str, ...]


def reconciliation_of(
    result: Reconciliation, *, adopted: Sequence[str] = (), manual: Sequence[str] = ()
) -> ReconcileView:
    """Return a comparison as a view."""
    return ReconcileView(
        agrees=result.agrees,
        positions=result.lines,
        cash=CashDifference(result.ledger_cash, result.broker_cash, result.cash_jump_pct),
        adopted=tuple(adopted),
        manual_trades=tuple(manual),
    )
