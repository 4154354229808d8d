"""A folder of CSV files as a source."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from backtest.core.errors import SettingsError
from live.feeds.sources.csv import CsvSource, open_csv
from live.feeds.sources.errors import UnknownSymbol, VendorChanged, VendorDown
from live.feeds.sources.model import BarRequest, Opening
from live.settings.model import Settings
from live.system.clock import SimulatedClock

YAHOO = """Date,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits
2024-03-07,10,12,9,11,10.9,100,0,0
2024-03-08,11,13,10,12,11.9,100,0.25,0
2024-03-11,,,,,,,0,0
2024-03-12,12,14,11,13,13,100,0,2
"""
DAYS = date(2024, 3, 1), date(2024, 3, 12)


def request(symbol: str = "QQQ") -> BarRequest:
    return BarRequest(symbol, "1d", *DAYS, "split")


def test_known_gaps_and_actions_of_the_file_come_too(tmp_path: Path) -> None:
    (tmp_path / "QQQ.csv").write_text(YAHOO)
    source = CsvSource(tmp_path)
    page = source.page(request())
    assert page.gaps == (date(2024, 3, 11),)
    assert [str(day) for day in page.stamps] == ["2024-03-07", "2024-03-08", "2024-03-12"]
    kinds = {(action.kind, action.ex_date) for action in source.actions("QQQ", *DAYS)}
    assert ("dividend", date(2024, 3, 8)) in kinds


def test_what_is_wrong_with_a_file_or_folder_is_told(tmp_path: Path) -> None:
    source = CsvSource(tmp_path)
    with pytest.raises((UnknownSymbol, VendorDown)):
        source.page(request())
    (tmp_path / "QQQ.csv").write_text(YAHOO.replace("12,14", "twelve,14"))
    with pytest.raises(VendorChanged, match=r"QQQ\.csv:5"):
        source.page(request())
    with pytest.raises(UnknownSymbol, match="no file of TLT"):
        source.page(request("TLT"))


@pytest.mark.parametrize("folder", [None, Path("/nowhere/at/all")])
def test_a_folder_must_be_named(folder: Path | None) -> None:
    clock = SimulatedClock(datetime(2024, 3, 12, tzinfo=UTC))
    with pytest.raises(SettingsError, match="--folder DIR"):
        open_csv(Opening(Settings(), Path(), {}, clock, folder))
