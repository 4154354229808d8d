"""Trading days of an anchor: which instants they hold, over changes of clocks too."""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar.trading_days import DayAnchor, days_with_bars
from tests.support.minute_world import bars_at

BRISBANE = DayAnchor("Australia/Brisbane", time(9))
NEW_YORK = DayAnchor("America/New_York", time(0))
FLAT = (1.0, 1.0, 1.0, 1.0)


def test_the_futures_day_begins_at_eleven_in_the_evening_of_the_day_before() -> None:
    day = BRISBANE.day(date(2024, 1, 5))
    assert (day.start, day.end) == (
        datetime(2024, 1, 4, 23, tzinfo=UTC),
        datetime(2024, 1, 5, 23, tzinfo=UTC),
    )


def test_a_day_of_a_zone_that_changes_its_clock_is_an_hour_shorter_or_longer() -> None:
    spring, autumn = (NEW_YORK.day(date(2024, *day)) for day in ((3, 10), (11, 3)))
    assert (spring.end - spring.start, autumn.end - autumn.start) == (
        timedelta(hours=23),
        timedelta(hours=25),
    )


@given(st.datetimes(datetime(2019, 1, 1), datetime(2030, 1, 1)), st.sampled_from([BRISBANE, NEW_YORK]))
def test_every_instant_belongs_to_exactly_one_day(naive: datetime, anchor: DayAnchor) -> None:
    instant = naive.replace(tzinfo=UTC)
    found = anchor.day_at(instant)
    assert found.holds(instant)
    around = (anchor.day(found.day + timedelta(days=n)) for n in (-1, 1))
    assert not any(day.holds(instant) for day in around)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        BRISBANE.day_at(datetime(2024, 1, 5))


def test_rows_are_split_where_the_day_ends_and_weekends_are_no_days() -> None:
    bars = bars_at("2024-01-04T22:58", [FLAT] * 4)  # Thursday's last two minutes, Friday's first two
    assert [(d.day.day, d.first, d.end) for d in days_with_bars(bars, BRISBANE)] == [
        (date(2024, 1, 4), 0, 2),
        (date(2024, 1, 5), 2, 4),
    ]
    sunday = bars_at("2024-01-07T22:59", [FLAT] * 2)
    assert [(d.day.day, d.first, d.end) for d in days_with_bars(sunday, BRISBANE)] == [
        (date(2024, 1, 8), 1, 2)
    ]


def test_days_without_a_bar_are_left_out() -> None:
    early, late = bars_at("2024-01-02T10:00", [FLAT]), bars_at("2024-01-04T10:00", [FLAT])
    both = np.r_[early.minutes, late.minutes]
    bars = bars_at("2024-01-02T10:00", [FLAT, FLAT])
    bars = type(bars)("MGC", both, bars.open, bars.high, bars.low, bars.close, bars.volume)
    assert [d.day.day.day for d in days_with_bars(bars, BRISBANE)] == [2, 4]
    assert days_with_bars(bars_at("2024-01-02T10:00", []), BRISBANE) == ()
