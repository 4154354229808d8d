"""Who notices that nothing ran: every program of ours that runs looks at the run log and tells."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import JutsuError
from live.alerts.causes import CauseName, key_of, stage_of
from live.operations.expected_runs import ExpectedBook, Heard, MissedStep, missed_steps
from live.operations.run_lines import RunLine, run_lines

if TYPE_CHECKING:
    from live.books.variants import Overrides
    from live.ledger.ledger import Ledger
    from live.runtime.runtime import RunContext
    from live.settings.model import Settings

LOG = logging.getLogger("jutsu.watch")

#: rows and alerts looked at: more than a year of sessions without a successful run is one finding anyway
NEWEST: Final = 300


def expected_books(settings: Settings, strategies: Path, overrides: Overrides) -> tuple[ExpectedBook, ...]:
    """Return the daily books. SettingsError, UsageError: a book or a strategy file is wrong."""
    from live.books.variants import groups
    from live.handoff.approval import effective_policy

    required = effective_policy(settings.approval, settings.mode) == "required"
    found = groups(settings, strategies, overrides=overrides)
    variants = (group.primary for group in found)
    return tuple(
        ExpectedBook(variant.name, variant.strategy.execution_time, required)
        for variant in variants
        if variant
    )


def missed(ledger: Ledger, books: tuple[ExpectedBook, ...], now: datetime) -> tuple[MissedStep, ...]:
    """Return what the books should have done by `now` and did not."""
    heard = tuple(_heard(ledger))
    return tuple(
        step
        for book in books
        for step in missed_steps(book, ledger.runs.recent(NEWEST, book.variant), now, heard)
    )


def missed_of(context: RunContext) -> tuple[MissedStep, ...]:
    """Return what this account's books should have done by now; nothing for a run about the past."""
    if not context.run.about_now:
        return ()
    books = expected_books(context.settings, context.strategies, context.parameter_overrides)
    return missed(context.ledger, books, context.clock.now())


def run_lines_of(context: RunContext, since: date, *, past: bool = False) -> tuple[RunLine, ...]:
    """Return every session from `since` on that was due for this account's daily books, oldest first.

    Args:
        context: books, time and settings of the run.
        since: first session.
        past: books that were only ever run about the past have lines too.
    """
    books = expected_books(context.settings, context.strategies, context.parameter_overrides)
    return run_lines_between(context.ledger, books, since, context.clock.now(), past=past)


def run_lines_between(
    ledger: Ledger,
    books: tuple[ExpectedBook, ...],
    since: date,
    now: datetime,
    *,
    past: bool = False,
) -> tuple[RunLine, ...]:
    """Return every session from `since` to `now` that was due for the books, oldest first.

    Args:
        ledger: of the account.
        books: the daily ones.
        since: first session.
        now: aware instant.
        past: books that were only ever run about the past have lines too.
    """
    heard = tuple(_heard(ledger))
    lines = (
        line
        for book in books
        for line in run_lines(book, ledger.runs.recent(NEWEST, book.variant), since, now, heard, past=past)
    )
    return tuple(sorted(lines, key=lambda line: (line.session, line.variant)))


def tell_missed(context: RunContext, *, starting: bool = False) -> tuple[str, ...]:
    """Alert about the newest missed step of each kind, once; return a line for each.

    A critical that nobody acknowledges rings daily by itself (`live.alerts.daily`).

    Args:
        context: books, time and settings of the run.
        starting: the generator itself, which is about to make today's file.
    """
    try:
        return tuple(_tell(context, starting=starting))
    except (JutsuError, OSError) as error:  # whoever calls has work that must not wait for this
        LOG.warning("the run log could not be compared with the calendar: %s", error)
        return ()


def _tell(context: RunContext, *, starting: bool) -> Iterator[str]:
    from live.alerts.outbox import send

    today = context.today()
    newest = {(step.variant, step.step): step for step in missed_of(context)}
    for step in newest.values():
        if step.step == "approved" or (starting and step.sessions == (today,)):
            continue  # a waiting file was told when it was written
        key = alert_key(step)
        if not context.ledger.alerts.known(key):
            title = f"{step.variant}: {_TITLES[step.step]}"
            send(
                context,
                key=key,
                level="critical" if step.critical else "warning",
                title=title,
                body=step.text,
            )
        yield step.text


def alert_key(step: MissedStep) -> str:
    """Return the alert's key: cause, variant, newest session; of held orders the first one of the row."""
    session = step.sessions[0 if step.step == "held" else -1]
    return key_of(_CAUSES[step.step], variant=step.variant, session=session)


_CAUSES: Final[dict[str, CauseName]] = {
    "generated": "missed_generated",
    "executed": "missed_executed",
    "held": "missed_held",
}
_TITLES: Final = {"generated": "missed run", "executed": "not executed", "held": "orders held for days"}


def _heard(ledger: Ledger) -> Iterator[Heard]:
    for alert in reversed(ledger.alerts.recent(NEWEST)):
        stage = stage_of(alert.key)
        if stage is not None and alert.level == "critical":
            day = alert.created_at.astimezone(NEW_YORK).date()
            yield Heard(day, stage, alert.body.partition("\n")[0])
