"""Minute bars: what is refused, what cannot change, and which minutes a range of instants takes."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError
from backtest.core.intraday_bars import COLUMNS, IntradayBars

OPEN = datetime(2024, 3, 18, 13, 30, tzinfo=UTC)
NEW_YORK_SUMMER = timezone(timedelta(hours=-4))


def made(count: int = 3, **changes: Any) -> IntradayBars:
    start = np.datetime64(OPEN.replace(tzinfo=None), "m")
    columns = {
        "minutes": start + np.arange(count),
        "open": np.full(count, 10.0),
        "high": np.full(count, 12.0),
        "low": np.full(count, 9.0),
        "close": np.full(count, 11.0),
        "volume": np.full(count, 100.0),
    }
    return IntradayBars("ES", **{**columns, **changes})


def test_no_minute_at_all_is_a_value_too() -> None:
    assert len(made(0)) == 0
    assert len(made(0).between(OPEN, OPEN + timedelta(hours=1))) == 0


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"close": np.array([11.0, np.nan, 11.0])}, r"row 2 \(2024-03-18T13:31 UTC\) has no usable close"),
        ({"open": np.array([10.0, 10.0, 0.0])}, "row 3 .* no usable open"),
        ({"volume": np.array([-1.0, 1.0, 1.0])}, "row 1 .* no usable volume"),
        ({"high": np.array([12.0, 10.5, 12.0])}, "row 2 .* outside low to high"),
        ({"low": np.array([12.0, 9.0, 9.0])}, "row 1 .* outside low to high"),
        (
            {"minutes": np.array(["2024-03-18T13:30", "NaT", "2024-03-18T13:32"], "M8[m]")},
            "row 2 .* not a time",
        ),
        ({"minutes": np.array(["2024-03-18T13:30"] * 3, "M8[m]")}, "row 2 .* not after"),
        (
            {"minutes": np.array(["2024-03-18T13:31", "2024-03-18T13:30", "2024-03-18T13:32"], "M8[m]")},
            "row 2",
        ),
        ({"volume": np.full(2, 1.0)}, "column volume has shape"),
    ],
)
def test_unusable_rows_are_refused_by_name(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        made(**changes)


def test_what_was_given_may_change_afterwards_and_the_value_does_not() -> None:
    close = np.full(3, 11.0)
    bars = made(close=close)
    before = bars.sha256()
    close[0] = 1.0
    assert bars.sha256() == before
    for name in ("minutes", *COLUMNS):
        with pytest.raises(ValueError, match="read-only"):
            getattr(bars, name)[0] = getattr(bars, name)[1]


@given(st.integers(-180, 900), st.integers(-180, 900))
def test_a_range_takes_the_minutes_that_begin_in_it(first: Any, last: Any) -> None:
    bars = made(10)
    start, end = OPEN + timedelta(seconds=first), OPEN + timedelta(seconds=last)
    taken = bars.between(start.astimezone(NEW_YORK_SUMMER), end)
    begins = [minute.item().replace(tzinfo=UTC) for minute in bars.minutes]
    expected = [at for at in begins if start <= at < end]
    assert [minute.item().replace(tzinfo=UTC) for minute in taken.minutes] == expected


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        made().between(OPEN.replace(tzinfo=None), OPEN)


@pytest.mark.parametrize("name", COLUMNS)
def test_the_digest_reads_every_column(name: Any) -> None:
    other = {name: getattr(made(), name) + np.array([0.0, 0.0, 0.5])}
    assert made().sha256() == made().sha256() != made(**other).sha256()
