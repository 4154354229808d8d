from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backtest.core.errors import DataError
from live.session.bars import read_bars

START = datetime(2024, 1, 4, 23, tzinfo=UTC)
HEAD = "ts_utc,open,high,low,close,volume\n"
ROWS = (
    "2024-01-04T22:59:00Z,1,1,1,1,5\n",
    "2024-01-04T23:00:00Z,2,3,1.5,2.5,5\n",
    "2024-01-05T00:01:00+01:00,2,3,1.5,2.5,5\n",  # 23:01 UTC
    "2024-01-04T23:02:00,2,3,1.5,2.5,5\n",  # names no zone: UTC
)


def read(path: Path, minutes: int = 60, **more: object) -> list[datetime]:
    found = read_bars(path, since=START, until=START + timedelta(minutes=minutes), **more)  # type: ignore[arg-type]
    return [bar.minute for bar in found]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "minutes.csv"
    path.write_text(HEAD + "".join(ROWS))
    return path


def minutes(*wanted: int) -> list[datetime]:
    return [START + timedelta(minutes=m) for m in wanted]


def test_the_bars_of_the_day_whose_minute_is_over(file: Path) -> None:
    assert read(file) == minutes(0, 1, 2)
    assert read(file, minutes=2) == minutes(0, 1)


def test_rows_stamped_with_their_end_begin_a_minute_earlier(file: Path) -> None:
    assert read(file, stamp="close") == minutes(0, 1)  # the row of 22:59 began at 22:58


def test_a_line_that_is_being_written_waits(file: Path) -> None:
    with file.open("a") as stream:
        stream.write("2024-01-04T23:03:00Z,2,3,1.5")
    assert read(file) == minutes(0, 1, 2)


def test_a_file_that_is_not_there_yet_or_empty_has_no_bars(tmp_path: Path) -> None:
    assert read(tmp_path / "none.csv") == []
    (tmp_path / "empty.csv").touch()
    assert read(tmp_path / "empty.csv") == []


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2024-01-04T23:02:00Z,2,3,1.5,2.5,5", "is double"),
        ("2024-01-04T23:01:00Z,2,3,1.5,2.5,5", "not before the next row"),
        ("2024-01-04T23:03:30Z,2,3,1.5,2.5,5", "no whole minute"),
        ("2024-01-04T23:03:00Z,2,3,1.5,2.5", "5 columns"),
        ("2024-01-04T23:03:00Z,2,nan,1.5,2.5,5", "not finite"),
        ("2024-01-04T23:03:00Z,2,3,-1,2.5,5", "not above 0"),
        ("2024-01-04T23:03:00Z,2,3,1.5,3.5,5", "outside low to high"),
        ("tomorrow,2,3,1.5,2.5,5", "Invalid isoformat"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_with_its_line(file: Path, row: str, problem: str) -> None:
    with file.open("a") as stream:
        stream.write(row + "\n")
    with pytest.raises(DataError, match=problem) as caught:
        read(file)
    assert caught.value.where.startswith(f"{file}:")


def test_a_wrong_row_of_an_earlier_day_is_not_looked_at(file: Path) -> None:
    file.write_text(HEAD + "rubbish\n" + "".join(ROWS))
    assert read(file) == minutes(0, 1, 2)


def test_other_columns_and_a_folder_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "minutes.csv"
    path.write_text("time,price\n")
    with pytest.raises(DataError, match="does not name the columns"):
        read(path)
    with pytest.raises(DataError, match="not a regular file but a folder"):
        read(tmp_path)


def test_a_price_finer_than_the_tick_is_refused(file: Path) -> None:
    assert read(file, scale=10) == minutes(0, 1, 2)
    with pytest.raises(DataError, match="more decimals than the tick"):
        read(file, scale=1)


def test_a_new_bar_before_rows_that_came_late_is_not_passed_over(file: Path) -> None:
    late = "2024-01-04T23:01:00Z,2,3,1.5,2.5,5\n"
    since = START + timedelta(minutes=3)
    with file.open("a") as stream:
        stream.write(late)
    until = START + timedelta(hours=1)
    assert read_bars(file, since=since, until=until) == []  # nothing new is hidden by it
    with file.open("a") as stream:
        stream.write("2024-01-04T23:03:00Z,2,3,1.5,2.5,5\n" + late)
    with pytest.raises(DataError, match="23:03 is not before the next row"):
        read_bars(file, since=since, until=until)
