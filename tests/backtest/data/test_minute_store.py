"""The store of minute bars: bit for bit what was imported, merged by rule, damage named."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError
from backtest.core.intraday_bars import COLUMNS, IntradayBars
from backtest.data.minute_store import MinuteProvenance, MinuteStore, _load, _packed
from tests.support.minute_world import Ohlc, bars_at

NOW = datetime(2024, 1, 8, tzinfo=UTC)
FLAT: Ohlc = (10.5, 10.5, 10.5, 10.5)


def over_new_year(count: int = 6, close: float = 10.5) -> IntradayBars:
    """Bars from three minutes before the end of 2023."""
    return bars_at("2023-12-31T23:57", [(close, close, close, close)] * count, symbol="EUR/USD")


def test_what_is_read_is_what_was_imported(tmp_path: Path) -> None:
    store, bars = MinuteStore(tmp_path), over_new_year()
    done = store.add(bars, imported_at=NOW)
    assert (done.added, done.changed, done.same, done.years) == (6, 0, 0, (2023, 2024))
    assert store.read("EUR/USD").sha256() == bars.sha256()
    assert store.symbols() == ("EUR/USD",)
    assert (tmp_path / "1m" / "symbol=EUR%2FUSD" / "2023.parquet").is_file()
    first, second = store.stored()
    assert (first.year, first.rows, first.last, first.batch) == (2023, 3, "2023-12-31T23:59", 1)
    assert (second.year, second.rows, second.source) == (2024, 3, "")
    assert store.verify() == ()


@given(st.lists(st.floats(0.0001, 1e6), min_size=1, max_size=5), st.floats(0, 1e9))
def test_any_price_and_volume_comes_back_to_the_bit(prices: list[float], volume: float) -> None:
    bars = bars_at("2024-01-05T00:00", [(p, p, p, p) for p in prices], volume=volume)
    about = MinuteProvenance("MGC", 2024, "", "", 1, len(bars), "", "", bars.sha256())
    again, known = _load(_packed(bars, about), Path("x"))
    assert (again.sha256(), known) == (bars.sha256(), about)


def test_the_same_again_changes_nothing_and_new_rows_are_added(tmp_path: Path) -> None:
    store = MinuteStore(tmp_path)
    store.add(over_new_year(4), imported_at=NOW)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    again = store.add(over_new_year(4), imported_at=NOW)
    assert (again.added, again.same, again.years) == (0, 4, ())
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")} == before
    more = store.add(over_new_year(6), imported_at=NOW)
    assert (more.added, more.same, more.years) == (2, 4, (2024,))
    log = [json.loads(line) for line in (tmp_path / "imports.jsonl").read_text().splitlines()]
    assert [(entry["batch"], entry["added"]) for entry in log] == [(1, 4), (2, 0), (3, 2)]


def test_a_price_that_changed_stops_the_import_until_it_is_accepted(tmp_path: Path) -> None:
    store = MinuteStore(tmp_path)
    store.add(over_new_year(), imported_at=NOW)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(DataError, match=r"open was 10.5 and is 10.6 now, 3 rows.*--accept"):
        store.add(over_new_year(close=10.6), imported_at=NOW)
    assert {path: path.read_bytes() for path in files} == files
    done = store.add(over_new_year(close=10.6), imported_at=NOW, accept_revision=True)
    assert (done.changed, done.same) == (6, 0)
    assert set(store.read("EUR/USD").close) == {10.6}


def test_rounding_and_volume_may_change(tmp_path: Path) -> None:
    store, bars = MinuteStore(tmp_path), over_new_year()
    store.add(bars, imported_at=NOW)
    done = store.add(replace(bars, volume=bars.volume + 1), imported_at=NOW)
    assert (done.changed, done.same) == (6, 0)
    assert store.add(over_new_year(close=10.5004), imported_at=NOW).changed == 6


def test_prices_without_a_grid_are_kept_as_they_are(tmp_path: Path) -> None:
    bars = bars_at("2024-01-05T00:00", [FLAT, FLAT])
    thirds = IntradayBars("MGC", bars.minutes, **{name: getattr(bars, name) / 3 for name in COLUMNS})
    store = MinuteStore(tmp_path)
    store.add(thirds, imported_at=NOW)
    assert store.read("MGC").sha256() == thirds.sha256()


def test_what_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    store = MinuteStore(tmp_path)
    with pytest.raises(DataError, match="no minute bars of MGC"):
        store.read("MGC")
    with pytest.raises(DataError, match="no bars to store"):
        store.add(bars_at("2024-01-05T00:00", []), imported_at=NOW)
    store.add(over_new_year(), imported_at=NOW)
    path = store.path("EUR/USD", 2023)
    path.write_bytes(path.read_bytes()[:-7])
    (finding,) = store.verify()
    assert finding.path == str(path)
    assert "damaged" in finding.problem
    path.write_bytes(store.path("EUR/USD", 2024).read_bytes())
    assert "do not match" in store.verify()[0].problem
    with pytest.raises(DataError, match="do not match"):
        store.add(over_new_year(), imported_at=NOW)


def test_no_minute_is_stored_twice(tmp_path: Path) -> None:
    store = MinuteStore(tmp_path)
    store.add(over_new_year(), imported_at=NOW)
    store.add(bars_at("2023-12-31T23:50", [FLAT] * 20, symbol="EUR/USD"), imported_at=NOW)
    found = store.read("EUR/USD")
    assert len(found) == 20
    assert (np.diff(found.minutes).astype(int) == 1).all()


def test_a_basis_is_kept_and_never_mixed(tmp_path: Path) -> None:
    bars = over_new_year()
    store = MinuteStore(tmp_path)
    assert store.basis(bars.symbol) is None
    store.add(bars, imported_at=datetime(2026, 1, 5, tzinfo=UTC), basis="raw")
    assert store.basis(bars.symbol) == "raw"
    assert {year.basis for year in store.stored()} == {"raw"}
    for other in ("split", ""):
        with pytest.raises(DataError, match="of basis raw"):
            store.add(bars, imported_at=datetime(2026, 1, 6, tzinfo=UTC), basis=other)
    store.add(bars, imported_at=datetime(2026, 1, 6, tzinfo=UTC), basis="raw")


def test_minutes_of_no_known_basis_may_be_continued(tmp_path: Path) -> None:
    bars = over_new_year()
    store = MinuteStore(tmp_path)
    store.add(bars, imported_at=datetime(2026, 1, 5, tzinfo=UTC))
    assert store.basis(bars.symbol) == ""
    store.add(bars, imported_at=datetime(2026, 1, 6, tzinfo=UTC), basis="split")
    assert store.basis(bars.symbol) == ""
