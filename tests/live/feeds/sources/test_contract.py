"""The contract of sources, run by each over its real client and the imitation of its vendor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from backtest.core.bar_words import Basis
from live.feeds.sources.alpaca import open_alpaca
from live.feeds.sources.alphavantage import open_alphavantage
from live.feeds.sources.csv import CsvSource
from live.feeds.sources.massive import open_massive
from live.feeds.sources.model import Opening
from live.feeds.sources.schwab import SchwabSource
from live.settings.model import Settings
from live.system.clock import SimulatedClock
from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.harness import ENVIRON
from tests.fakes.alphavantage import ENVIRON as ALPHAVANTAGE_KEYS
from tests.fakes.alphavantage import FakeAlphaVantage
from tests.fakes.massive import ENVIRON as MASSIVE_KEYS
from tests.fakes.massive import FakeMassive
from tests.fakes.schwab.harness import LinkedClock, Remote
from tests.fakes.schwab.rig import rig
from tests.support.source_contract import SourceContract, SourceWorld

NIGHT = datetime(2024, 3, 12, 22, 0, tzinfo=UTC)


def faults(fake: Remote) -> Any:
    """Return what scripts a fault of an imitation, or clears them all."""

    def script(*, clear: bool = False, **rule: Any) -> None:
        if clear:
            fake.call("faults", method="DELETE")
        else:
            fake.fault(**rule)

    return script


class TestCsv(SourceContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> SourceWorld:
        folder = tmp_path / "csv"
        folder.mkdir()

        def serve(symbol: str, rows: list[dict[str, Any]]) -> None:
            lines = ["date,open,high,low,close,volume", *(",".join(map(str, row.values())) for row in rows)]
            (folder / f"{symbol}.csv").write_text("\n".join(lines) + "\n")

        return SourceWorld(CsvSource(folder), SimulatedClock(NIGHT), serve)


class TestSchwab(SourceContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[SourceWorld]:
        with rig(tmp_path, NIGHT) as found:
            market = found.fake.app.market
            yield SourceWorld(
                SchwabSource(found.connection),
                found.clock,
                market.load,
                faults(found.fake),
                lambda: found.fake.fault(method="GET", action="patch", patch={"symbol": "SPY"}),
                minutes=market.minutes,
            )


class TestAlpaca(SourceContract):
    BASIS: ClassVar[Basis] = "raw"

    @pytest.fixture
    def world(self) -> Iterator[SourceWorld]:
        with FakeAlpaca(NIGHT) as fake:
            settings = Settings.model_validate({"broker": {"alpaca": {"base_url": fake.url}}})
            clock = LinkedClock(fake)
            source = open_alpaca(Opening(settings, Path(), ENVIRON, clock))
            row = {"t": "2024-03-11T04:00:00Z", "o": 1, "h": 1, "l": 1, "c": 1, "v": 1}
            other = {"bars": {"QQQ": "__remove__", "SPY": [row]}}

            def short(rows: int) -> None:
                fake.app.page_rows = rows

            yield SourceWorld(
                source,
                clock,
                fake.app.market.load,
                faults(fake),
                lambda: fake.fault(method="GET", action="patch", patch=other),
                short,
                lambda: len(fake.sent("GET", "/stocks/bars")),
                fake.app.market.minutes,
            )
            source.close()


class TestMassive(SourceContract):
    BASIS: ClassVar[Basis] = "raw"

    @pytest.fixture
    def world(self) -> Iterator[SourceWorld]:
        with FakeMassive(NIGHT) as fake:
            clock = LinkedClock(fake)
            environ = MASSIVE_KEYS
            source = open_massive(Opening(Settings(), Path(), environ, clock, base_url=fake.url))

            def short(rows: int) -> None:
                fake.app.page_rows = rows

            yield SourceWorld(
                source,
                clock,
                fake.app.market.load,
                faults(fake),
                lambda: fake.fault(method="GET", action="patch", patch={"ticker": "SPY"}),
                short,
                lambda: len(fake.sent("/v2/aggs")),
                fake.app.market.minutes,
            )


class TestAlphaVantage(SourceContract):
    BASIS: ClassVar[Basis] = "raw"

    @pytest.fixture
    def world(self) -> Iterator[SourceWorld]:
        with FakeAlphaVantage(NIGHT) as fake:
            clock, environ = LinkedClock(fake), ALPHAVANTAGE_KEYS
            yield SourceWorld(
                open_alphavantage(Opening(Settings(), Path(), environ, clock, base_url=fake.url)),
                clock,
                fake.app.market.load,
                faults(fake),
                lambda: fake.fault(method="GET", action="patch", patch={"Meta Data": {"2. Symbol": "SPY"}}),
                keyed=True,
            )
