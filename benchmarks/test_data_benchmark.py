"""Bars in: CSV, store, demo market, and the feed of a ten-year replay.

Read each figure as a ratio to the floor of its group, measured in the same run: for files the floor is
reading and hashing their bytes, for the demo market it is drawing its random bits.
"""

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.data.importing import import_bars
from backtest.data.sources import demo as demo_market
from backtest.data.sources.csv import read_directory
from backtest.data.store import BarStore
from live.feeds.stored_bars import demo_feed, with_synthetic

UNTIL = date(2026, 11, 20)
SYMBOLS = ("QQQ", "TQQQ", "TLT", "TMF", "TMV")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five symbols, 16 years, as CSV and in a bar store."""
    base = tmp_path_factory.mktemp("bars")
    market = {s: b for s, b in demo_market.demo_market(7, UNTIL).items() if s in SYMBOLS}
    for symbol, bars in market.items():
        columns = [getattr(bars, name).tolist() for name in ("open", "high", "low", "close", "volume")]
        lines = [",".join(map(str, row)) for row in zip(bars.dates.astype(str), *columns, strict=True)]
        (base / f"{symbol}.csv").write_text("\n".join(["date,open,high,low,close,volume", *lines]) + "\n")
    at = datetime(2026, 11, 20, 22, tzinfo=UTC)
    import_bars(BarStore(base / "store"), market, imported_at=at)
    return base


@pytest.mark.benchmark(group="read 5 symbols x 16 years")
def test_floor_bytes(benchmark: BenchmarkFixture, folder: Path) -> None:
    def read() -> list[bytes]:
        return [hashlib.sha256(path.read_bytes()).digest() for path in folder.glob("*.csv")]

    assert len(benchmark(read)) == 5


@pytest.mark.benchmark(group="read 5 symbols x 16 years")
def test_csv(benchmark: BenchmarkFixture, folder: Path) -> None:
    assert len(benchmark(read_directory, folder)) == 5


@pytest.mark.benchmark(group="read 5 symbols x 16 years")
def test_store_warm(benchmark: BenchmarkFixture, folder: Path) -> None:
    assert len(benchmark(BarStore(folder / "store").read, SYMBOLS)) == 5


@pytest.mark.benchmark(group="read 5 symbols x 16 years")
def test_store_without_its_cache(benchmark: BenchmarkFixture, folder: Path) -> None:
    store = BarStore(folder / "store")

    def forget() -> None:
        for path in (store.directory / ".cache").iterdir():
            path.unlink()

    assert len(benchmark.pedantic(store.read, args=(SYMBOLS,), setup=forget, rounds=10)) == 5


@pytest.mark.benchmark(group="demo market, 16 years")
def test_floor_random_bits(benchmark: BenchmarkFixture) -> None:
    benchmark(lambda: np.random.Philox(key=np.array([7, 0], dtype=np.uint64)).random_raw(4248 * 16))


@pytest.mark.benchmark(group="demo market, 16 years")
def test_demo_market(benchmark: BenchmarkFixture) -> None:
    def make() -> dict[str, Bars]:
        demo_market._indexes.cache_clear()  # noqa: SLF001 - the first call is what a run pays
        return demo_market.demo_market(7, UNTIL)

    assert len(benchmark(make)) == 6


@pytest.mark.benchmark(group="feed of a replay, 2,517 sessions")
def test_feed(benchmark: BenchmarkFixture) -> None:
    feed = demo_feed(7)
    days = calendar.sessions(date(2012, 1, 3), date(2021, 12, 31))
    instants = [calendar.window(day, "close").opens_at for day in days]
    feed.history(SYMBOLS, instants[0])

    def replay() -> None:
        for at in instants:
            with_synthetic(feed.history(SYMBOLS, at), feed.quotes(SYMBOLS, at), at.date())

    benchmark.pedantic(replay, rounds=3)
