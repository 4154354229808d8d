"""Whether a book holds what its strategy wants, and what brings it there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from live.books.memory import remembers_held
from live.books.realign import RealignRequest, pending
from live.books.targets import Leg, legs_of, off_target_lines

if TYPE_CHECKING:
    from live.views.inputs import ViewInputs

#: outcomes of files that changed nothing at the broker, or not yet
_NOT_JUDGED = frozenset({"pending", "placed", "skipped", "expired"})


@dataclass(frozen=True, slots=True)
class Alignment:
    """One primary against its targets.

    Attributes:
        session: of the file that carries the targets, None before the first or when a newer one was only
            partly carried out (the next session proposes again).
        legs: held against target; empty for books of single stocks.
        asked: a `jutsu realign` that no file has carried out yet.
        proposes: the next decision starts from what is held (after an adoption or panic).
    """

    variant: str
    session: date | None
    legs: tuple[Leg, ...]
    asked: RealignRequest | None
    proposes: bool

    @property
    def next(self) -> str:
        """What brings the book to its targets."""
        if self.asked is not None:
            return f"realign is {self.asked.words}: the next file carries the orders"
        if self.proposes:
            return "the next decision starts from what is held"
        return f"`jutsu realign --variant {self.variant}` puts the orders into the next file"


def read_alignment(inputs: ViewInputs, variant: str) -> Alignment:
    """Return what a primary holds against the targets of its newest file that was carried out."""
    ledger = inputs.ledger
    rows = (row for row in ledger.signals.recent(250, variant) if row.outcome not in _NOT_JUDGED)
    newest = next(rows, None)
    done = newest if newest is not None and newest.outcome == "completed" else None
    marked = ledger.snapshots.latest(variant)
    legs: tuple[Leg, ...] = ()
    if done is not None:
        content = json.loads(done.executed_content or done.content)
        equity = None if marked is None else marked.equity
        legs = legs_of(content, ledger.positions.open_positions(variant), equity)
    return Alignment(
        variant=variant,
        session=None if done is None else done.session,
        legs=legs,
        asked=pending(ledger, variant, before=date.max),
        proposes=remembers_held(ledger, variant, before=date.max),
    )


def off_target_problems(inputs: ViewInputs, primaries: Iterable[str]) -> Iterator[str]:
    """Yield one line per primary that is off its targets, with what brings it back."""
    for variant in primaries:
        view = read_alignment(inputs, variant)
        lines = off_target_lines(view.legs)
        if lines:
            yield f"{variant} is off target: {'; '.join(lines)}. {view.next}"


def realign_notes(inputs: ViewInputs, primaries: Iterable[str]) -> Iterator[str]:
    """Yield one line per primary whose next file carries a realign that a person asked for."""
    for variant in primaries:
        asked = pending(inputs.ledger, variant, before=date.max)
        if asked is not None:
            taken_back = f"`jutsu realign --variant {variant} --cancel` takes it back"
            yield f"{variant}: realign is {asked.words}; the next file carries the orders ({taken_back})"
