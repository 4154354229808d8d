"""Which sessions are validated, and what the ledger remembers of each."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from live.system.json_text import plain
from live.validation.report import write_report
from live.validation.verdict import WINDOW, Figures, Judged, Validation, judge, rolling

if TYPE_CHECKING:
    from backtest.core.errors import DataError
    from live.ledger.ledger import Ledger
    from live.ledger.tables import SignalRow
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext
    from live.system.clock import Clock


#: stands for a verdict where a bar was missing
NOT_POSSIBLE: Final = "NOT POSSIBLE"
#: begins the source of a run on price files (`RunContext.data_source`)
PRICES: Final = "prices:"
#: rows of the run log that are looked at for the source
SEEN: Final = 1_000


def sessions_of(
    ledger: Ledger, clock: Clock, day: date | None, since: date | None
) -> tuple[tuple[date, ...], str]:
    """Return the closed sessions with signal files that were asked for, and why there are none (else empty).

    Raises:
        UsageError: a day named by a person that never traded, or has no signal file.
    """
    from backtest.calendar import sessions as calendar
    from backtest.core.errors import UsageError

    newest = calendar.last_closed_session(clock.now()).day
    last = newest if day is None else day
    if day is not None and calendar.session(day) is None:
        raise UsageError(f"{day} is not a trading day", where="--date", remedy="name a session")
    if last > newest:
        return (), f"the session {last} has not closed yet: nothing to validate before it has"
    if since is not None and since > last:
        raise UsageError(f"{since} is after {last}", where="--since", remedy="name an earlier session")
    found = tuple(
        session.day
        for session in calendar.sessions(since or last, last)
        if ledger.signals.of_session(session.day)
    )
    if not found and (day is not None or since is not None):
        raise UsageError(
            "the ledger has no signal file of these sessions" if since else "the ledger has no signal file",
            where=f"{since} to {last}" if since else str(last),
            remedy="`jutsu status` shows the last session of every variant",
        )
    return found, "" if found else f"no signal file of {last}: nothing to validate"


def prices_used(ledger: Ledger, days: Collection[date]) -> Path | None:
    """Return the folder of price files all runs of some sessions decided on, None when it was another source.

    A trial on files of one's own is judged by them, not by what the settings name.
    """
    found = {run.source for run in ledger.runs.recent(SEEN) if run.session in days and run.source}
    source = found.pop() if len(found) == 1 else ""
    folder = Path(source.removeprefix(PRICES))
    return folder if source.startswith(PRICES) and folder.is_dir() else None


def validate_session(context: RunContext, feed: Feed, day: date) -> tuple[Judged, ...]:
    """Validate every variant of one session, primaries first; keep figures and report.

    Raises:
        DataError: a final bar of any variant is missing; the others were validated, an alert is sent.
    """
    judged, problems = judge_session(context, feed, day)
    if problems:
        raise next(iter(problems.values()))
    return judged


def judge_session(
    context: RunContext, feed: Feed, day: date
) -> tuple[tuple[Judged, ...], Mapping[str, DataError]]:
    """Validate every variant that can be; return the verdicts, and variant -> why there is none."""
    from backtest.core.errors import DataError
    from live.alerts import outbox as alerts
    from live.alerts.causes import key_of
    from live.validation.observe import observe

    validations: list[Validation] = []
    problems: dict[str, DataError] = {}
    for row in context.ledger.signals.of_session(day):
        try:
            validations.append(judge(observe(context, feed, row)))
        except DataError as error:
            problems[row.variant] = error
    if problems:
        alerts.send(
            context,
            key=key_of("validation_data", session=day),
            level="warning",
            title=f"validation of {day} was not possible for {', '.join(problems)}",
            body="\n".join(f"{variant}: {error.line()}" for variant, error in problems.items()),
        )
    _remember(context.ledger, context.clock, day, validations, problems)
    return _judged(context.ledger, context.state, day, validations), problems


def _judged(ledger: Ledger, state: Path, day: date, validations: Sequence[Validation]) -> tuple[Judged, ...]:
    judged = tuple(
        Judged(found, rolling(history(ledger, found.observed.variant, day))) for found in validations
    )
    if judged:
        write_report(state / "reports", day, judged)
    return judged


def judge_again(context: RunContext, feed: Feed, day: date, variant: str | None = None) -> tuple[Judged, ...]:
    """Judge a session, or one variant of it, once more; nothing is kept or sent.

    Raises:
        DataError: a final bar is missing.
    """
    from live.validation.observe import observe

    rows = [row for row in context.ledger.signals.of_session(day) if variant in {None, row.variant}]
    found = [judge(observe(context, feed, row)) for row in rows]
    return tuple(Judged(one, rolling(_with(context.ledger, one, day))) for one in found)


def _with(ledger: Ledger, found: Validation, day: date) -> list[Figures]:
    """Return the figures kept up to a session with those of `found` in their place."""
    kept = history(ledger, found.observed.variant, day)
    return [*(figures for figures in kept if figures.session != day), found.figures]


def _key(day: date) -> str:
    return f"validation:{day}"


def verdict_key(day: date) -> str:
    """Return the key under which the ledger keeps the verdicts of a session, variant -> verdict."""
    return f"verdict:{day}"


def _remember(
    ledger: Ledger, clock: Clock, day: date, validations: Sequence[Validation], problems: Collection[str]
) -> None:
    """Keep the figures of a session, one value for all its variants; validating again replaces them."""
    with ledger.transaction():
        known: dict[str, Any] = json.loads(ledger.state.get(_key(day)) or "{}")
        known |= {found.observed.variant: plain(asdict(found.figures)) for found in validations}
        ledger.state.set(_key(day), json.dumps(known), at=clock.now())
        verdicts = json.loads(ledger.state.get(verdict_key(day)) or "{}")
        verdicts |= {variant: NOT_POSSIBLE for variant in problems if variant not in verdicts}
        verdicts |= {found.observed.variant: found.verdict for found in validations}
        ledger.state.set(verdict_key(day), json.dumps(verdicts), at=clock.now())


def history(ledger: Ledger, variant: str, until: date) -> tuple[Figures, ...]:
    """Return the kept figures of a variant's newest validated sessions up to `until`, oldest first."""
    found: list[Figures] = []
    for row in _up_to(ledger, variant, until):
        stored = json.loads(ledger.state.get(_key(row.session)) or "{}").get(variant)
        if stored is not None:
            found.append(_figures(stored))
        if len(found) == WINDOW:
            break
    return tuple(reversed(found))


def figures_between(ledger: Ledger, variant: str, first: date, last: date) -> tuple[Figures, ...]:
    """Return the kept figures of every validated session from `first` to `last`, oldest first."""
    from backtest.calendar import sessions as calendar

    found = []
    for session in calendar.sessions(first, last):
        stored = json.loads(ledger.state.get(_key(session.day)) or "{}").get(variant)
        if stored is not None:
            found.append(_figures(stored))
    return tuple(found)


def _up_to(ledger: Ledger, variant: str, until: date) -> Iterator[SignalRow]:
    """Yield a variant's signal files, newest first."""
    row = ledger.signals.get(until, variant)
    while row is not None:
        yield row
        row = ledger.signals.previous(row.session, variant)


def _figures(stored: dict[str, Any]) -> Figures:
    return Figures(
        **{
            **stored,
            "session": date.fromisoformat(stored["session"]),
            "slippages": tuple(stored["slippages"]),
        }
    )
