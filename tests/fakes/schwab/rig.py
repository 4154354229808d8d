"""Imitation, linked clock, token file and real broker and feed in one piece, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from live.brokers.schwab.broker import SchwabBroker
from live.brokers.schwab.connection import SchwabConnection
from live.brokers.schwab.token import TokenStore, load_credentials
from live.feeds.schwab import SchwabFeed, Stored
from live.model.broker import BrokerOrder
from tests.fakes.schwab.harness import ENVIRON, FakeSchwab, LinkedClock


@dataclass
class Rig:
    """A broker and a feed on one connection to the imitation."""

    fake: FakeSchwab
    clock: LinkedClock
    connection: SchwabConnection
    broker: SchwabBroker
    feed: SchwabFeed
    token: TokenStore

    def listed(self) -> list[BrokerOrder]:
        """Every order of the last two days."""
        now = self.clock.now()
        return list(self.broker.orders(now - timedelta(days=2), now + timedelta(minutes=5)))


@contextmanager
def rig(
    folder: Path,
    at: datetime,
    prices: dict[str, float] | None = None,
    *,
    timeout: float = 5.0,
    stored: Stored | None = None,
) -> Iterator[Rig]:
    """Start everything at the virtual instant `at`."""
    with FakeSchwab(at, prices) as fake:
        path = folder / "schwab_token.json"
        fake.write_token(path)
        clock, token = LinkedClock(fake), TokenStore(path)
        connection = SchwabConnection.open(
            token, load_credentials(ENVIRON, folder), clock, timeout=timeout, base_url=fake.url
        )
        try:
            broker = SchwabBroker(connection, account_last4="4321", clock=clock)
            yield Rig(fake, clock, connection, broker, SchwabFeed(connection, stored=stored), token)
        finally:
            connection.close()
