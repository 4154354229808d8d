"""Why what a person sees may be older than it looks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from backtest.calendar import sessions as calendar

if TYPE_CHECKING:
    from datetime import date

    from live.views.inputs import ViewInputs
    from live.views.status import StatusView

#: after its window a session that did not run is not only late
_LATE: Final = timedelta(minutes=5)
#: the doctor is scheduled every six hours
_DOCTOR: Final = timedelta(hours=12)
_STEPS: Final = frozenset({"generated", "executed"})


def read_stale(inputs: ViewInputs, status: StatusView, doctor: datetime | None) -> tuple[str, ...]:
    """Return one line for each thing that is older than it should be, none when all is of now.

    Args:
        inputs: of the account.
        status: its state.
        doctor: when the scheduled `jutsu doctor` last ended, None where none was noted.
    """
    return (*_sessions(inputs, status), *_closes(inputs, status), *_doctor(inputs.now, doctor))


def bars_are_old(newest: date, now: datetime) -> bool:
    """Whether stored bars end before the session before the last one that closed: vendors take an evening."""
    return newest < calendar.previous_session(calendar.last_closed_session(now).day).day


def _sessions(inputs: ViewInputs, status: StatusView) -> Iterator[str]:
    for step in status.missed_steps:
        day = step.sessions[-1]
        if step.step in _STEPS and _over(inputs, step.variant, day):
            yield f"{step.variant}: the session of {day} was due and is not carried out"


def _over(inputs: ViewInputs, variant: str, day: date) -> bool:
    """Whether a session's window closed five minutes ago or more."""
    session = calendar.session(day)
    named = next((one for one in inputs.variants() if one.name == variant), None)
    if session is None or named is None:
        return True
    return inputs.now >= calendar.window(session, named.strategy.execution_time).closes_at + _LATE


def _closes(inputs: ViewInputs, status: StatusView) -> Iterator[str]:
    """Yield the daily books whose values are of an old close; those of the made-up market are history."""
    daily = {book.primary for book in inputs.settings.books if book.run == "daily"}
    if inputs.settings.data.source == "demo":
        return
    for book in status.books:
        latest = inputs.ledger.snapshots.latest(book.variant) if book.variant in daily else None
        if latest is not None and bars_are_old(latest.session, inputs.now):
            yield f"{book.variant}: its values are of {latest.session}; `jutsu validate` marks newer closes"


def _doctor(now: datetime, last: datetime | None) -> Iterator[str]:
    if last is not None and now - last > _DOCTOR:
        hours = int((now - last).total_seconds() // 3600)
        yield f"`jutsu doctor` last looked at this machine {hours} hours ago: see `jutsu schedule`"
