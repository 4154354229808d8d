"""The imitation of Alpaca and a broker on it."""

from collections.abc import Iterator

import pytest

from live.brokers.alpaca.broker import AlpacaBroker
from tests.fakes.alpaca import FakeAlpaca
from tests.support.alpaca_world import AT, broker_at


@pytest.fixture
def fake() -> Iterator[FakeAlpaca]:
    with FakeAlpaca(AT, {"QQQ": 440.0, "AAPL": 170.0}) as found:
        yield found


@pytest.fixture
def broker(fake: FakeAlpaca, monkeypatch: pytest.MonkeyPatch) -> AlpacaBroker:
    monkeypatch.setattr("live.brokers.alpaca.connection.TIMEOUT", (5.0, 2.0))
    return broker_at(fake)
