"""The sessions a book was carried out in, with what it was worth before and after them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger

#: newest sessions of a book that are looked at
LOOK_BACK: Final = 250


@dataclass(frozen=True, slots=True)
class Span:
    """The sessions a book was carried out in, its equity before the first decision and at the last close."""

    first: date
    last: date
    start_equity: float
    end_equity: float

    @property
    def made(self) -> float:
        """What the book made, decimal fraction."""
        return self.end_equity / self.start_equity - 1


def span_of(ledger: Ledger, variant: str) -> Span | None:
    """Return what a book did from its first decision to the newest session that ran; None before its close.

    Closes of later sessions, in which nothing ran, are no part of it.
    """
    ran = next((run.session for run in ledger.runs.recent(LOOK_BACK, variant) if run.executed_at), None)
    series = ledger.snapshots.series(variant, until=ran) if ran is not None else ()
    opening = ledger.signals.get(series[0].session, variant) if series else None
    if opening is None:
        return None
    start = float(json.loads(opening.content)["inputs"]["account"]["equity"])
    return Span(series[0].session, series[-1].session, start, series[-1].equity)
