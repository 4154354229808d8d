"""Is a book ready for real orders: the exit criteria of its rehearsal, counted; no data is not met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backtest.calendar import sessions as calendar
from live.validation.rehearsal import rehearsal
from live.validation.sessions import history
from live.validation.span import LOOK_BACK, span_of
from live.validation.verdict import WINDOW, SessionCheck, rolling

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.ledger.tables import RunLog
    from live.views.inputs import ViewInputs

SESSIONS: Final = 20
MIN_LOGIC_MATCH_PCT: Final = 98.0
MIN_FILL_RATE_PCT: Final = 99.0
MAX_SLIPPAGE_PCT: Final = 0.3
MAX_DISTANCE_POINTS: Final = 5.0
_FAILED: Final = frozenset({"failed", "expired"})


@dataclass(frozen=True, slots=True)
class Criterion:
    """One exit criterion.

    Attributes:
        value: what was counted, in the unit of `limit`; None without data, which is not met.
        limit: what must hold, e.g. ``>= 98 %``.
        sessions: how many sessions had something to say about it.
        why: what stands in the way, empty when it is met.
    """

    name: str
    met: bool
    value: float | None
    limit: str
    sessions: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class BookReadiness:
    """The criteria of one primary in the account in which it was rehearsed longest."""

    variant: str
    account: str
    ready: bool
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class ReadinessView:
    """Every daily book; `ready` when each of them is."""

    ready: bool
    books: tuple[BookReadiness, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not met, one line each."""
        return tuple(
            f"{book.variant}: {one.name} {one.limit}: {one.why}"
            for book in self.books
            for one in book.criteria
            if not one.met
        )


def read_readiness(inputs: ViewInputs, backtested: Mapping[str, float]) -> ReadinessView:
    """Return whether every daily book has met its exit criteria.

    Args:
        inputs: ledger, settings and strategies.
        backtested: variant -> return of the backtest over the sessions of `rehearsal`, decimal fraction; a
            variant whose sessions could not be simulated is absent.
    """
    daily = {book.primary for book in inputs.settings.books if book.run == "daily"}
    names = [found.name for found in inputs.variants() if found.role == "primary" and found.name in daily]
    books = tuple(_book(inputs, name, backtested.get(name)) for name in names)
    return ReadinessView(bool(books) and all(book.ready for book in books), books)


def _book(inputs: ViewInputs, variant: str, backtested: float | None) -> BookReadiness:
    account, rehearsed = rehearsal(inputs.ledger, variant)
    newest = rehearsed.runs.recent(LOOK_BACK, variant)
    rows = [row for row in newest if row.session <= inputs.today]  # a session to come was not missed
    checks: dict[str, SessionCheck] = {}
    if rows:
        kept = history(rehearsed, variant, rows[0].session)
        checks = {check.name: check for check in rolling(kept)}
    criteria = (
        _without_failure(rows),
        _measured("logic match", checks.get("logic match"), MIN_LOGIC_MATCH_PCT, at_least=True),
        _measured("fill rate", checks.get("fill rate"), MIN_FILL_RATE_PCT, at_least=True),
        _measured("average slippage", checks.get("average slippage"), MAX_SLIPPAGE_PCT, at_least=False),
        _near_backtest(rehearsed, variant, backtested),
    )
    return BookReadiness(variant, account, all(one.met for one in criteria), criteria)


def _without_failure(rows: Iterable[RunLog]) -> Criterion:
    """Count the newest sessions in a row that were carried out without a failure, none left out."""
    count, why = 0, ""
    for row, problem in _in_order(rows):
        if problem:
            why = f"{row.session}: {problem}"
            break
        count += 1
    met = count >= SESSIONS
    text = "" if met else f"{count} session(s)" + (f", before them {why}" if why else "")
    return Criterion("sessions without failure", met, float(count), f">= {SESSIONS}", count, text)


def _in_order(rows: Iterable[RunLog]) -> Iterator[tuple[RunLog, str]]:
    """Yield the executed sessions, newest first, each with what was wrong with it."""
    later = None
    for row in rows:
        if later is None and row.executed_at is None and not row.missed and row.executor_exit is None:
            continue  # generated and not due yet
        left_out = later is not None and calendar.next_session(row.session).day != later
        yield row, "a session after it is not in the run log" if left_out else _problem(row)
        later = row.session


def _problem(row: RunLog) -> str:
    if row.missed or row.executed_at is None:
        return "it was not carried out"
    for stage, code in (("generator", row.generator_exit), ("executor", row.executor_exit)):
        if code:
            return f"the {stage} ended with exit code {code}"
    return f"its outcome is {row.outcome}" if row.outcome in _FAILED else ""


def _measured(name: str, check: SessionCheck | None, limit: float, *, at_least: bool) -> Criterion:
    shown = f"{'>=' if at_least else '<'} {limit:g} %"
    if check is None or check.value is None:
        remedy = "no data: `jutsu validate` after each close"
        return Criterion(name, met=False, value=None, limit=shown, sessions=0, why=remedy)
    met = check.value >= limit if at_least else check.value < limit
    why = "" if met else f"{check.value:.3f} % in {check.sessions} of the newest {WINDOW} sessions"
    return Criterion(name, met, check.value, shown, check.sessions, why)


def _near_backtest(ledger: Ledger, variant: str, backtested: float | None) -> Criterion:
    """Compare the return of the book with that of the backtest over the same sessions, in points."""
    name, limit = "distance to the backtest", f"<= {MAX_DISTANCE_POINTS:g} points"
    span = span_of(ledger, variant)
    if span is None or backtested is None:
        why = "no data: the book has no close yet" if span is None else "no data: it could not be simulated"
        return Criterion(name, met=False, value=None, limit=limit, sessions=0, why=why)
    distance = round(abs(span.made - backtested) * 100, 6)
    met = distance <= MAX_DISTANCE_POINTS
    why = "" if met else f"the book made {span.made:+.2%}, the backtest {backtested:+.2%}"
    sessions = len(ledger.snapshots.series(variant, until=span.last))
    return Criterion(name, met, distance, limit, sessions, why)
