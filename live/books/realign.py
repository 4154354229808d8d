"""A person asked that the next file brings a book to its targets: kept, carried by a file, used once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from backtest.core.decision import CASH, Decision, Situation
from live.books.memory import HELD

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger

#: diagnostic of a file that carries such a request: who asked, and when
REALIGN: Final = "realign"
_KEY: Final = "realign_{variant}"


@dataclass(frozen=True, slots=True)
class RealignRequest:
    """Who asked and when (ISO 8601); `session` of the newest file that carries it, ISO, empty before."""

    by: str
    at: str
    session: str = ""

    @property
    def words(self) -> str:
        """Who asked, and when."""
        return f"asked by {self.by} at {self.at}"


def pending(ledger: Ledger, variant: str, *, before: date) -> RealignRequest | None:
    """Return what the file of the session `before` has to carry, None when nothing was asked or it was used.

    It is used when a file of an earlier session that carried it was carried out. After a file that was
    skipped, expired or failed the next one carries it again.
    """
    text = ledger.state.get(_KEY.format(variant=variant))
    if text is None:
        return None
    request = RealignRequest(**json.loads(text))
    if not request.session or request.session >= before.isoformat():
        return request
    row = ledger.signals.get(date.fromisoformat(request.session), variant)
    return None if row is not None and row.outcome == "completed" else request


def keep(ledger: Ledger, variant: str, request: RealignRequest | None, *, at: datetime) -> None:
    """Remember a request; None withdraws it."""
    text = None
    if request is not None:
        text = json.dumps({"by": request.by, "at": request.at, "session": request.session})
    ledger.state.set(_KEY.format(variant=variant), text, at=at)


def carried(
    ledger: Ledger, variant: str, session: date, diagnostics: Mapping[str, Any], *, at: datetime
) -> None:
    """Note that the file of a session carries what was asked, when its diagnostics say so."""
    request = pending(ledger, variant, before=session) if REALIGN in diagnostics else None
    if request is not None:
        keep(ledger, variant, replace(request, session=session.isoformat()), at=at)


def realigned(decide: Callable[[Situation], Decision], situation: Situation, asked: str) -> Decision:
    """Return the decision of an allocation that trades to its targets now, whatever it remembers.

    A strategy that remembers nothing but cash finds every target a deviation; one that still sees none is
    told to trade. A strategy that names no targets (warm-up) decides as always, with a warning.

    Args:
        decide: of the strategy.
        situation: as for any decision.
        asked: who asked, and when.
    """
    found = decide(replace(situation, memory={HELD: {CASH: 1.0}}))
    if not found.rebalance and not found.targets:
        usual = decide(situation)
        text = "realign: the strategy names no targets yet, nothing is ordered; it stays asked"
        return replace(usual, warnings=(text, *usual.warnings))
    if not found.rebalance:
        weights = {target.symbol: target.weight for target in found.targets}
        found = replace(found, rebalance=True, memory={**situation.memory, HELD: weights})
    return replace(
        found,
        diagnostics={**found.diagnostics, REALIGN: asked},
        warnings=(f"realign: {asked}; the orders bring the book to its targets", *found.warnings),
    )
