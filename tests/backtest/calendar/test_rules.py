"""The exchange's own rules against days that were published, and against each other."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar.rules import FIRST_YEAR, closed_weekdays, early_close_days

#: as the exchange published them, month and day
PUBLISHED = {
    2022: "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26",  # New Year's Day was a Saturday
    2023: "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25",
    2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",  # July 4 is a Saturday
    2027: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
}
EARLY = {2022: "11-25", 2023: "07-03 11-24", 2026: "11-27 12-24", 2025: "07-03 11-28 12-24", 2027: "11-26"}


def days(year: int, texts: str) -> set[date]:
    return {date.fromisoformat(f"{year}-{text}") for text in texts.split()}


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_holidays_that_were_published(year: int) -> None:
    assert closed_weekdays(year) == days(year, PUBLISHED[year])


@pytest.mark.parametrize("year", EARLY)
def test_the_early_closes_that_were_published(year: int) -> None:
    assert early_close_days(year) == days(year, EARLY[year])


@given(st.integers(FIRST_YEAR, 2199))
def test_any_year(year: int) -> None:
    closed, early = closed_weekdays(year), early_close_days(year)
    assert all(day.year == year and day.weekday() < 5 for day in closed | early)
    assert not closed & early
    assert len(closed) == (9 if date(year, 1, 1).weekday() == 5 else 10)
    assert 1 <= len(early) <= 3
    (good_friday,) = (day for day in closed if day.month in {3, 4})
    assert good_friday.weekday() == 4
    assert date(year, 3, 20) <= good_friday <= date(year, 4, 23)


@given(st.integers(FIRST_YEAR, 2199))
def test_the_exchange_is_never_closed_for_five_days(year: int) -> None:
    closed = closed_weekdays(year) | closed_weekdays(year + 1)
    day, run = date(year, 1, 1), 0
    while day.year == year:
        run = run + 1 if day.weekday() > 4 or day in closed else 0
        assert run < 5
        day += timedelta(days=1)
