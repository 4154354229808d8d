"""What one primary did in a stretch of days: its return, its sessions, its checks, what was said about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.reporting.metrics import compare
from live.validation.sessions import figures_between, verdict_key
from live.validation.verdict import SessionCheck, rolling
from live.views.figures import BookFigures, Curve, read_curve, read_figures
from live.views.monitoring import BookMonitoring, read_monitoring

if TYPE_CHECKING:
    from backtest.reporting.baseline import Baseline
    from live.ledger.ledger import Ledger
    from live.operations.run_lines import RunLine
    from live.views.readiness import BookReadiness

_NUMBER = re.compile(r"\d[\d,.]*")
#: more than twenty sessions, holidays included
RECENT = timedelta(days=60)
#: decimals of a fraction in a report: a thousandth of a percent
SHOWN: Final = 5
#: more sessions than a book ever has
EVERY: Final = 100_000
NOT_EXECUTED = frozenset({"missed", "stopped"})


@dataclass(frozen=True, slots=True)
class GroupedNote:
    """A warning or critical as it was said last, how often one like it was said, and when last."""

    text: str
    count: int
    last: date


@dataclass(frozen=True, slots=True)
class LostSession:
    """A session that was not carried out: missed or stopped, with the likely reason."""

    session: date
    became: str
    why: str


@dataclass(frozen=True, slots=True)
class AgainstBacktest:
    """The book beside the backtest of the same sessions.

    Attributes:
        made, simulated: decimal fractions from one close to another that both have.
        sessions: how many. tracking_error: a year, decimal fraction; None below two sessions.
        missing: why there is no comparison, empty when there is one.
        last: the session both end with. behind: closes of the book after it, which the backtest lacks.
    """

    made: float | None
    simulated: float | None
    sessions: int
    tracking_error: float | None
    missing: str = ""
    last: date | None = None
    behind: int = 0

    @property
    def gap(self) -> float | None:
        """What was made less the backtest, both as they are shown: to a thousandth of a percent."""
        if self.made is None or self.simulated is None:
            return None
        return round(round(self.made, SHOWN) - round(self.simulated, SHOWN), SHOWN)


@dataclass(frozen=True, slots=True)
class BookPeriod:
    """One primary from `first` to `last`.

    Attributes:
        sessions: of the exchange in the stretch that were due for the book. executed: carried out.
        lost: the others, oldest first.
        verdicts: GREEN, YELLOW, RED, NOT POSSIBLE -> sessions validated so.
        made: decimal fraction, net of deposits, over the window of `backtest` where that compares; None
            without a close.
        checks: over the sessions of the stretch. rolling: over the newest twenty up to its end.
        notes: warnings and criticals, grouped, the most frequent first.
        figures: up to its end. monitoring: on its last day.
        no_go: reasons against going on, none means go.
        begins: its first session when that is after `last`, or unknown: there was no book in the stretch.
    """

    variant: str
    first: date
    last: date
    sessions: int
    executed: int
    lost: tuple[LostSession, ...]
    verdicts: Mapping[str, int]
    made: float | None
    backtest: AgainstBacktest
    checks: tuple[SessionCheck, ...]
    rolling: tuple[SessionCheck, ...]
    notes: tuple[GroupedNote, ...]
    figures: BookFigures | None
    monitoring: BookMonitoring
    no_go: tuple[str, ...]
    begins: date | None = None

    @property
    def go(self) -> bool:
        """Whether nothing is against going on."""
        return not self.no_go


@dataclass(frozen=True, slots=True)
class PeriodInputs:
    """What a report of a stretch is made from besides the ledger.

    Attributes:
        first, last: days, both included.
        runs: the lines of the run log, of every book.
        simulated: variant -> session -> what 1 became in the backtest by its close.
        baselines: variant -> baseline. budgets: variant -> percent of the account.
        readiness: variant -> its exit criteria, counted.
        criticals: open matters, one line each.
    """

    first: date
    last: date
    runs: Sequence[RunLine]
    simulated: Mapping[str, Mapping[date, float]]
    baselines: Mapping[str, Baseline]
    budgets: Mapping[str, float]
    readiness: Mapping[str, BookReadiness] = field(default_factory=dict)
    criticals: tuple[str, ...] = ()


def read_period(ledger: Ledger, variant: str, inputs: PeriodInputs) -> BookPeriod:
    """Return what a primary did in a stretch."""
    first, last = inputs.first, inputs.last
    lines = [one for one in inputs.runs if one.variant == variant and first <= one.session <= last]
    done = [one for one in lines if one.became == "executed"]
    budget = inputs.budgets.get(variant, 100.0)
    curve = read_curve(ledger, variant, until=last, budget_pct=budget)
    kept = figures_between(ledger, variant, first, last)
    recent = rolling(figures_between(ledger, variant, last - RECENT, last))
    monitoring = read_monitoring(ledger, variant, inputs.baselines.get(variant), last, budget_pct=budget)
    backtest = against_backtest(curve, inputs.simulated.get(variant), first, last)
    made = backtest.made if curve is None or not backtest.missing else _made(curve, first, last)
    began = first_session(ledger, variant)
    return BookPeriod(
        variant=variant,
        first=first,
        last=last,
        sessions=sum(one.became in NOT_EXECUTED or one.became == "executed" for one in lines),
        executed=len(done),
        lost=tuple(LostSession(o.session, o.became, o.reason) for o in lines if o.became in NOT_EXECUTED),
        verdicts=_verdicts(ledger, variant, first, last),
        made=made,
        backtest=backtest,
        checks=rolling(kept, window=max(len(kept), 1)),
        rolling=recent,
        notes=grouped(_said(ledger, variant, first, last)),
        figures=read_figures(ledger, variant, until=last, budget_pct=budget),
        monitoring=monitoring,
        no_go=tuple(no_go(recent, inputs.readiness.get(variant), monitoring, inputs.criticals)),
        begins=began if began is not None and began > last else None,
    )


def first_session(ledger: Ledger, variant: str) -> date | None:
    """Return the session a book began with: its first file, run or close; None before there is one."""
    closes = ledger.snapshots.series(variant)
    found = [closes[0].session] if closes else []
    found += [row.session for row in ledger.runs.recent(EVERY, variant)]
    return min(found, default=None)


def no_go(
    recent: Iterable[SessionCheck],
    ready: BookReadiness | None,
    monitoring: BookMonitoring,
    criticals: Iterable[str],
) -> Iterator[str]:
    """Yield what is against going on: a rolling check or exit criterion that is not met, an open critical.

    A criterion without data is not met. The exit criteria are those of `jutsu ready`.
    """
    named = set()
    for one in ready.criteria if ready is not None else ():
        named.add(one.name)
        if not one.met:
            yield f"{one.name} {one.limit}: {one.why}"
    for check in recent:
        if check.passed is not True and check.name not in named:
            value = "no data" if check.value is None else f"{check.value:.3f} %"
            yield f"{check.name} {check.limit}: {value} in {check.sessions} session(s)"
    yield from (f"{one.name}: {one.why}" for one in monitoring.measures if one.state == "critical")
    yield from criticals


def against_backtest(
    curve: Curve | None, simulated: Mapping[date, float] | None, first: date, last: date
) -> AgainstBacktest:
    """Compare a curve with the backtest over the sessions of a stretch that both have a close of.

    Args:
        curve: of the book.
        simulated: session -> what 1 became in the backtest, from the book's first session on.
        first: day the stretch begins.
        last: day it ends.
    """
    if curve is None:
        return AgainstBacktest(None, None, 0, None, "the book has no close yet")
    if simulated is None:
        return AgainstBacktest(None, None, 0, None, "the backtest of these sessions could not be made")
    known = zip(curve.days, curve.value, strict=True)
    both = [(day, value, simulated[day]) for day, value in known if day in simulated]
    inside = [at for at, (day, _, _) in enumerate(both) if first <= day <= last]
    if not inside:
        return AgainstBacktest(None, None, 0, None, "no session of these days was closed")
    _, own_before, other_before = both[inside[0] - 1] if inside[0] else (first, 1.0, 1.0)
    own = np.array([both[at][1] / own_before for at in inside])
    other = np.array([both[at][2] / other_before for at in inside])
    error = compare(own, 1.0, other, symbol="backtest").tracking_error
    end = both[inside[-1]][0]
    return AgainstBacktest(
        made=float(own[-1]) - 1,
        simulated=float(other[-1]) - 1,
        sessions=len(inside),
        tracking_error=error,
        last=end,
        behind=sum(end < day <= last for day in curve.days),
    )


def grouped(said: Iterable[tuple[date, str]]) -> tuple[GroupedNote, ...]:
    """Return notes that differ in numbers only as one, the most frequent first.

    Args:
        said: session and text, oldest first.
    """
    found: dict[str, GroupedNote] = {}
    for day, text in said:
        key = _NUMBER.sub("#", text)
        known = found.get(key)
        found[key] = GroupedNote(text, 1 if known is None else known.count + 1, day)
    return tuple(sorted(found.values(), key=lambda note: -note.count))


def _made(curve: Curve, first: date, last: date) -> float | None:
    return curve.made(first - timedelta(days=1), last)


def _said(ledger: Ledger, variant: str, first: date, last: date) -> Iterator[tuple[date, str]]:
    for session in calendar.sessions(first, last):
        row = ledger.runs.get(session.day, variant)
        detail = {} if row is None or row.executed_at is None else dict(row.detail or {})
        for key in ("critical", "earlier", "warnings"):
            yield from ((session.day, text) for text in detail.get(key, ()))


def _verdicts(ledger: Ledger, variant: str, first: date, last: date) -> dict[str, int]:
    found: dict[str, int] = {}
    for session in calendar.sessions(first, last):
        verdict = json.loads(ledger.state.get(verdict_key(session.day)) or "{}").get(variant)
        if verdict is not None:
            found[verdict] = found.get(verdict, 0) + 1
    return dict(sorted(found.items()))
