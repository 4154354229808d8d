"""Windows of labels: the table of the specification, changes of clocks, deadlines."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar.trading_days import DayAnchor
from backtest.core.errors import ParameterError
from backtest.strategies.opening_range_breakout.labels import (
    FUTURES_DAY,
    LABELS,
    TABLE,
    Label,
    label_of,
    window_of,
)

DAY = FUTURES_DAY.day(date(2024, 1, 5))


@pytest.mark.parametrize(
    ("name", "start", "deadline"),
    [
        ("0900", "2024-01-04T23:00", "2024-01-05T00:00"),
        ("1000", "2024-01-05T00:00", "2024-01-05T01:00"),
        ("1100", "2024-01-05T01:00", "2024-01-05T08:00"),
        ("1800", "2024-01-05T08:00", "2024-01-05T13:00"),
        ("2300", "2024-01-05T13:00", "2024-01-05T14:30"),
        ("0030", "2024-01-05T14:30", "2024-01-05T23:00"),
        ("NYSE0930", "2024-01-05T14:30", "2024-01-05T23:00"),
    ],
)
def test_windows_of_a_winter_day(name: str, start: str, deadline: str) -> None:
    window = window_of(label_of(name), DAY, 15)
    assert window is not None
    assert (window.start.strftime("%Y-%m-%dT%H:%M"), window.deadline.strftime("%Y-%m-%dT%H:%M")) == (
        start,
        deadline,
    )
    assert (window.end - window.start, window.day_end) == (timedelta(minutes=15), DAY.end)


@pytest.mark.parametrize(
    ("day", "hour"), [((2024, 3, 8), 14), ((2024, 3, 11), 13), ((2024, 11, 1), 13), ((2024, 11, 4), 14)]
)
def test_a_session_keeps_its_hour_of_its_own_clock(day: tuple[int, int, int], hour: int) -> None:
    start = label_of("NYSE0930").start(FUTURES_DAY.day(date(*day)))
    assert start == datetime(*day, hour, 30, tzinfo=UTC)
    brisbane = label_of("0030").start(FUTURES_DAY.day(date(*day)))
    assert brisbane == datetime(*day, 14, 30, tzinfo=UTC)


@given(st.dates(date(2019, 1, 1), date(2030, 1, 1)), st.sampled_from(sorted(LABELS)))
def test_every_window_lies_in_its_day(day: date, name: str) -> None:
    trading_day = FUTURES_DAY.day(day)
    window = window_of(LABELS[name], trading_day, 30)
    assert window is not None
    assert trading_day.start <= window.start < window.end <= window.deadline <= trading_day.end


def test_a_time_that_the_clock_skips_has_no_window() -> None:
    anchor = DayAnchor("America/New_York", time(0))
    skipped = Label("X", "America/New_York", time(2, 30))
    assert window_of(skipped, anchor.day(date(2024, 3, 10)), 5) is None
    assert window_of(skipped, anchor.day(date(2024, 3, 11)), 5) is not None


def test_a_window_ends_with_the_day() -> None:
    late = window_of(Label("X", "Australia/Brisbane", time(8, 50)), DAY, 30)
    assert late is not None
    assert late.end == late.deadline == DAY.end


def test_names() -> None:
    assert [label.name for label in TABLE] == ["0900", "1000", "1100", "1800", "2300", "0030"]
    with pytest.raises(ParameterError, match="unknown label '0931'"):
        label_of("0931")
