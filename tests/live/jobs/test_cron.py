"""Cron expressions, against a reader that tries every minute."""

from datetime import datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import UsageError
from live.jobs.cron import parse


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def times(expression: str, after: str, count: int = 3) -> list[str]:
    return [f"{found:%Y-%m-%d %H:%M}" for found in islice(parse(expression).after(at(after)), count)]


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("30 18 * * 1-5", "2026-11-27T18:30", ["2026-11-30 18:30", "2026-12-01 18:30", "2026-12-02 18:30"]),
        ("0 9 1 * *", "2026-11-27T00:00", ["2026-12-01 09:00", "2027-01-01 09:00", "2027-02-01 09:00"]),
        ("*/20 4 * * *", "2026-11-27T04:10", ["2026-11-27 04:20", "2026-11-27 04:40", "2026-11-28 04:00"]),
        ("0 12 13 * 5", "2026-11-12T13:00", ["2026-11-13 12:00", "2026-11-20 12:00", "2026-11-27 12:00"]),
        ("0 0 29 2 *", "2026-01-01T00:00", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        (
            "5,10-12/2 1 * * 7",
            "2026-11-27T00:00",
            ["2026-11-29 01:05", "2026-11-29 01:10", "2026-11-29 01:12"],
        ),
    ],
)
def test_times_of_an_expression(expression: str, after: str, expected: list[str]) -> None:
    assert times(expression, after, len(expected)) == expected


def test_an_hour_that_the_clock_skips_is_left_out() -> None:
    assert times("30 2 * * *", "2027-03-13T12:00", 2) == ["2027-03-15 02:30", "2027-03-16 02:30"]


@pytest.mark.parametrize(
    "text", ["", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
             "a * * * *", "1-x * * * *", "*/0 * * * *", "5-3 * * * *", "1//2 * * * *", "-1 * * * *",
             "0 0 30 2 *", "٣ * * * *"],
)  # fmt: skip
def test_what_is_no_expression_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(UsageError, match="cron_expression: "):
        parse(text)


FIELD = st.sampled_from(["*", "*/7", "3", "1-4", "2,5", "1-6/2"])


@settings(max_examples=30)
@given(st.sampled_from(["0", "*/25", "7,41"]), FIELD, FIELD, FIELD, st.sampled_from(["*", "0", "1-5", "6,7"]))
def test_the_next_time_is_the_first_minute_that_fits(
    minute: str, hour: str, day: str, month: str, weekday: str
) -> None:
    parts = (minute, hour, day, month, weekday)
    found, instant = parse(" ".join(parts)), at("2026-05-30T21:13")
    first = next(found.after(instant))
    looked = instant + timedelta(minutes=1)
    while looked < min(first, instant + timedelta(days=3)):
        fits_day = looked.day in found.days
        fits_weekday = looked.isoweekday() % 7 in found.weekdays
        either = day[0] != "*" and weekday[0] != "*"
        right = (fits_day or fits_weekday) if either else (fits_day and fits_weekday)
        fits = (
            right
            and looked.minute in found.minutes
            and looked.hour in found.hours
            and looked.month in found.months
        )
        assert not fits, looked
        looked += timedelta(minutes=1)
    assert first.minute in found.minutes
    assert first.hour in found.hours
