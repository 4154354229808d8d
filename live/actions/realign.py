"""A person asks that the next file brings a book to its targets, or takes that back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from backtest.core.errors import UsageError
from live.actions.audited import TERMINAL, Via, audited
from live.books.realign import RealignRequest, keep, pending

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.views.inputs import ViewInputs


@dataclass(frozen=True, slots=True)
class Realign:
    """What is asked now, None when nothing is; `changed` is False when it was so already."""

    variant: str
    request: RealignRequest | None
    changed: bool


def chosen(inputs: ViewInputs, variant: str | None) -> str:
    """Return the primary a person means: the one named, or the only daily one that holds weights.

    Raises:
        UsageError, SettingsError: exit 2; no such book, one without weights, or several could be meant.
    """
    primaries = {v.name: v.strategy.family.holds_weights for v in inputs.variants() if v.role == "primary"}
    able = sorted(name for name, holds in primaries.items() if holds)
    if variant is None:
        daily = {book.primary for book in inputs.settings.books if book.run == "daily"}
        found = [name for name in able if name in daily]
        if len(found) == 1:
            return found[0]
        problem = f"{len(found)} daily books have targets"
        raise UsageError(problem, where="--variant", remedy=f"name one of: {', '.join(able) or 'none there'}")
    if variant not in primaries:
        raise UsageError(
            f"{variant!r} is no book that trades", where="--variant", remedy=f"name one of: {', '.join(able)}"
        )
    if not primaries[variant]:
        raise UsageError(
            f"{variant} holds single stocks and has no targets",
            where="--variant",
            remedy="its exits and entries are decided each session",
        )
    return variant


def ask(ledger: Ledger, variant: str, *, actor: str, at: datetime, via: Via = TERMINAL) -> Realign:
    """Ask that the next file of a primary brings its book to the targets; it stays asked until one did."""
    known = pending(ledger, variant, before=date.max)
    if known is not None:
        return Realign(variant, known, changed=False)
    request = RealignRequest(actor, at.isoformat(timespec="seconds"))
    with audited(ledger, "realign", actor=actor, subject=variant, at=at, via=via) as effect:
        keep(ledger, variant, request, at=at)
        effect.after = "the next file brings the book to its targets"
    return Realign(variant, request, changed=True)


def withdraw(ledger: Ledger, variant: str, *, actor: str, at: datetime, via: Via = TERMINAL) -> Realign:
    """Take back what was asked; a file that carries it already keeps its orders."""
    known = pending(ledger, variant, before=date.max)
    if known is None:
        return Realign(variant, None, changed=False)
    with audited(ledger, "realign cancel", actor=actor, subject=variant, at=at, via=via) as effect:
        effect.before = known.words
        keep(ledger, variant, None, at=at)
    return Realign(variant, known, changed=True)
