"""What a strategy remembered when it decided: one answer for the generator and for validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    from backtest.strategies.base import Strategy
    from live.ledger.ledger import Ledger


def memory_of_primary(ledger: Ledger, strategy: Strategy, *, before: date) -> dict[str, Any]:
    """Return what a strategy that trades is given back for the session `before`, {} at its start.

    An allocation remembers targets that were carried out (settled point 3). A positions strategy remembers
    exits it decided on, above all those that were not: a halted stock is proposed again until it is sold.
    """
    if strategy.family.memory_after == "carried_out":
        return ledger.signals.last_memory(strategy.variant, before=before)
    newest = ledger.signals.previous(before, strategy.variant)
    return {} if newest is None else dict(newest.memory)


def memory_of_shadow(ledger: Ledger, variant: str, *, before: date) -> dict[str, Any]:
    """Return what a shadow is given back for the session `before`: of its newest settled session."""
    return ledger.shadow.last_memory(variant, before=before)
