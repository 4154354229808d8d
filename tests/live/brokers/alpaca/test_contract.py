"""The broker contract, run by the real Alpaca client against the imitation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from live.brokers.alpaca.broker import AlpacaBroker
from live.settings.model import AlpacaSettings
from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.harness import ENVIRON
from tests.fakes.schwab.harness import LinkedClock
from tests.support.broker_contract import BrokerContract


class Market:
    def __init__(self, fake: FakeAlpaca) -> None:
        self.fake = fake

    def price(self, symbol: str, value: float) -> None:
        self.fake.prices(**{symbol: value})

    def wait(self, seconds: int) -> None:
        self.fake.call("clock", {"advance": seconds})


class TestAlpacaContract(BrokerContract):
    BROKER = "Alpaca imitation"
    ABILITIES = frozenset({"client ids", "attached stops"})

    @pytest.fixture
    def fake(self) -> Iterator[FakeAlpaca]:
        with FakeAlpaca(datetime(2025, 3, 5, 20, 46, tzinfo=UTC), {"AAA": 100.0}) as found:
            yield found

    @pytest.fixture
    def broker(self, fake: FakeAlpaca) -> AlpacaBroker:
        settings = AlpacaSettings(base_url=fake.url)
        return AlpacaBroker.open(settings, clock=LinkedClock(fake), environ=ENVIRON, mode="online_live")

    @pytest.fixture
    def market(self, fake: FakeAlpaca) -> Market:
        return Market(fake)
