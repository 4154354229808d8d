"""Formats by name, and cells of every format as days, seconds and zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import UsageError
from backtest.data.sources.csv_dialect.date_formats import KNOWN, Stamp, known_formats, named_format, shown

DAY = date(2024, 3, 5)


@pytest.mark.parametrize(
    ("words", "cell", "day"),
    [
        ("YYYY-MM-DD", "2024-03-05", DAY),
        ("DD.MM.YYYY", "5.3.2024", DAY),
        ("%m/%d/%y", "03/05/24", DAY),
        ("%d.%m.%y", "05.03.69", date(1969, 3, 5)),
        ("%d.%m.%y", "05.03.68", date(2068, 3, 5)),
        ("%Y%m%d", "20240305", DAY),
        ("%Y%m%d", "2024305", None),
        ("%d %b %Y", "5 MARCH 2024", DAY),
        ("%b %d, %Y", "Sept. 5, 2024", date(2024, 9, 5)),
        ("%a, %b %d, %Y", "Tues, Mar 5, 2024", DAY),
        ("%Y-%m-%d", "2024-02-30", None),
        ("%Y-%m-%d", "2024-03-05 16:00", None),
        ("%Y-%m-%d", "٢٠٢٤-03-05", None),
        ("epoch_s", "1709596800", DAY),
        ("epoch_s", "1709596800000", None),
        ("epoch_ms", "1709596800000", DAY),
        ("epoch_ns", "1709596800000000000", DAY),
    ],
)
def test_a_cell_in_a_format_that_was_named(words: str, cell: str, day: date | None) -> None:
    found = named_format(words).read(cell)
    assert (None if found is None else found.day) == day


@pytest.mark.parametrize(
    ("clock", "seconds", "offset"),
    [
        ("16:00", 57_600, None),
        ("4:00 pm", 57_600, None),
        ("12:00:01 AM", 1, None),
        ("09:30:15.123Z", 34_215, 0),
        ("00:00:00-05:00", 0, -5),
        ("00:00 EDT", 0, -4),
        ("00:00+05:30", 0, 5.5),
    ],
)
def test_a_clock_behind_the_day(clock: str, seconds: int, offset: float | None) -> None:
    format_ = named_format("%Y-%m-%d")
    (clocked,) = (f for f in known_formats() if f.flag == format_.flag and f.name.endswith("with time"))
    zone = None if offset is None else timedelta(hours=offset)
    assert clocked.read(f"2024-03-05 {clock}") == Stamp(DAY, seconds, zone)


@pytest.mark.parametrize(
    "clock",
    [
        "24:00",
        "13:00 pm",
        "0:30 am",
        "10:60",
        "10:00:60",
        "00:00+24:00",
        "00:00-99",
        "00:00+05:75",
        "00:00+05:30:60",
    ],
)
def test_a_clock_or_a_zone_that_cannot_be(clock: str) -> None:
    (clocked,) = (f for f in known_formats() if f.name == "YYYY-MM-DD with time")
    assert clocked.read(f"2024-03-05 {clock}") is None


def test_an_instant_needs_a_clock_and_a_zone() -> None:
    assert Stamp(DAY, 3_600, timedelta(hours=-5)).instant() == datetime(2024, 3, 5, 6, tzinfo=UTC)
    assert Stamp(DAY, 3_600).instant() is None
    assert Stamp(DAY).instant() is None
    assert Stamp(date(1, 1, 1), 0, timedelta(hours=14)).instant() is None  # before the first year


@pytest.mark.parametrize(
    "words", ["", "%Y-%m", "%Y-%d-%d", "YYYY", "%Y-%m-%d %j", "%Y-%m-%d %H %H", "%Y %y %m %d"]
)
def test_what_names_no_day_is_refused(words: str) -> None:
    with pytest.raises(UsageError, match="--date-format"):
        named_format(words)


def test_formats_are_shown_in_letters() -> None:
    assert shown("%a, %d %b %Y") == "Day, DD Mon YYYY"
    assert len({f.name for f in known_formats()}) == len(known_formats())


@given(st.dates(date(1969, 1, 1), date(2068, 12, 31)), st.sampled_from(KNOWN))
def test_every_known_format_reads_what_it_writes(day: date, words: str) -> None:
    assert named_format(words).read(day.strftime(words)) == Stamp(day)


@given(
    st.integers(0, 2_000_000_000),
    st.sampled_from([("epoch_s", 1), ("epoch_ms", 1_000), ("epoch_us", 1_000_000)]),
)
def test_an_epoch_is_an_instant_in_utc(seconds: int, unit: tuple[str, int]) -> None:
    found = named_format(unit[0]).read(str(seconds * unit[1]))
    if found is not None:  # too few digits for this unit
        assert found.instant() == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
