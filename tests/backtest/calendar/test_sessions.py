"""Sessions and windows against hand-written dates; the table as a whole against the calendar library."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from backtest.calendar import rules as calendar_rules
from backtest.calendar import sessions as calendar
from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import DataError

# Each line was looked up in the exchange's own announcements, not computed.
CLOSED_DAYS = {
    "2001-09-11": "attacks",
    "2001-09-12": "attacks",
    "2001-09-13": "attacks",
    "2001-09-14": "attacks",
    "2004-06-11": "mourning for President Reagan",
    "2007-01-02": "mourning for President Ford",
    "2012-10-29": "hurricane Sandy",
    "2012-10-30": "hurricane Sandy",
    "2018-12-05": "mourning for President Bush",
    "2025-01-09": "mourning for President Carter",
    "2021-04-02": "Good Friday",
    "2022-06-20": "first Juneteenth, moved from a Sunday",
    "2023-06-19": "Juneteenth",
    "2026-06-19": "Juneteenth",
    "2027-06-18": "Juneteenth, moved from a Saturday",
    "2026-07-03": "Independence Day, moved from a Saturday",
    "2026-11-26": "Thanksgiving",
    "2026-12-25": "Christmas",
    "2027-12-24": "Christmas, moved from a Saturday",
    "2026-11-21": "a Saturday",
    "2026-11-22": "a Sunday",
}
OPEN_DAYS = {
    "2001-09-10": "the day before",
    "2001-09-17": "trading resumed",
    "2012-10-31": "trading resumed after Sandy",
    "2021-06-18": "Juneteenth was not yet a holiday",
    "2021-12-31": "New Year's Day on a Saturday is not moved",
    "2025-01-10": "the day after mourning",
    "2026-11-20": "an ordinary Friday",
    "2027-12-31": "New Year's Day 2028 falls on a Saturday and is not moved",
}
EARLY_CLOSES = (
    "2013-07-03", "2018-07-03", "2018-11-23", "2018-12-24", "2019-07-03", "2020-11-27", "2020-12-24",
    "2023-07-03", "2024-07-03", "2024-11-29", "2024-12-24", "2025-07-03", "2025-11-28", "2025-12-24",
    "2026-11-27", "2026-12-24", "2027-11-26",
)  # fmt: skip
NO_EARLY_CLOSES = ("2021-12-23", "2022-12-23", "2026-07-02", "2026-12-23", "2020-07-02", "2027-07-02")


def day(text: str) -> date:
    return date.fromisoformat(text)


def session_of(text: str) -> calendar.Session:
    found = calendar.session(day(text))
    assert found is not None
    return found


@pytest.mark.parametrize("text", CLOSED_DAYS)
def test_closed(text: str) -> None:
    assert calendar.session(day(text)) is None


@pytest.mark.parametrize("text", OPEN_DAYS)
def test_open(text: str) -> None:
    assert session_of(text).day == day(text)


@pytest.mark.parametrize("text", EARLY_CLOSES)
def test_early_closes_end_at_one_o_clock(text: str) -> None:
    found = session_of(text)
    assert (found.early_close, found.close.strftime("%H:%M"), found.open.strftime("%H:%M")) == (
        True,
        "13:00",
        "09:30",
    )


@pytest.mark.parametrize("text", NO_EARLY_CLOSES)
def test_days_beside_holidays_are_ordinary(text: str) -> None:
    found = session_of(text)
    assert (found.early_close, found.close.strftime("%H:%M")) == (False, "16:00")


def test_number_of_sessions_per_year() -> None:
    # Published counts of trading days.
    expected = {
        2001: 248,
        2012: 250,
        2018: 251,
        2019: 252,
        2020: 253,
        2021: 252,
        2022: 251,
        2023: 250,
        2024: 252,
    }
    for year, count in expected.items():
        assert len(calendar.sessions(date(year, 1, 1), date(year, 12, 31))) == count


def test_clock_changes_both_ways() -> None:
    # New York left daylight time on 2026-11-01 and enters it on 2027-03-14; the European dates differ.
    in_utc = {
        "2026-10-30": (13, 20),
        "2026-11-02": (14, 21),
        "2027-03-12": (14, 21),
        "2027-03-15": (13, 20),
    }
    for text, (open_hour, close_hour) in in_utc.items():
        found = session_of(text)
        assert found.open.astimezone(UTC) == datetime.combine(
            day(text), datetime.min.time(), UTC
        ) + timedelta(hours=open_hour, minutes=30)
        assert found.close.astimezone(UTC).hour == close_hour


def test_neighbours_skip_holidays_and_week_ends() -> None:
    assert calendar.next_session(day("2026-11-25")).day == day("2026-11-27")
    assert calendar.next_session(day("2026-11-27")).day == day("2026-11-30")
    assert calendar.previous_session(day("2026-11-27")).day == day("2026-11-25")
    assert calendar.previous_session(day("2001-09-17")).day == day("2001-09-10")
    assert calendar.next_session(day("2026-11-21")).day == day("2026-11-23")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20", True),
        ("2026-11-19", False),
        ("2026-11-27", True),  # the short Friday after Thanksgiving
        ("2026-04-02", True),  # Good Friday follows: the week ends on Thursday
        ("2026-07-02", True),  # Friday 3 July is closed
        ("2012-10-31", False),
        ("2020-12-31", True),  # New Year's Day is a Friday
        ("2026-11-21", False),  # no session at all
        ("2026-11-23", False),
    ],
)
def test_week_ends_follow_the_exchange(text: str, expected: bool) -> None:
    assert calendar.is_week_end(day(text)) is expected


@pytest.mark.parametrize(
    ("text", "name", "opens", "closes", "decides_on"),
    [
        ("2026-11-20", "open", "09:30", "09:35", "2026-11-19"),
        ("2026-11-20", "15min_after_open", "09:45", "10:00", "2026-11-19"),
        ("2026-11-20", "15min_before_close", "15:45", "15:55", "2026-11-20"),
        ("2026-11-20", "5min_before_close", "15:55", "15:59", "2026-11-20"),
        ("2026-11-20", "close", "15:55", "15:59", "2026-11-20"),
        ("2026-11-27", "close", "12:55", "12:59", "2026-11-27"),
        ("2026-11-27", "15min_before_close", "12:45", "12:55", "2026-11-27"),
        ("2026-11-27", "open", "09:30", "09:35", "2026-11-25"),
        ("2026-12-24", "5min_before_close", "12:55", "12:59", "2026-12-24"),
        ("2026-11-30", "15min_after_open", "09:45", "10:00", "2026-11-27"),
    ],
)
def test_windows(text: str, name: str, opens: str, closes: str, decides_on: str) -> None:
    found = calendar.window(session_of(text), name)  # type: ignore[arg-type] # wrong on purpose
    assert found.opens_at == datetime.fromisoformat(f"{text}T{opens}").replace(tzinfo=NEW_YORK)
    assert found.closes_at == datetime.fromisoformat(f"{text}T{closes}").replace(tzinfo=NEW_YORK)
    assert found.decides_on == day(decides_on)
    assert found.fills_at_open is (name in {"open", "15min_after_open"})


def test_windows_keep_new_york_time_over_a_clock_change() -> None:
    hours = [
        calendar.window(session_of(text), "close").opens_at.astimezone(UTC).hour
        for text in ("2026-10-30", "2026-11-02", "2027-03-12", "2027-03-15")
    ]
    assert hours == [19, 20, 20, 19]


def test_outside_the_calendar_says_how_to_refresh() -> None:
    beyond = calendar.known_until() + timedelta(days=1)
    for ask in (calendar.session, calendar.next_session):
        with pytest.raises(DataError, match="make_table") as caught:
            ask(beyond)
        assert caught.value.exit_code == 5
    with pytest.raises(DataError):
        calendar.sessions(date(2026, 1, 1), beyond)
    with pytest.raises(DataError):
        calendar.session(calendar.table_starts() - timedelta(days=1))


def test_the_rules_give_every_published_year_but_for_its_exceptions() -> None:
    mourning = {date(2025, 1, 9)}
    for year in range(calendar_rules.FIRST_YEAR, calendar.table_ends().year + 1):
        days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
        closed = {d for d in days if d.weekday() < 5 and calendar.session(d) is None} - mourning
        early = {s.day for s in calendar.sessions(days[0], days[-1]) if s.early_close}
        assert closed == {d for d in calendar_rules.closed_weekdays(year) if d.year == year}
        assert early == calendar_rules.early_close_days(year)


def test_sessions_after_the_table_follow_the_rules() -> None:
    ends = calendar.table_ends()
    assert calendar.next_session(ends).day == date(2029, 1, 2)
    assert calendar.previous_session(date(2029, 1, 2)).day == date(2028, 12, 29)
    assert session_of("2029-07-03").early_close
    assert calendar.session(day("2032-12-24")) is None  # Christmas 2032 is a Saturday
    assert calendar.session(day("2033-12-26")) is None  # and a Sunday a year later
    assert calendar.session_dates(date(2029, 1, 1), date(2029, 1, 5)).tolist()[0] == date(2029, 1, 2)


def test_the_table_reaches_far_enough() -> None:
    assert calendar.table_starts() <= date(2000, 1, 1)
    assert calendar.table_ends() >= date(2027, 12, 31)


def test_last_session_of_the_table_is_a_week_end() -> None:
    assert calendar.is_week_end(day("2028-12-29"))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_table_and_rules_equal_the_library() -> None:
    import pandas_market_calendars as markets

    first, last = calendar.table_starts(), calendar.known_until()
    schedule = markets.get_calendar("NYSE").schedule(first.isoformat(), last.isoformat())
    expected = [
        (stamp.date(), opens.to_pydatetime(), closes.to_pydatetime())
        for stamp, opens, closes in zip(
            schedule.index, schedule["market_open"], schedule["market_close"], strict=True
        )
    ]
    actual = [
        (s.day, s.open.astimezone(UTC), s.close.astimezone(UTC)) for s in calendar.sessions(first, last)
    ]
    assert len(actual) > 14_000
    assert actual == expected


def test_session_dates_are_the_days_of_the_sessions() -> None:
    first, last = date(2012, 10, 1), date(2026, 11, 27)
    expected = [s.day for s in calendar.sessions(first, last)]
    assert calendar.session_dates(first, last).tolist() == expected


def test_importing_the_calendar_loads_no_heavy_library() -> None:
    names = ["pandas", "numpy", "pydantic"]
    code = f"import sys, backtest.calendar.sessions; print([m for m in {names} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
