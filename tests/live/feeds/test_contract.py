"""The feed contract, run by feeds over stored bars and by the vendors' real clients against imitations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backtest.data.sources.csv import CsvDirectory
from backtest.data.store import BarStore
from live.feeds.alpaca import AlpacaFeed
from live.feeds.schwab import SchwabFeed
from live.feeds.stored_bars import BarFeed, csv_feed, demo_feed, history_feed, store_feed
from live.settings.model import AlpacaSettings
from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.harness import ENVIRON
from tests.fakes.schwab.harness import Remote
from tests.fakes.schwab.rig import Rig, rig
from tests.support.feed_contract import NIGHT, ROWS, FeedContract, VendorClock


def moving(fake: Remote) -> VendorClock:
    """Return what moves an imitation's clock."""

    def move(at: datetime) -> None:
        fake.call("clock", {"at": at.astimezone(UTC).isoformat()})

    return move


@pytest.fixture
def csv_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "csv"
    folder.mkdir()
    lines = ["date,open,high,low,close,volume"]
    for row in ROWS:
        lines.append("{date},{open},{high},{low},{close},{volume}".format(**row))
    (folder / "QQQ.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def store_folder(tmp_path: Path, csv_folder: Path) -> Path:
    bars = CsvDirectory(csv_folder).read(["QQQ"])["QQQ"]
    BarStore(tmp_path / "store").write(bars, imported_at=datetime(2024, 3, 13, tzinfo=UTC))
    return tmp_path / "store"


class TestCsvFeed(FeedContract):
    FEED = "CSV files"

    @pytest.fixture
    def feed(self, csv_folder: Path) -> BarFeed:
        return csv_feed(csv_folder)


class TestStoreFeed(FeedContract):
    FEED = "bar store"

    @pytest.fixture
    def feed(self, store_folder: Path) -> BarFeed:
        return store_feed(store_folder)


class TestHistoryFeed(FeedContract):
    FEED = "bar store, history alone"
    ABILITIES = frozenset()

    @pytest.fixture
    def feed(self, store_folder: Path) -> BarFeed:
        return history_feed(store_folder)


class TestDemoFeed(FeedContract):
    FEED = "demo"

    @pytest.fixture
    def feed(self) -> BarFeed:
        return demo_feed(7)


class TestSchwabFeed(FeedContract):
    FEED = "Schwab imitation"

    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[Rig]:
        with rig(tmp_path, NIGHT.astimezone(UTC)) as found:
            found.fake.call("market", {"bars": {"QQQ": ROWS}})
            yield found

    @pytest.fixture
    def feed(self, world: Rig) -> SchwabFeed:
        return world.feed

    @pytest.fixture
    def clock(self, world: Rig) -> VendorClock:
        return moving(world.fake)


class TestAlpacaFeed(FeedContract):
    FEED = "Alpaca imitation"

    @pytest.fixture
    def fake(self) -> Iterator[FakeAlpaca]:
        with FakeAlpaca(NIGHT.astimezone(UTC)) as found:
            found.call("market", {"bars": {"QQQ": ROWS}})
            yield found

    @pytest.fixture
    def feed(self, fake: FakeAlpaca) -> AlpacaFeed:
        return AlpacaFeed.open(AlpacaSettings(base_url=fake.url), environ=ENVIRON)

    @pytest.fixture
    def clock(self, fake: FakeAlpaca) -> VendorClock:
        return moving(fake)
