"""The session a report is traded at: over weekends, holidays, and when it came after a close."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from backtest.candidates.schedule import EntryMode, entry_session, session_of_report

FRI, SAT, MON, TUE = date(2024, 3, 15), date(2024, 3, 16), date(2024, 3, 18), date(2024, 3, 19)


@pytest.mark.parametrize(
    ("day", "mode", "session"),
    [
        (FRI, "report_open", FRI),
        (SAT, "report_open", MON),
        (FRI, "next_day_open", MON),
        (SAT, "next_day_open", MON),
        (MON, "next_day_open", TUE),
        (date(2024, 3, 29), "report_open", date(2024, 4, 1)),  # Good Friday
        (date(2024, 3, 28), "next_day_open", date(2024, 4, 1)),
    ],
)
def test_the_first_session_on_or_after_its_date_or_strictly_after(
    day: date, mode: EntryMode, session: date
) -> None:
    assert entry_session(day, mode) == session


@pytest.mark.parametrize(
    ("made", "session"),
    [
        (None, FRI),
        (datetime(2024, 3, 15, 12, tzinfo=UTC), FRI),  # before the open
        (datetime(2024, 3, 15, 19, 59, tzinfo=UTC), FRI),
        (datetime(2024, 3, 15, 20, 1, tzinfo=UTC), MON),  # after the close
        (datetime(2024, 3, 17, 20, 0, tzinfo=UTC), MON),
        (datetime(2024, 3, 18, 12, 0, tzinfo=UTC), FRI),  # Monday: an old report, written again
        (datetime(2024, 3, 20, 12, 0, tzinfo=UTC), FRI),
    ],
)
def test_a_report_made_after_the_close_is_for_the_next_session(made: datetime | None, session: date) -> None:
    assert session_of_report(FRI, "report_open", made) == session
