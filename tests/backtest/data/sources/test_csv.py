"""CSV reading: exact numbers, and every defect named with its line."""

import math
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.core.errors import DataError
from backtest.data.sources.csv import CsvDirectory, read_csv, read_directory

HEADER = "date,open,high,low,close,volume"
# Four sessions around Thanksgiving 2026 (the 26th is closed).
GOOD = [
    "2026-11-24,100.5,101.25,99.75,100.123457,1000",
    "2026-11-25,100.2,102,100.1,101.9,1200",
    "2026-11-27,101.9,103.0,101.0,102.5,800",
    "2026-11-30,102.5,102.6,98.1,98.2,2500",
]


def write(
    tmp_path: Path,
    lines: list[str],
    name: str = "QQQ.csv",
    end: str = "\n",
    header: str = HEADER,
    tail: str | None = None,
) -> Path:
    path = tmp_path / name
    text = end.join([header, *lines]) + (end if tail is None else tail)
    path.write_bytes(text.encode("utf-8"))
    return path


def findings(path: Path) -> list[tuple[str, str]]:
    with pytest.raises(DataError) as caught:
        read_csv(path, "QQQ")
    assert caught.value.exit_code == 5
    return [(found.path, found.problem) for found in caught.value.findings]


def test_numbers_are_exact(tmp_path: Path) -> None:
    values = ["0.1", "715.229980", "25.679826", "1e-3", "33084596", "0.30000000000000004"]
    line = f"2026-11-24,0.3,0.4,{values[0]},{values[5]},{values[4]}"
    bars = read_csv(write(tmp_path, [line]), "qqq")
    assert bars.symbol == "QQQ"
    assert (bars.low[0], bars.close[0], bars.volume[0]) == (0.1, 0.30000000000000004, 33084596.0)
    assert bars.dates.dtype == np.dtype("datetime64[D]")
    assert bars.source == "csv"
    assert not bars.provisional


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("tail", ["", None, "\n\n"])
def test_line_ends_and_trailing_blank_lines(tmp_path: Path, end: str, tail: str | None) -> None:
    bars = read_csv(write(tmp_path, GOOD, end=end, tail=tail), "QQQ")
    assert bars.dates.astype(str).tolist() == ["2026-11-24", "2026-11-25", "2026-11-27", "2026-11-30"]
    assert bars.close.tolist() == [100.123457, 101.9, 102.5, 98.2]


def test_byte_order_mark_capitals_and_spaces(tmp_path: Path) -> None:
    path = write(
        tmp_path, [line.replace(",", " , ") for line in GOOD], header="\ufeffDate,Open,High,Low,Close,Volume"
    )
    assert read_csv(path, "QQQ").volume.tolist() == [1000, 1200, 800, 2500]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({1: "2026-11-24,1,2,1,2,5"}, ("QQQ.csv:3", "2026-11-24 appears twice")),
        ({0: GOOD[1], 1: GOOD[0]}, ("QQQ.csv:3", "2026-11-24 comes after 2026-11-25: not sorted")),
        ({1: "2026-11-26,100,102,100,101,1200"}, ("QQQ.csv:3", "2026-11-26 is an exchange holiday")),
        ({1: "2026-11-22,100,102,100,101,1200"}, ("QQQ.csv:3", "2026-11-22 is a week-end day")),
        ({1: "2026-11-25,100,100.5,99,101,1200"}, ("QQQ.csv:3", "high 100.5 is below open or close 101.0")),
        ({1: "2026-11-25,100,102,100.5,101,1200"}, ("QQQ.csv:3", "low 100.5 is above open or close 100.0")),
        ({1: "2026-11-25,0,102,0,101,1200"}, ("QQQ.csv:3", "open 0.0 is not positive")),
        ({1: "2026-11-25,100,102,-1,101,1200"}, ("QQQ.csv:3", "low -1.0 is not positive")),
        ({1: "2026-11-25,100,102,99,nan,1200"}, ("QQQ.csv:3", "close nan is not a number")),
        ({1: "2026-11-25,100,inf,99,101,1200"}, ("QQQ.csv:3", "high inf is not a number")),
        ({1: "2026-11-25,100,102,99,101,-1"}, ("QQQ.csv:3", "volume -1.0 is negative")),
        ({1: "2026-11-25,100,102,99,101,nan"}, ("QQQ.csv:3", "volume nan is not a number")),
        ({1: "2026-11-25,100,102,99,,1200"}, ("QQQ.csv:3", "close is blank")),
        ({1: "2026-11-25,100,102,99,1O1,1200"}, ("QQQ.csv:3", "close '1O1' is not a number")),
        ({1: "2026-11-25,100,102,99,101"}, ("QQQ.csv:3", "5 cells instead of 6")),
        ({1: "2026-11-25,100,102,99,101,1200,7"}, ("QQQ.csv:3", "7 cells instead of 6")),
        ({1: ""}, ("QQQ.csv:3", "blank line")),
        ({1: "11/25/2026,100,102,99,101,1200"}, ("QQQ.csv:3", "date '11/25/2026' is not YYYY-MM-DD")),
        (
            {1: "2026-11-25 00:00:00,100,102,99,101,1"},
            ("QQQ.csv:3", "date '2026-11-25 00:00:00' is not YYYY-MM-DD"),
        ),
        ({1: "2026-11,100,102,99,101,1200"}, ("QQQ.csv:3", "date '2026-11' is not YYYY-MM-DD")),
        ({1: "2026-02-30,100,102,99,101,1200"}, ("QQQ.csv:3", "date '2026-02-30' is not YYYY-MM-DD")),
        (
            {3: "2026-11-30,102.5,102.6,98"},
            ("QQQ.csv:5", "4 cells instead of 6; the last line looks cut off"),
        ),
        ({0: "1985-01-02,100,102,99,101,1200"}, ("QQQ.csv:2", "1985-01-02 is outside the exchange calendar")),
    ],
)
def test_each_defect_is_named(tmp_path: Path, change: dict[int, str], expected: tuple[str, str]) -> None:
    lines = [change.get(row, line) for row, line in enumerate(GOOD)]
    assert expected in findings(write(tmp_path, lines))


def test_all_defects_of_one_file_come_together_in_line_order(tmp_path: Path) -> None:
    lines = [
        "2026-11-23,100,99,98,99,100",
        "2026-11-24,100,101,99,,100",
        "2026-11-25,100,101,99,100,-5",
        "2026-11-27,x,101,99,100,100",
    ]
    assert [place for place, _ in findings(write(tmp_path, lines))] == [f"QQQ.csv:{n}" for n in (2, 3, 4, 5)]


def test_gaps_are_named_but_not_where_a_bad_row_stands(tmp_path: Path) -> None:
    lines = [
        "2026-11-16,100,101,99,100,1",
        "2026-11-17,100,101,99,,1",
        "2026-11-18,100,101,99,100,1",
        "2026-11-20,100,101,99,100,1",
        "2026-12-01,100,101,99,100,1",
    ]
    assert findings(write(tmp_path, lines)) == [
        ("QQQ.csv:3", "close is blank"),
        ("QQQ", "1 session is missing: 2026-11-19"),
        ("QQQ", "5 sessions are missing: 2026-11-23 to 2026-11-30"),
    ]


def test_gaps_may_be_allowed_by_symbol(tmp_path: Path) -> None:
    gapped = [GOOD[0], *GOOD[2:]]
    spaced = [line.replace(",", " , ") for line in gapped]  # takes the slow reader
    write(tmp_path, gapped, "TLT.csv")
    write(tmp_path, spaced, "TMF.csv")
    with pytest.raises(DataError) as caught:
        read_directory(tmp_path, allow_gaps=["TLT"])
    assert [(f.path, f.problem) for f in caught.value.findings] == [
        ("TMF", "1 session is missing: 2026-11-25")
    ]
    assert len(read_directory(tmp_path, allow_gaps=["TLT", "TMF"])["TMF"]) == 3


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"date,open,high,low,close,volume\n", "no rows below the header"),
        (
            b"date,close,volume\n2026-11-24,1,2\n",
            "wrong header: no column for open, high, low among: date, close, volume",
        ),
        (b"2026-11-24,1,2,1,2,5\n", "wrong header '2026-11-24,1,2,1,2,5'"),
    ],
)
def test_wrong_heads(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "QQQ.csv"
    path.write_bytes(content)
    assert findings(path) == [("QQQ.csv:1", problem)]


def test_not_text(tmp_path: Path) -> None:
    path = tmp_path / "QQQ.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    assert "cannot be read" in findings(path)[0][1]


def test_a_file_cut_inside_its_last_volume_is_suspected(tmp_path: Path) -> None:
    whole = [*GOOD[:3], "2026-11-30,102.5,102.6,98.1,98.2,2500"]
    assert len(read_csv(write(tmp_path, whole, tail=""), "QQQ")) == 4
    cut = [*GOOD[:3], "2026-11-30,102.5,102.6,98.1,98.2,25"]
    assert findings(write(tmp_path, cut, tail=""))[0][0] == "QQQ.csv:5"
    assert len(read_csv(write(tmp_path, cut), "QQQ")) == 4  # with a line end the small volume is believed


def test_directory_reads_all_or_the_wanted(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "QQQ.csv")
    write(tmp_path, GOOD, "tlt.csv")
    (tmp_path / "README.md").write_text("not data")
    assert sorted(read_directory(tmp_path)) == ["QQQ", "TLT"]
    assert list(CsvDirectory(tmp_path).read(["TLT", "PSQ", "TLT"])) == ["TLT"]
    seen: list[Any] = []
    read_directory(tmp_path, progress=seen.append)
    assert seen == ["QQQ", "TLT"]


def test_directory_collects_the_findings_of_all_files(tmp_path: Path) -> None:
    write(tmp_path, ["2026-11-24,1,2,1,2,-5"], "QQQ.csv")
    write(tmp_path, ["2026-11-26,1,2,1,2,5"], "TLT.csv")
    with pytest.raises(DataError) as caught:
        read_directory(tmp_path)
    assert [found.path for found in caught.value.findings] == ["QQQ.csv:2", "TLT.csv:2"]
    assert "2 defects" in caught.value.line()


def test_rows_after_the_last_wanted_session_do_not_matter(tmp_path: Path) -> None:
    write(tmp_path, [*GOOD[:2], GOOD[2].replace("102.5", "nan"), *GOOD[3:]])
    bars = read_directory(tmp_path, until=date(2026, 11, 25))["QQQ"]
    assert bars.close.tolist() == [100.123457, 101.9]
    with pytest.raises(DataError, match=r"QQQ\.csv:4"):
        read_directory(tmp_path, until=date(2026, 11, 27))


def test_missing_or_empty_directory(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        read_directory(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no CSV file"):
        read_directory(tmp_path)


@pytest.mark.shared
def test_real_files_equal_a_reading_by_the_standard_library(shared_data: Path) -> None:
    import csv

    bars = read_directory(shared_data / "daily")
    assert {symbol: len(b) for symbol, b in bars.items()} == {
        "QQQ": 4436, "TLT": 4436, "TMF": 3895, "TMV": 3895, "TQQQ": 4157,
    }  # fmt: skip
    for symbol, found in bars.items():
        with (shared_data / "daily" / f"{symbol}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert found.dates.astype(str).tolist() == [row["date"] for row in rows]
        for name in ("open", "high", "low", "close", "volume"):
            column = getattr(found, name)
            assert column.tolist() == [float(row[name]) for row in rows]
            assert math.isfinite(column.sum())


@pytest.mark.shared
def test_real_stock_files_are_accepted(shared_data: Path) -> None:
    assert len(read_directory(shared_data / "earnings" / "prices")) == 40
