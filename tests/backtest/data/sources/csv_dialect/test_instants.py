"""Times of minute bars: formats, zones, hours that a clock shows twice or never."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError, UsageError
from backtest.data.sources.csv_dialect.instants import read_instants, utc_of

NEW_YORK, LORD_HOWE = ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")


def minutes(cells: list[str], zone: str | None = None) -> list[str]:
    found = read_instants(cells, zone)
    assert found.problems == ()
    return [str(minute) for minute in found.minutes]


@pytest.mark.parametrize(
    ("cells", "zone"),
    [
        (["2024-01-31T14:30:00Z", "2024-01-31T14:31:00Z"], None),
        (["2024-01-31 09:30:00-05:00", "2024-01-31 09:31:00-05:00"], None),
        (["2024-01-31 09:30", "2024-01-31 09:31"], "America/New_York"),
        (["01/31/2024 9:30 AM", "01/31/2024 9:31 AM"], "America/New_York"),
        (["1706711400", "1706711460"], None),
        (["1706711400000", "1706711460000"], "Asia/Tokyo"),  # an epoch is UTC whatever the clock
    ],
)
def test_formats(cells: list[str], zone: str | None) -> None:
    assert minutes(cells, zone) == ["2024-01-31T14:30", "2024-01-31T14:31"]


@given(
    st.datetimes(datetime(2023, 1, 1), datetime(2025, 1, 1)),
    st.sampled_from([NEW_YORK, LORD_HOWE, ZoneInfo("Europe/Helsinki")]),
)
def test_a_day_of_minutes_on_a_clock_comes_back_as_it_was(naive: datetime, zone: ZoneInfo) -> None:
    start = naive.replace(tzinfo=UTC, second=0, microsecond=0)
    truth = [start + timedelta(minutes=n) for n in range(1440)]
    first, last = (truth[n].astimezone(zone) for n in (0, -1))
    if any(at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset() for at in (first, last)):
        return  # the rows begin or end inside an hour that is shown twice
    written = np.array([at.astimezone(zone).replace(tzinfo=None) for at in truth], "M8[m]")
    found, wrong = utc_of(written, zone)
    assert wrong == []
    assert found.tolist() == [at.replace(tzinfo=None) for at in truth]


def test_a_time_that_the_clock_never_shows_is_named() -> None:
    found = read_instants(["2024-03-10 01:59", "2024-03-10 02:30", "2024-03-10 03:00"], "America/New_York")
    assert found.problems == ((1, "the clock of America/New_York never shows 2024-03-10T02:30"),)


def test_one_pass_of_an_hour_shown_twice_cannot_be_told() -> None:
    with pytest.raises(DataError, match=r"shows 2024-11-03T01:30 twice.*times in UTC"):
        read_instants(["2024-11-03 01:30", "2024-11-03 01:31"], "America/New_York")


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (["2024-01-31", "2024-02-01"], "no time of day"),
        (["2024-01-31 09:30", "2024-01-31 09:31"], "name no zone → .*--time-zone"),
        (["2024-01-31 09:30Z", "2024-01-31 09:31"], "some times name a zone"),
        (["01/02/2024 09:30", "01/02/2024 09:31"], "can be read as"),
        (["yesterday", "today"], "no format known"),
    ],
)
def test_what_is_not_clear_is_refused(cells: list[str], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        read_instants(cells, None)


def test_wrong_cells_are_named() -> None:
    found = read_instants(
        ["2024-01-31T14:30:00Z", "2024-01-31T14:31:30Z", "soon", "2024-01-31T14:33:00Z"], None
    )
    assert found.problems == (
        (1, "time '2024-01-31T14:31:30Z' is no whole minute"),
        (2, "time 'soon' is not YYYY-MM-DD with time"),
    )
    assert np.isnat(found.minutes[2])


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "America"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(UsageError, match="unknown time zone"):
        read_instants(["2024-01-31 09:30"], zone)
