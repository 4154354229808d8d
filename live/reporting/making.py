"""Reports of a session made again: from the ledger, and the validation from the final bars."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from backtest.core.errors import UsageError
from live.reporting.execution import execution_report
from live.reporting.files import StoredReport, kept, name_of
from live.reporting.validation import validation_report
from live.validation.report import variant_report
from live.validation.sessions import judge_again
from live.views.execution_report import read_execution

if TYPE_CHECKING:
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext


def executions(context: RunContext, day: date | None, variant: str | None = None) -> tuple[StoredReport, ...]:
    """Return the execution reports of a session, the newest one when `day` is None.

    Raises:
        UsageError: nothing was executed then.
    """
    runs = context.ledger.runs
    newest = runs.last_session(variant)
    day = day or newest
    names = [book.primary for book in context.settings.books if variant in {None, book.primary}]
    found = [name for name in names if day is not None and runs.get(day, name) is not None]
    if day is None or not found:
        raise _nothing("run", day, variant, newest)
    return tuple(execution_of(context, day, name) for name in found)


def execution_of(context: RunContext, day: date, variant: str) -> StoredReport:
    """Return the execution report of one session of one primary."""
    budget = next((book.budget_pct for book in context.settings.books if book.primary == variant), 100.0)
    account = context.settings.account
    model = read_execution(
        context.ledger,
        day,
        variant,
        logs=context.settings.paths.logs,
        account=account,
        budget_pct=budget,
        before=kept(context.state / "reports", name_of("execution", day, variant, account)),
    )
    return execution_report(model)


def validations(
    context: RunContext, feed: Feed, day: date | None, variant: str | None = None
) -> tuple[StoredReport, ...]:
    """Return the validation reports of a session, of the last closed one when `day` is None.

    Raises:
        UsageError: no signal file of it.
        DataError: a final bar is missing.
    """
    from backtest.calendar import sessions as calendar

    day = day or calendar.last_closed_session(context.clock.now()).day
    found = judge_again(context, feed, day, variant)
    if not found:
        raise _nothing("signal file", day, variant, context.ledger.runs.last_session(variant))
    return tuple(validation_report(variant_report(item)) for item in found)


def _nothing(what: str, day: date | None, variant: str | None, newest: date | None) -> UsageError:
    of = f" of {variant}" if variant else ""
    return UsageError(
        f"the ledger has no {what}{of}" + (f" on {day}" if day else ""),
        where="report",
        remedy=f"the newest it has is of {newest}"
        if newest is not None
        else "both stages make the first one",
    )
