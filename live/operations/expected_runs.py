"""What should have run by now: the run log held against the calendar, without input or output.

A session is expected from the first one a book ran in by itself (a run about the past expects nothing).
Looked at is everything since the newest session that was executed; what lies before was reported then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from backtest.calendar import sessions as calendar
from backtest.core.decision import ExecutionTime

if TYPE_CHECKING:
    from live.alerts.causes import Stage
    from live.ledger.tables import RunLog

Step = Literal["generated", "approved", "executed", "held"]

_Reported = Mapping[tuple[date, str], str]

LISTED = 5
#: so many sessions in a row with orders held back are worth a warning
HELD_SESSIONS = 2


@dataclass(frozen=True, slots=True)
class ExpectedBook:
    """A daily book: its primary, its execution window, and whether a person must answer."""

    variant: str
    execution_time: ExecutionTime
    approval_required: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """An alert of a stage that could not tell the run log: when, and its line."""

    day: date
    stage: Stage
    text: str


@dataclass(frozen=True, slots=True)
class MissedStep:
    """A step that should have happened.

    Attributes:
        sessions: oldest first; several only when nothing at all ran in them.
        critical: it is lost or stopped; False: it waits, or is held back.
        text: what, why as far as it is known, what to do; begins with the variant.
    """

    variant: str
    step: Step
    sessions: tuple[date, ...]
    critical: bool
    text: str


def missed_steps(
    book: ExpectedBook, rows: Sequence[RunLog], now: datetime, heard: Iterable[Heard] = ()
) -> tuple[MissedStep, ...]:
    """Return what `book` should have done by `now` and did not, oldest session first.

    Args:
        book: the daily book.
        rows: its newest rows of the run log, in any order.
        now: aware instant.
        heard: alerts of stages, for the likely cause.
    """
    own = {row.session: row for row in rows if row.past is False}
    if not own:
        return ()
    reported: _Reported = {(item.day, item.stage): item.text for item in heard}
    executed = [day for day, row in own.items() if row.executed_at is not None]
    first = max(executed, default=min(own))
    today = now.astimezone(calendar.NEW_YORK).date()
    never: list[date] = []
    awake = False
    found: list[MissedStep] = []
    for session in calendar.sessions(first, max(first, today)):
        row = own.get(session.day)
        window = calendar.window(session, book.execution_time)
        if row is not None and (row.generated_at or row.executed_at or row.generator_exit):
            found.extend(_of_session(book, row, window, now, reported))
        elif now >= window.opens_at:
            never.append(session.day)
            awake = now <= window.closes_at
    return (*_never_started(book, never, reported, awake=awake), *found, *_held(book, own))


def waits_for_answer(book: ExpectedBook, row: RunLog) -> bool:
    """Tell whether a generated file has orders that a person must answer, and nobody approved them."""
    return book.approval_required and row.approved_at is None and bool(row.detail.get("orders"))


def _of_session(
    book: ExpectedBook,
    row: RunLog,
    window: calendar.ExecutionWindow,
    now: datetime,
    reported: _Reported,
) -> Iterator[MissedStep]:
    def step(which: Step, text: str, *, critical: bool = True) -> MissedStep:
        return MissedStep(
            book.variant, which, (row.session,), critical, f"{book.variant} {row.session}: {text}"
        )

    if row.executed_at is not None:
        if row.executor_exit:
            yield step("executed", f"the executor stopped with exit code {row.executor_exit}{_error(row)}")
        return
    if row.generated_at is None:
        yield step("generated", f"the generator stopped with exit code {row.generator_exit}{_error(row)}")
        return
    waits = waits_for_answer(book, row)
    if now > window.closes_at:
        silent = "nobody answered, and " if waits else ""
        cause = reported.get((row.session, "executor"), f"{NO_EXECUTOR} (`jutsu doctor`)")
        yield step("executed", f"{silent}the file was not executed: {cause}")
    elif waits:
        until = window.closes_at.astimezone(calendar.NEW_YORK)
        text = (
            f"{row.detail['orders']} order(s) wait for an answer until {until:%H:%M} New York: `jutsu review`"
        )
        yield step("approved", text, critical=False)


def _never_started(
    book: ExpectedBook, days: Sequence[date], reported: _Reported, *, awake: bool
) -> Iterator[MissedStep]:
    """Yield the sessions without a file; `awake`: a program of ours runs now, in the window of the last."""
    if not days:
        return
    more = f" and {len(days) - LISTED} more" if len(days) > LISTED else ""
    listed = ", ".join(map(str, days[-LISTED:]))
    causes = (reported.get((day, "signal_generator")) for day in reversed(days))
    cause = next((text for text in causes if text), _NO_GENERATOR if awake else _NOTHING_STARTED)
    text = f"{book.variant}: {len(days)} session(s) without a signal file ({listed}{more}): {cause}"
    yield MissedStep(book.variant, "generated", tuple(days), True, text)


def _held(book: ExpectedBook, own: Mapping[date, RunLog]) -> Iterator[MissedStep]:
    days: list[date] = []
    for day in sorted(own, reverse=True):
        if own[day].executed_at is None:
            continue
        if not own[day].detail.get("held"):
            break
        days.insert(0, day)
    if len(days) >= HELD_SESSIONS:
        text = (
            f"{book.variant}: orders were held back in {len(days)} sessions in a row (since {days[0]}); "
            "`jutsu status` says why, `jutsu explain SYMBOL` of one order"
        )
        yield MissedStep(book.variant, "held", tuple(days), False, text)


def _error(row: RunLog) -> str:
    error = row.detail.get("error")
    return f": {error}" if error else ""


NO_EXECUTOR = "the generator ran, the executor did not start: machine asleep by then, or no line for it"
_NO_GENERATOR = (
    "this machine is awake, and the generator did not start: no line for it, or asleep when it was due: "
    "`jutsu schedule --install`; while the window is open `python -m live.signal_generator`"
)
_NOTHING_STARTED = (
    "no program of ours started in its window (machine off or asleep, no cron line, lines for another time "
    "zone?): `jutsu schedule --install`"
)
