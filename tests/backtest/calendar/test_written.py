"""Dates and times of a person: what is written is what is meant, anything else is refused."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar.written import written_date, written_time

ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=30))])


@given(st.dates())
def test_a_date_comes_back(day: date) -> None:
    assert written_date(day.isoformat()) == day


@given(st.datetimes(timezones=ZONES), st.sampled_from("T "))
def test_a_time_comes_back(at: datetime, between: str) -> None:
    assert written_time(at.isoformat(between)) == at


@given(st.dates(), st.times())
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


@pytest.mark.parametrize("text", ["2026-09-24", "2026-09-24T15", "20260924T1555", "15:55"])
def test_a_time_names_day_hour_and_minute(text: str) -> None:
    with pytest.raises(ValueError):
        written_time(text)
