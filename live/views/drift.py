"""The gap between live and the backtest of the same sessions, by cause.

`read_drift` for a command; a report takes `measure_drift` once and asks `drift_of` for its own stretch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from backtest.core.errors import UsageError
from live.validation.drift import Measured, measure_drift

if TYPE_CHECKING:
    from backtest.core.decision import Decision
    from backtest.reporting.drift.attribution import Attribution, SessionDrift
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext

_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class CauseOfDrift:
    """What one cause added to live's equity: account currency, and bps of the backtest's equity."""

    name: str
    amount: Decimal
    bps: float | None


@dataclass(frozen=True, slots=True)
class DecisionDifference:
    """A session whose file decided otherwise than the final bars, and in what."""

    session: date
    text: str


@dataclass(frozen=True, slots=True)
class DriftOfSession:
    """What one session added, account currency; `live` and `gap` are None where it was not marked."""

    session: date
    live: Decimal | None
    backtest: Decimal
    causes: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class BookDrift:
    """One primary over a stretch of sessions.

    Attributes:
        first, last: sessions; sessions: how many.
        live, backtest: equity at the last close. Both began with the book's first session.
        gap: what live gained on the backtest in the stretch. gap_bps: of the backtest's last equity.
        causes: in the order they are switched on; they add up to `gap` less `unexplained`.
        unexplained: the books' own gain less the walk with every fact in it; never the rest of a sum.
        unexplained_is_large: over 5 bps a month.
        decisions_equal, decisions_compared: files that decide as the final bars do, files there are.
        tracking_error: yearly, decimal fraction; None below three marked sessions.
        rows: a session each, what it added. notes: things to know about these figures.
    """

    variant: str
    first: date
    last: date
    sessions: int
    live: Decimal
    backtest: Decimal
    gap: Decimal
    gap_bps: float | None
    causes: tuple[CauseOfDrift, ...]
    unexplained: Decimal
    unexplained_is_large: bool
    decisions_equal: int
    decisions_compared: int
    differences: tuple[DecisionDifference, ...]
    tracking_error: float | None
    rows: tuple[DriftOfSession, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """A primary without figures, and why."""

    variant: str
    why: str


@dataclass(frozen=True, slots=True)
class DriftView:
    """Every primary asked for."""

    books: tuple[BookDrift, ...]
    not_measured: tuple[NotMeasured, ...]


def read_drift(
    context: RunContext, feed: Feed, variant: str | None = None, since: date | None = None
) -> DriftView:
    """Measure and return drift from the session `since` on (None: from the book's start).

    Raises:
        UsageError: `variant` is no primary, or no session is left.
        DataError: a bar of a session that was traded is missing.
    """
    return drift_of(measure_drift(context, feed, variant), since)


def drift_of(measured: Iterable[Measured], since: date | None = None, until: date | None = None) -> DriftView:
    """Return what was measured between two sessions, both inclusive; None leaves an end open.

    Raises:
        UsageError: a book was measured, and none has a session marked at its close in the stretch.
    """
    books: list[BookDrift] = []
    missing: list[NotMeasured] = []
    for found in measured:
        book = None if found.attribution is None else _book(found.attribution, since, until, found.notes)
        if book is not None:
            books.append(book)
        else:
            missing.append(NotMeasured(found.variant, found.why or "no session of it lies in this stretch"))
    if since is not None and not books:
        _require_stretch(missing, since)
    return DriftView(tuple(books), tuple(missing))


def _require_stretch(missing: Sequence[NotMeasured], since: date) -> None:
    if any("this stretch" in found.why for found in missing):
        raise UsageError(f"no session from {since} on", where="--since", remedy="name an earlier one")


def _book(
    found: Attribution, since: date | None, until: date | None, notes: tuple[str, ...]
) -> BookDrift | None:
    from backtest.reporting.drift.attribution import bps, tracking_error, unexplained_is_large
    from backtest.reporting.drift.facts import CAUSES

    marked = [row for row in found.rows if row.live is not None and (until is None or row.session <= until)]
    inside = [row for row in marked if since is None or row.session >= since]
    if not inside:
        return None
    last = inside[-1]
    before = [row for row in marked if since is not None and row.session < since]
    start = before[-1] if before else None
    span = [
        row
        for row in found.rows
        if row.session <= last.session and (start is None or row.session > start.session)
    ]
    causes = _less(last.causes, start)
    unexplained = _unexplained(last) - (_ZERO if start is None else _unexplained(start))
    compared = [day for day in found.compared if span[0].session <= day <= last.session]
    different = [d for d in found.disagreements if span[0].session <= d.session <= last.session]
    assert last.live is not None
    gap = sum(causes, _ZERO) + unexplained
    return BookDrift(
        variant=found.variant,
        first=span[0].session,
        last=last.session,
        sessions=len(span),
        live=last.live,
        backtest=last.backtest,
        gap=gap,
        gap_bps=_rounded(bps(gap, last.backtest)),
        causes=tuple(
            CauseOfDrift(step.cause, amount, _rounded(bps(amount, last.backtest)))
            for step, amount in zip(CAUSES, causes, strict=True)
        ),
        unexplained=unexplained,
        unexplained_is_large=unexplained_is_large(unexplained, last.backtest, len(span)),
        decisions_equal=len(compared) - len(different),
        decisions_compared=len(compared),
        differences=tuple(DecisionDifference(d.session, _difference(d.of_file, d.final)) for d in different),
        tracking_error=tracking_error([*([start] if start else []), *span], found.flows),
        rows=_rows(span, start),
        notes=notes,
    )


def _rows(span: Sequence[SessionDrift], start: SessionDrift | None) -> tuple[DriftOfSession, ...]:
    from backtest.reporting.drift.facts import CAUSES

    rows: list[DriftOfSession] = []
    for row in span:
        added = _less(row.causes, start)
        named = {step.cause: amount for step, amount in zip(CAUSES, added, strict=True)}
        rows.append(DriftOfSession(row.session, row.live, row.backtest, named))
        start = row
    return tuple(rows)


def _less(causes: Sequence[Decimal], start: SessionDrift | None) -> list[Decimal]:
    before = [_ZERO] * len(causes) if start is None else start.causes
    return [after - earlier for after, earlier in zip(causes, before, strict=True)]


def _unexplained(row: SessionDrift) -> Decimal:
    """Return live's own equity less the walk with every live fact in it."""
    assert row.live is not None
    return row.live - row.explained


def _rounded(value: Decimal | None) -> float | None:
    return None if value is None else round(float(value), 2)


def _difference(of_file: Decision, final: Decision) -> str:
    """Return in what two decisions differ: figures, else targets."""
    figures = [
        f"{name} {_text(of_file.diagnostics[name])} vs {_text(value)}"
        for name, value in final.diagnostics.items()
        if name in of_file.diagnostics
        and _text(of_file.diagnostics[name]) != _text(value)
        and not name.startswith("w_")
    ]
    if figures:
        return ", ".join(figures)
    if of_file.exits != final.exits:
        return f"sells {_sold(of_file)} vs {_sold(final)}"
    return f"targets {_targets(of_file)} vs {_targets(final)}"


def _sold(decision: Decision) -> str:
    return " ".join(exit_.symbol for exit_ in decision.exits) or "nothing"


def _targets(decision: Decision) -> str:
    legs = " ".join(f"{target.symbol} {target.weight:.1%}" for target in decision.targets) or "cash"
    return legs if decision.rebalance else f"{legs} (kept)"


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
