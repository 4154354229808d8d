"""Which week a day means, and that a week without a book is never GO."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from live.settings.model import BookSettings, Settings
from live.views.book_period import PeriodInputs
from live.views.inputs import ViewInputs
from live.views.weekly_report import read_weekly, week_until
from tests.support.runtimes import runtime_in

MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 29)


@pytest.mark.parametrize(
    ("day", "sunday"),
    [
        (date(2026, 11, 27), date(2026, 11, 22)),  # Friday: its own week is not over
        (date(2026, 11, 28), SUNDAY),  # Saturday: in New York it still is, where the clock says Sunday
        (SUNDAY, SUNDAY),
        (date(2026, 11, 30), SUNDAY),
    ],
)
def test_the_newest_week_whose_sessions_are_over(day: date, sunday: date) -> None:
    first, last = week_until(day)
    assert last == sunday
    assert (last - first).days == 6


@pytest.mark.parametrize("run", ["daily", "on_request"])
def test_only_daily_books_are_in_it_and_none_at_all_is_no_go(tmp_path: Path, run: str) -> None:
    settings = Settings(books=(BookSettings.model_validate({"primary": "golden", "run": run}),))
    now = datetime(2026, 11, 29, 9, 10, tzinfo=ZoneInfo("America/New_York"))
    runtime = runtime_in(tmp_path, now, settings=settings)
    period = PeriodInputs(MONDAY, SUNDAY, (), {}, {}, {}, criticals=("no stop",))
    found = read_weekly(ViewInputs.of(runtime.context), period, ("nothing was there",))
    assert [book.variant for book in found.books] == (["golden"] if run == "daily" else [])
    assert (found.go, found.day, found.open_questions) == (False, SUNDAY, ("no stop",))
    assert found.missing == ("nothing was there",)
    for book in found.books:
        assert book.no_go[-1] == "1 open question(s), named above"
        assert "no stop" not in book.no_go
