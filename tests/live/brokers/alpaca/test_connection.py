"""Every broken reply of Alpaca: what was certainly not taken, what nobody knows, what is asked again."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import (
    AuthenticationFailed,
    BrokerError,
    BrokerRefused,
    BrokerUnknown,
    NotSent,
    SettingsError,
)
from live.brokers.alpaca.broker import AlpacaBroker
from live.brokers.common import Throttled
from live.settings.model import AlpacaSettings
from live.system.clock import SystemClock
from tests.fakes.alpaca import FakeAlpaca
from tests.support.alpaca_world import AT, NAME, ORDERS, broker_at, buy


def test_keys_are_needed() -> None:
    with pytest.raises(SettingsError, match="APCA"):
        AlpacaBroker.open(AlpacaSettings(), clock=SystemClock(), environ={}, mode="online_live")


@pytest.mark.parametrize("action", ["drop", "reset", "truncate", "hang"])
@pytest.mark.parametrize("point", ["before", "after"])
def test_a_lost_reply_is_unknown_and_looked_up(
    fake: FakeAlpaca, broker: AlpacaBroker, action: str, point: str
) -> None:
    fake.fault(**ORDERS, action=action, point=point, seconds=3.0)
    with pytest.raises(BrokerUnknown):
        broker.submit(buy())
    assert len(fake.sent()) == 1
    assert (broker.find(NAME) is not None) == (point == "after")


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_error_is_unknown_and_the_library_does_not_repeat_it(
    fake: FakeAlpaca, broker: AlpacaBroker, status: int
) -> None:
    fake.fault(**ORDERS, action="status", status=status, body="<html>Bad Gateway</html>")
    with pytest.raises(BrokerUnknown):
        broker.submit(buy())
    assert len(fake.sent()) == 1
    assert broker.find(NAME).filled_quantity == 10


@pytest.mark.parametrize(("headers", "wait"), [({"Retry-After": "7"}, 7.0), ({}, None)])
def test_throttled_orders_were_not_taken(
    fake: FakeAlpaca, broker: AlpacaBroker, headers: dict[str, str], wait: float | None
) -> None:
    fake.fault(**ORDERS, action="status", point="before", status=429, headers=headers, body="slow down")
    with pytest.raises(Throttled) as caught:
        broker.submit(buy())
    assert caught.value.retry_after == wait
    assert len(fake.sent()) == 1


def test_refusals_keep_their_reason_even_in_html(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    with pytest.raises(BrokerRefused, match="insufficient buying power"):
        broker.submit(buy(quantity=10_000))
    fake.fault(**ORDERS, action="status", point="before", status=403, body="<html>wash trade</html>")
    with pytest.raises(BrokerRefused, match="wash trade"):
        broker.submit(buy())


def test_wrong_keys(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    broker.connection.client._secret_key = "wrong"
    with pytest.raises(AuthenticationFailed):
        broker.account()
    with pytest.raises(AuthenticationFailed):
        broker.submit(buy())


def test_accepted_without_an_id(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    fake.fault(**ORDERS, action="patch", patch={"id": "__remove__"})
    assert broker.submit(buy()) is None


def test_no_server_is_not_sent(fake: FakeAlpaca) -> None:
    broker = broker_at(fake)
    fake.server.shutdown()
    fake.server.server_close()
    with pytest.raises(NotSent):
        broker.submit(buy())


@pytest.mark.parametrize(
    "fault", [{"action": "status", "status": 503}, {"action": "status", "status": 429}, {"action": "drop"}]
)
def test_reads_survive_passing_trouble(fake: FakeAlpaca, broker: AlpacaBroker, fault: dict[str, Any]) -> None:
    fake.fault(method="GET", path="account$", point="before", times=2, **fault)
    assert broker.account().cash == Decimal(100_000)


def test_a_truncated_answer_is_not_taken_for_a_missing_order(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    broker.submit(buy())
    fake.fault(method="GET", path="orders:", action="truncate", times=2)
    assert broker.find(NAME).filled_quantity == 10


def test_reads_give_up_in_time(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    fake.fault(method="GET", path="account$", point="before", times=None, action="status", status=503)
    with pytest.raises(BrokerError):
        broker.account()
    assert fake.app.clock.now() - AT < timedelta(seconds=30)


def test_an_html_404_does_not_prove_that_an_order_is_missing(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    fake.fault(method="GET", path="orders:", point="before", action="status", status=404, body="<html>")
    with pytest.raises(BrokerError):
        broker.find(NAME)
