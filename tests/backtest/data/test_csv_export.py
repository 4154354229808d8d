"""What is exported comes back, bit for bit, and overwrites nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from backtest.core.errors import UsageError
from backtest.data.csv_export import csv_text, write_folder
from backtest.data.sources.csv import read_directory
from backtest.data.sources.demo import demo_market
from tests.support.scripted_strategy import make_bars

COLUMNS = ("dates", "open", "high", "low", "close", "volume")


def test_the_demo_market_comes_back_bit_for_bit(tmp_path: Path) -> None:
    market = demo_market(7, date(2010, 3, 31))
    paths = write_folder(tmp_path / "new", market.values())
    assert sorted(path.name for path in paths) == sorted(f"{symbol}.csv" for symbol in market)
    read = read_directory(tmp_path / "new")
    for symbol, bars in market.items():
        for column in COLUMNS:
            assert getattr(read[symbol], column).tolist() == getattr(bars, column).tolist(), (symbol, column)


def test_a_line_has_no_more_digits_than_it_needs() -> None:
    bars = make_bars("AAA", {date(2024, 3, 15): 10.5})
    head, row = csv_text(bars).splitlines()
    assert head == "date,open,high,low,close,volume"
    assert row.startswith("2024-03-15,10.5,10.5,10.5,10.5,")


def test_a_file_that_is_there_stops_it_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "BBB.csv").write_text("mine\n")
    series = [make_bars(symbol, {date(2024, 3, 15): 10.5}) for symbol in ("AAA", "BBB")]
    with pytest.raises(UsageError, match="is there already"):
        write_folder(tmp_path, series)
    assert [path.name for path in tmp_path.iterdir()] == ["BBB.csv"]
    assert (tmp_path / "BBB.csv").read_text() == "mine\n"


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written: Not a directory"):
        write_folder(tmp_path / "file" / "sub", [make_bars("AAA", {date(2024, 3, 15): 10.5})])
