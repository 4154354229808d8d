"""Whether a signal file is due now, for which session and window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from backtest.calendar import sessions as calendar
from backtest.core.errors import LimitError
from live.books.variants import BookVariant
from live.runtime.runtime import RunContext

#: how long before its window a closing-window decision may be prepared (a person needs time to review)
LEAD = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Due:
    """A session in which a variant has something to decide now."""

    session: calendar.Session
    window: calendar.ExecutionWindow
    at: datetime


@dataclass(frozen=True, slots=True)
class NotDue:
    """Nothing to do, and why."""

    why: str


def due(context: RunContext, variant: BookVariant) -> Due | NotDue:
    """Tell whether the variant decides now. LimitError 7 when its window is over."""
    day = context.today()
    session = calendar.session(day)
    if session is None:
        return NotDue(f"{day} is not a trading day: nothing to do")
    window = calendar.window(session, variant.strategy.execution_time)
    at = context.clock.now()
    if at > window.closes_at:
        if context.ledger.signals.get(day, variant.name) is not None:
            return NotDue(f"already done: {variant.name} {day} (its window is over)")
        raise LimitError(
            f"the execution window {window.name} of {day} closed at {_clock(window.closes_at)}",
            where=variant.name,
            remedy="nothing was generated; the next session proposes again",
        )
    earliest = session.open - timedelta(hours=9) if window.fills_at_open else window.opens_at - LEAD
    if at < earliest:
        return NotDue(
            f"{variant.name}: too early for {day}; decisions for the window "
            f"{_clock(window.opens_at)}-{_clock(window.closes_at)} New York can be made from "
            f"{_clock(earliest)}"
        )
    return Due(session, window, at)


def _clock(at: datetime) -> str:
    return at.astimezone(calendar.NEW_YORK).strftime("%H:%M")
