"""A broker and orders against the imitation of Alpaca."""

from datetime import UTC, datetime
from typing import Any

from live.brokers.alpaca.broker import AlpacaBroker
from live.model.broker import OrderRequest
from live.settings.model import AlpacaSettings
from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.harness import ENVIRON
from tests.fakes.schwab.harness import LinkedClock

AT = datetime(2024, 3, 12, 19, 45, tzinfo=UTC)


ORDERS = {"method": "POST", "path": "orders$"}


NAME = "20240312_QQQ_entry_buy"


def broker_at(fake: FakeAlpaca, **settings: Any) -> AlpacaBroker:
    return AlpacaBroker.open(
        AlpacaSettings(base_url=fake.url, **settings),
        clock=LinkedClock(fake),
        environ=ENVIRON,
        mode="online_live",
    )


def buy(symbol: str = "QQQ", quantity: int = 10, name: str = NAME, **more: Any) -> OrderRequest:
    return OrderRequest(name, symbol, "buy", quantity, **more)
