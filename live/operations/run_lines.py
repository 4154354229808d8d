"""Every session that was due and what became of it, with the likely reason: what `jutsu runs` lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from backtest.calendar import sessions as calendar
from live.operations.expected_runs import NO_EXECUTOR, ExpectedBook, Heard, waits_for_answer

if TYPE_CHECKING:
    from live.ledger.tables import RunLog

_Reported = Mapping[tuple[date, str], str]
Became = Literal["executed", "stopped", "waits", "missed", "due"]

#: sessions in a row without an execution from which on it is critical
CRITICAL_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class RunLine:
    """A session of a book.

    Attributes:
        became: executed; stopped (a stage ended with an error); waits (the window is still to come);
            missed (the window is over); due (nothing was expected yet).
        outcome: what the executor noted, empty when it did not run.
        generated_at, approved_at, executed_at: aware instants, None when it did not happen.
        reason: the likely reason, empty when all is well.
        in_a_row: how many sessions up to this one were not executed one after another, 0 when it was.
    """

    session: date
    variant: str
    became: Became
    outcome: str
    generated_at: datetime | None
    approved_at: datetime | None
    executed_at: datetime | None
    reason: str
    in_a_row: int

    @property
    def critical(self) -> bool:
        """Whether so many sessions in a row were lost that somebody must look at once."""
        return self.in_a_row >= CRITICAL_IN_A_ROW


def run_lines(
    book: ExpectedBook,
    rows: Sequence[RunLog],
    since: date,
    now: datetime,
    heard: Iterable[Heard] = (),
    *,
    past: bool = False,
) -> tuple[RunLine, ...]:
    """Return a line per session from `since` or the first run on, oldest first.

    Args:
        book: the daily book.
        rows: its rows of the run log, in any order; runs about the past do not count.
        since: first session.
        now: aware instant.
        heard: alerts of stages, for the likely reason.
        past: runs about the past (a demo, `--as-of`) count too: what was due reaches from the first to the
            last of them, and from the first other run to today.
    """
    about_now = [row.session for row in rows if row.past is not True]
    before = [row.session for row in rows if row.past is True] if past else []
    own = {row.session: row for row in rows if past or row.past is not True}
    today = now.astimezone(calendar.NEW_YORK).date()
    stretches = [(min(about_now), max(today, since))] if about_now else []
    stretches += [(min(before), max(before))] if before else []
    if not stretches:
        return ()
    reported: _Reported = {(item.day, item.stage): item.text for item in heard}
    first, last = max(since, min(first for first, _ in stretches)), max(last for _, last in stretches)
    due = [
        session
        for session in (calendar.sessions(first, last) if first <= last else ())
        if any(begin <= session.day <= end for begin, end in stretches)
    ]
    return tuple(_lines(book, own, due, now, reported))


def _lines(
    book: ExpectedBook,
    own: Mapping[date, RunLog],
    sessions: Sequence[calendar.Session],
    now: datetime,
    reported: _Reported,
) -> Iterator[RunLine]:
    lost = 0
    for session in sessions:
        row = own.get(session.day)
        window = calendar.window(session, book.execution_time)
        became, reason = _became(book, row, window, now, reported)
        lost = 0 if became == "executed" else lost + (became in {"missed", "stopped"})
        yield RunLine(
            session.day,
            book.variant,
            became,
            row.outcome if row is not None else "",
            row.generated_at if row is not None else None,
            row.approved_at if row is not None else None,
            row.executed_at if row is not None else None,
            reason,
            lost if became in {"missed", "stopped"} else 0,
        )


def _became(
    book: ExpectedBook,
    row: RunLog | None,
    window: calendar.ExecutionWindow,
    now: datetime,
    reported: _Reported,
) -> tuple[Became, str]:
    day = window.closes_at.astimezone(calendar.NEW_YORK).date()
    if row is not None and row.executed_at is not None:
        error = row.detail.get("error") or next(iter(row.detail.get("critical", ())), "")
        said = f"executor exit {row.executor_exit}{f': {error}' if error else ''}"
        return ("stopped", said) if row.executor_exit else ("executed", "")
    if row is not None and row.generated_at is None and row.generator_exit:
        error = row.detail.get("error")
        return "stopped", f"generator failed, exit {row.generator_exit}{f': {error}' if error else ''}"
    over = now > window.closes_at
    if row is None or row.generated_at is None:
        if not over:
            return "due", ""
        return "missed", reported.get((day, "signal_generator"), NO_START)
    waits = waits_for_answer(book, row)
    if not over:
        return "waits", "not approved yet" if waits else ""
    if waits:
        return "missed", "not approved"
    return "missed", reported.get((day, "executor"), NO_EXECUTOR)


NO_START = (
    "no start in its window: machine off or asleep, no schedule, or one of another zone (`jutsu doctor`)"
)
