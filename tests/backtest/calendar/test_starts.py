"""Start times on the clocks of other hosts."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar import sessions as calendar
from backtest.calendar.sessions import Session
from backtest.calendar.starts import local_starts, next_early_closes, next_sessions, table_warning
from backtest.core.errors import DataError
from tests.support.calendar_days import window_on

UTC_CLOSE = {  # start of the closing window on a host that keeps UTC, by the months of each
    "55 16 * 7 1-5",  # an early close in summer
    "55 17 * 11,12 1-5",
    "55 19 * 3,4,5,6,7,8,9,10,11 1-5",
    "55 20 * 1,2,3,11,12 1-5",
}


@pytest.mark.parametrize("today", [date(2026, 11, 28), date(2027, 7, 10), date(2030, 1, 2), date(2044, 1, 2)])
def test_a_host_on_utc_has_a_line_for_every_kind_of_close(today: date) -> None:
    found = local_starts(lambda s: calendar.window(s, "close").opens_at, UTC, today)
    assert {start.cron for start in found} == UTC_CLOSE


def test_the_early_close_of_july_2028_has_its_line_two_years_before() -> None:
    at = window_on(date(2028, 7, 3), "close").opens_at.astimezone(UTC)
    found = local_starts(lambda s: calendar.window(s, "close").opens_at, UTC, date(2026, 11, 28))
    assert any(s.at == at.time() and at.month in s.months for s in found)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("America/New_York", {"55 12 * 7,11,12 1-5", "55 15 * * 1-5"}),
        ("Asia/Tokyo", {"55 1 * 7 2-6", "55 2 * 11,12 2-6"}),
        ("Pacific/Auckland", {"55 6 * 11,12 2-6", "55 4 * 7 2-6"}),
    ],
)
def test_lines_of_other_hosts(zone: str, expected: set[str]) -> None:
    found = local_starts(lambda s: calendar.window(s, "close").opens_at, ZoneInfo(zone), date(2026, 11, 28))
    assert {start.cron for start in found} >= expected


@given(
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Sydney", "America/Los_Angeles", "Asia/Kolkata"]),
    offset=st.integers(0, 4000),
    minutes=st.integers(-30, 30),
)
def test_every_session_of_the_next_years_finds_its_line(zone: str, offset: int, minutes: int) -> None:
    def wanted(session: Session) -> datetime:
        return session.close + timedelta(minutes=minutes)

    host, today = ZoneInfo(zone), date(2026, 11, 28)
    fields = {start.cron for start in local_starts(wanted, host, today)}
    session = calendar.next_session(today + timedelta(days=offset))
    local = wanted(session).astimezone(host)
    matching = [field for field in fields if cron_matches(field, local)]
    assert len(matching) == 1


def cron_matches(field: str, local: datetime) -> bool:
    minute, hour, _, months, days = field.split()
    first, _, last = days.partition("-")
    weekdays = range(int(first), int(last) + 1) if last else {int(d) for d in days.split(",")}
    in_month = months == "*" or str(local.month) in months.split(",")
    return (
        (int(minute), int(hour)) == (local.minute, local.hour)
        and in_month
        and local.isoweekday() % 7 in weekdays
    )


def test_next_sessions_and_early_closes() -> None:
    found = next_early_closes(date(2027, 1, 1), 3)
    assert [s.day for s in found] == [date(2027, 11, 26), date(2028, 7, 3), date(2028, 11, 24)]
    assert [s.day for s in next_sessions(date(2028, 12, 28), 2)] == [date(2028, 12, 29), date(2029, 1, 2)]
    with pytest.raises(DataError):
        next_sessions(calendar.known_until() - timedelta(days=3), 9)


def test_a_year_before_the_table_ends_it_warns() -> None:
    ends = calendar.table_ends()
    assert table_warning(ends - timedelta(days=366)) is None
    assert "make_table" in str(table_warning(ends - timedelta(days=365)))
    assert table_warning(ends + timedelta(days=100)) is not None
