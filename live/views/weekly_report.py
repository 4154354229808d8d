"""The report of a week: every daily book, what is open, and go or no-go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from live.views.book_period import BookPeriod, PeriodInputs, read_period
from live.views.figures import before_week

if TYPE_CHECKING:
    from live.views.inputs import ViewInputs


@dataclass(frozen=True, slots=True)
class WeeklyReport:
    """A week from Monday to Sunday.

    Attributes:
        day: the Sunday it ends with.
        go: whether nothing is against going on with every daily book; False without any.
        open_questions: what waits for a person when the report is made, one line each.
        missing: inputs that were not there, one line each.
    """

    day: date
    first: date
    last: date
    account: str
    mode: str
    go: bool
    books: tuple[BookPeriod, ...]
    open_questions: tuple[str, ...]
    missing: tuple[str, ...]


def week_until(day: date) -> tuple[date, date]:
    """Return Monday and Sunday of the newest week whose sessions are over on `day`: on Saturday its own."""
    sunday = before_week(day + timedelta(days=2)) if day.isoweekday() >= 6 else before_week(day)
    return sunday - timedelta(days=6), sunday


def read_weekly(inputs: ViewInputs, period: PeriodInputs, missing: tuple[str, ...] = ()) -> WeeklyReport:
    """Return the report of the week of `period`."""
    daily = [book.primary for book in inputs.settings.books if book.run == "daily"]
    asked = len(period.criticals)
    named = replace(period, criticals=(f"{asked} open question(s), named above",) if asked else ())
    books = tuple(read_period(inputs.ledger, name, named) for name in daily)
    return WeeklyReport(
        day=period.last,
        first=period.first,
        last=period.last,
        account=inputs.account,
        mode=inputs.settings.mode,
        go=bool(books) and all(book.go for book in books),
        books=books,
        open_questions=period.criticals,
        missing=missing,
    )
