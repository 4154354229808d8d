"""The broker contract, run by the real Schwab client against the imitation."""

from datetime import UTC, datetime

import pytest

from tests.fakes.schwab.rig import rig
from tests.support.broker_contract import BrokerContract


class Market:
    def __init__(self, rig):
        self.rig = rig

    def price(self, symbol, value):
        self.rig.fake.prices(**{symbol: value})

    def wait(self, seconds):
        self.rig.clock.sleep(seconds)


class TestSchwabContract(BrokerContract):
    BROKER = "Schwab imitation"
    ABILITIES = frozenset({"attached stops"})

    @pytest.fixture(params=["MARGIN", "CASH"])
    def world(self, request, tmp_path):
        with rig(tmp_path, datetime(2025, 3, 5, 20, 46, tzinfo=UTC), {"AAA": 100.0}) as found:
            found.fake.call("account", {"type": request.param, "reject_at_once": True})
            yield found

    @pytest.fixture
    def broker(self, world):
        return world.broker

    @pytest.fixture
    def market(self, world):
        return Market(world)
