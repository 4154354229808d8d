"""The CSV files of a folder, and which of them is whose."""

from __future__ import annotations

from pathlib import Path

import pytest

from backtest.core.errors import DataError
from backtest.data.sources.csv_dialect.folder import CsvFile, csv_files, files_of, refuse_shared


def files(*names: str) -> tuple[CsvFile, ...]:
    return tuple(CsvFile.at(Path("data", name)) for name in names)


@pytest.mark.parametrize(
    ("name", "stem", "symbol"),
    [
        ("QQQ.csv", "QQQ", "QQQ"),
        ("qqq_us_d.CSV", "qqq_us_d", "QQQ"),
        ("TQQQ.csv.gz", "TQQQ", "TQQQ"),
        ("BRK.B.csv", "BRK.B", "BRK.B"),
        ("QQQ.txt", "QQQ", "QQQ"),
    ],
)
def test_a_name_without_its_ending_spells_the_symbol(name: str, stem: str, symbol: str) -> None:
    (found,) = files(name)
    assert (found.stem, found.symbol) == (stem, symbol)


def test_a_folder_gives_its_csv_files_by_name(tmp_path: Path) -> None:
    for name in ("b.csv", "A.CSV", "c.csv.gz", "readme.txt"):
        (tmp_path / name).touch()
    assert [file.path.name for file in csv_files(tmp_path)] == ["A.CSV", "b.csv", "c.csv.gz"]


@pytest.mark.parametrize(("folder", "problem"), [("none", "no such folder"), (".", "no CSV file")])
def test_a_folder_without_files_is_named(tmp_path: Path, folder: str, problem: str) -> None:
    with pytest.raises(DataError, match=problem) as failed:
        csv_files(tmp_path / folder)
    assert failed.value.where == str(tmp_path / folder)


def test_each_symbol_has_the_file_that_spells_it() -> None:
    given = files("QQQ.csv", "daily_TQQQ.csv", "BRK-B.csv")
    found = files_of(given, ["tqqq", "QQQ", "BRK.B", "NONE", "QQQ"])
    assert {symbol: path.name for symbol, path in found.items()} == {
        "tqqq": "daily_TQQQ.csv",
        "QQQ": "QQQ.csv",
        "BRK.B": "BRK-B.csv",
    }


def test_another_spelling_counts_only_without_the_own_one() -> None:
    found = files_of(files("BRK.B.csv", "BRK-B.csv"), ["BRK.B"])
    assert found["BRK.B"].name == "BRK.B.csv"


def test_two_files_of_one_symbol_are_refused() -> None:
    with pytest.raises(DataError, match=r"QQQ\.csv and daily_QQQ\.csv are both QQQ"):
        files_of(files("QQQ.csv", "daily_QQQ.csv"), ["QQQ"])
    with pytest.raises(DataError, match="are both QQQ"):
        refuse_shared([("QQQ", Path("a.csv")), ("qqq", Path("b.csv"))], Path())
    refuse_shared([("QQQ", Path("a.csv")), ("TQQQ", Path("b.csv"))], Path())
