"""A session without a file, and a position without its stop: the stop is placed, and nothing else is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from backtest.calendar import sessions as calendar
from backtest.core.errors import JutsuError
from live.execution import steps
from live.execution.job import Job
from live.execution.unprotected import name_unprotected
from live.execution.verdict import OrdersMissed
from live.handoff.approval import Standing
from live.handoff.model import SignalFile
from live.orders.lost_stops import lost_stops

if TYPE_CHECKING:
    from live.books.variants import BookVariant
    from live.execution.context import RunNotes
    from live.model.broker import Broker
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext


def unprotected(context: RunContext, broker: Broker, variant: str) -> tuple[str, ...]:
    """Return the symbols of a book that are without their stop, by the ledger or by the broker.

    Raises:
        BrokerError: the broker's orders cannot be read.
    """
    known = [row.symbol for row in context.ledger.positions.unprotected() if row.variant == variant]
    lost = lost_stops(context.ledger, broker, context.clock, variant)
    return tuple(sorted({*known, *(row.symbol for row in lost)}))


def guard(
    context: RunContext,
    broker: Broker,
    feed: Feed,
    variant: BookVariant,
    session: calendar.Session,
    notes: RunNotes,
) -> None:
    """Recover what is open, place missing stops, compare with the broker; send nothing else.

    Raises:
        JutsuError: as `steps.start`, with what has no stop in its notes. OrdersMissed: 7, a position has no
            stop all the same, or something else of the run is critical.
    """
    try:
        _start(context, broker, feed, variant, session, notes)
    except JutsuError as error:
        name_unprotected(context.ledger, variant.name, notes)
        for text in notes.critical:  # the alert of the error says it too
            error.add_note(text)
        raise
    name_unprotected(context.ledger, variant.name, notes)
    if notes.critical:
        raise OrdersMissed(
            "; ".join(notes.critical),
            where=variant.name,
            remedy="shares with NO STOP: place it at the broker by hand",
        )


def _start(
    context: RunContext,
    broker: Broker,
    feed: Feed,
    variant: BookVariant,
    session: calendar.Session,
    notes: RunNotes,
) -> None:
    row = next(iter(context.ledger.signals.recent(1, variant.name)), None)
    if row is None:  # positions that came back from the broker's orders, in a ledger without their files
        names = ", ".join(unprotected(context, broker, variant.name))
        notes.alarm(f"{names}: NO STOP, and none is placed: this ledger knows no file of {variant.name}")
        return
    signal = SignalFile.model_validate_json(row.content)
    job = Job(
        path=Path(row.path),
        content=row.content.encode(),
        signal=signal,
        known=None,
        session=session,
        window=calendar.window(session, signal.execution_window.name),
        book_variant=variant,
        standing=Standing("unknown", "the session has no file"),
        go=(),
        held={},
    )
    steps.start(
        steps.context_for(context, broker, feed, job, notes, phase="poll", skip_time_check=False), force=False
    )
