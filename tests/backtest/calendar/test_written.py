"""Dates and times of a person: what is written is what is meant, anything else is refused."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar import sessions as calendar
from backtest.calendar.written import FIRST_YEAR, LAST_YEAR, written_date, written_time

ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=30))])


DATES = st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))
EARLIEST, LATEST = datetime(FIRST_YEAR, 1, 1), datetime(LAST_YEAR, 12, 31, 23, 59)
MOMENTS: st.SearchStrategy[datetime] = st.builds(
    datetime.replace, st.datetimes(EARLIEST, LATEST), tzinfo=ZONES
)


@given(DATES)
def test_a_date_comes_back(day: date) -> None:
    assert written_date(day.isoformat()) == day


@given(MOMENTS, st.sampled_from("T "))
def test_a_time_comes_back(at: datetime, between: str) -> None:
    assert written_time(at.isoformat(between)) == at


@given(DATES, st.times())
def test_minutes_are_enough_and_z_is_utc(day: date, at: time) -> None:
    text = f"{day.isoformat()}T{at:%H:%M}"
    assert written_time(text) == datetime(day.year, day.month, day.day, at.hour, at.minute)
    assert written_time(f"{text}Z").tzinfo is not None


@pytest.mark.parametrize(
    "text",
    ["20260924", "2026-W39-4", "2026W394", "2026-9-24", "2026-09-31", "24.09.2026", " 2026-09-24", ""],
)
def test_another_spelling_is_neither(text: str) -> None:
    with pytest.raises(ValueError):
        written_date(text)
    with pytest.raises(ValueError):
        written_time(text)


@pytest.mark.parametrize("text", ["0001-01-01", "1990-12-31", "2048-01-01", "9999-12-31"])
def test_a_year_without_a_calendar_is_refused(text: str) -> None:
    for read, written in ((written_date, text), (written_time, f"{text}T15:55")):
        with pytest.raises(ValueError, match="outside the years 1991 to 2047"):
            read(written)


def test_the_calendar_knows_the_years_around() -> None:
    assert calendar.table_starts() <= date(FIRST_YEAR - 1, 1, 1)
    assert calendar.known_until() >= date(LAST_YEAR + 1, 12, 31)


@pytest.mark.parametrize("text", ["2026-09-24", "2026-09-24T15", "20260924T1555", "15:55"])
def test_a_time_names_day_hour_and_minute(text: str) -> None:
    with pytest.raises(ValueError):
        written_time(text)
