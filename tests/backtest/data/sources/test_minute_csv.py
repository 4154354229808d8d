"""Files of minute bars: our own format, others, and defects with their lines."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from backtest.core.errors import DataError, UsageError
from backtest.data.sources import minute_csv
from backtest.data.sources.minute_csv import MinuteOptions, read_minutes

HEAD = "ts_utc,open,high,low,close,volume"
ROWS = (
    "2024-01-05T00:00:00Z,10,12,9,11,5",
    "2024-01-05T00:01:00Z,11,12,10,12,0",
    "2024-01-05T00:03:00Z,12,12,8,9,7",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bars.csv"


def write(path: Path, *lines: str, head: str = HEAD) -> Path:
    path.write_text("\n".join((head, *lines, "")))
    return path


def test_our_own_format_and_both_of_its_readers(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bars = read_minutes(write(file, *ROWS), "MGC")
    assert [str(minute)[-5:] for minute in bars.minutes] == ["00:00", "00:01", "00:03"]
    assert (bars.close.tolist(), bars.volume.tolist(), bars.symbol, bars.source) == (
        [11, 12, 9],
        [5, 0, 7],
        "MGC",
        "csv",
    )
    monkeypatch.setattr(minute_csv, "_by_pyarrow", lambda content, zone: None)
    assert read_minutes(file, "MGC").sha256() == bars.sha256()


def test_packed_by_gzip(file: Path) -> None:
    plain = read_minutes(write(file, *ROWS), "MGC")
    packed = file.with_name("bars.csv.gz")
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert read_minutes(packed, "MGC").sha256() == plain.sha256()


def test_other_dialects_mean_the_same(file: Path) -> None:
    plain = read_minutes(write(file, *ROWS), "MGC").sha256()
    semicolons = [
        "2024-01-04 19:00;10,0;12,0;9,0;11,0;5",
        "2024-01-04 19:01;11,0;12,0;10,0;12,0;0",
        "2024-01-04 19:03;12,0;12,0;8,0;9,0;7",
    ]
    write(file, *semicolons, head="Date;Open;High;Low;Last;Volume")
    assert read_minutes(file, "MGC", MinuteOptions(zone="America/New_York")).sha256() == plain
    write(file, *ROWS[::-1])
    assert read_minutes(file, "MGC").sha256() == plain
    apart = [
        "2024-01-05,00:00:00 Z,10,12,9,11,5",
        "2024-01-05,00:01:00 Z,11,12,10,12,0",
        "2024-01-05,00:03:00 Z,12,12,8,9,7",
    ]
    write(file, *apart, head="<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>")
    assert read_minutes(file, "MGC").sha256() == plain


def test_rows_stamped_with_the_close_begin_a_minute_before(file: Path) -> None:
    opened = read_minutes(write(file, *ROWS), "MGC")
    closed = read_minutes(file, "MGC", MinuteOptions(stamp="close"))
    assert (opened.minutes - closed.minutes == np.timedelta64(1, "m")).all()


@pytest.mark.parametrize(
    ("lines", "place", "problem"),
    [
        ((ROWS[0], ROWS[0]), "bars.csv:3", "is the same minute"),
        ((ROWS[0], ROWS[2], ROWS[1]), "bars.csv:4", "is earlier"),
        ((ROWS[0], "2024-01-05T00:01:00Z,11,10,10,12,0"), "bars.csv:3", "outside low to high"),
        ((ROWS[0], "2024-01-05T00:01:00Z,11,12,10,,0"), "bars.csv:3", "close '' is not a number"),
        ((ROWS[0], "2024-01-05T00:01:00Z,11,12,10,x,0"), "bars.csv:3", "close 'x' is not a number"),
        ((ROWS[0], "2024-01-05T00:01:30Z,11,12,10,12,0"), "bars.csv:3", "no whole minute"),
        ((ROWS[0], "2024-01-05T00:01:00Z,11,12"), "bars.csv:3", "3 cells instead of 6"),
        ((ROWS[0], "2024-01-05T00:01:00Z,nan,12,10,12,0"), "bars.csv:3", "open 'nan' is not a number"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(
    file: Path, lines: tuple[str, ...], place: str, problem: str
) -> None:
    with pytest.raises(DataError) as caught:
        read_minutes(write(file, *lines), "MGC")
    (finding,) = caught.value.findings
    assert finding.path == place
    assert problem in finding.problem


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "the file is empty"),
        (HEAD + "\n", "no rows below the header"),
        ("a,b\n1,2\n", "wrong header"),
        ("<html></html>", "a web page"),
        ("\x1f\x8bnonsense", "damaged"),
    ],
)
def test_a_file_that_is_no_table_of_bars(file: Path, content: str, problem: str) -> None:
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(DataError, match=problem):
        read_minutes(file, "MGC")


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_minutes(tmp_path / "none.csv", "MGC")
    with pytest.raises(UsageError, match="not a regular file but a folder"):
        read_minutes(tmp_path, "MGC")


def test_a_zone_is_asked_for_before_the_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown time zone"):
        read_minutes(tmp_path / "none.csv", "MGC", MinuteOptions(zone="Mars/Olympus"))


@pytest.mark.parametrize("day", ["2024-01-05", "2024-03-10", "2024-11-03"])
def test_both_readers_agree_on_a_clock_that_changes(
    file: Path, monkeypatch: pytest.MonkeyPatch, day: str
) -> None:
    """A whole day of minutes on a New York clock, hours shown twice and hours skipped."""
    start = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=ZoneInfo("America/New_York"))
    instants = [start.astimezone(UTC) + timedelta(minutes=n) for n in (*range(0, 1500, 7), 1499)]
    local = [at.astimezone(ZoneInfo("America/New_York")) for at in instants]
    write(
        file,
        *(f"{at:%Y-%m-%d %H:%M},10,12,9,11,5" for at in local),
        head="datetime,open,high,low,close,volume",
    )
    options = MinuteOptions(zone="America/New_York")
    fast = read_minutes(file, "MGC", options)
    monkeypatch.setattr(minute_csv, "_by_pyarrow", lambda content, zone: None)
    assert read_minutes(file, "MGC", options).sha256() == fast.sha256()
    assert fast.minutes.tolist() == [at.replace(tzinfo=None) for at in instants]


@pytest.mark.parametrize("fast", [True, False])
def test_bars_of_a_longer_time_are_no_minute_bars(
    file: Path, monkeypatch: pytest.MonkeyPatch, *, fast: bool
) -> None:
    if not fast:
        monkeypatch.setattr(minute_csv, "_by_pyarrow", lambda content, zone: None)
    write(file, *(f"2024-01-{day:02}T00:00:00Z,10,12,9,11,5" for day in range(1, 12)))
    with pytest.raises(DataError, match="less than 1440 minutes apart: these are no minute bars") as caught:
        read_minutes(file, "MGC")
    assert caught.value.where == str(file)
