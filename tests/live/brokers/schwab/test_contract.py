"""The broker contract, run by the real Schwab client against the imitation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from live.brokers.schwab.broker import SchwabBroker
from tests.fakes.schwab.rig import Rig, rig
from tests.support.broker_contract import BrokerContract


class Market:
    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    def price(self, symbol: str, value: float) -> None:
        self.rig.fake.prices(**{symbol: value})

    def wait(self, seconds: int) -> None:
        self.rig.clock.sleep(seconds)


class TestSchwabContract(BrokerContract):
    BROKER = "Schwab imitation"
    ABILITIES = frozenset({"attached stops"})

    @pytest.fixture(params=["MARGIN", "CASH"])
    def world(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
        with rig(tmp_path, datetime(2025, 3, 5, 20, 46, tzinfo=UTC), {"AAA": 100.0}) as found:
            found.fake.call("account", {"type": request.param, "reject_at_once": True})
            yield found

    @pytest.fixture
    def broker(self, world: Rig) -> SchwabBroker:
        return world.broker

    @pytest.fixture
    def market(self, world: Rig) -> Market:
        return Market(world)
