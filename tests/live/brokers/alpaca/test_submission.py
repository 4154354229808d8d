"""The order protocol over the real Alpaca client: the client order id makes every doubt end by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from live.brokers.alpaca.broker import AlpacaBroker
from live.ledger.ledger import Ledger
from live.ledger.orders import OrderPlan
from live.ledger.tables import Order
from live.model.broker import OrderRequest
from live.model.order_state import JournalState as S
from live.orders.submission import Submission
from live.settings.model import AlpacaSettings
from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.harness import ENVIRON
from tests.fakes.schwab.harness import LinkedClock
from tests.support.ledger_samples import journalled

AT = datetime(2024, 3, 12, 19, 45, tzinfo=UTC)
DAY = date(2024, 3, 12)
NAME = "20240312_QQQ_entry_buy"
POST = {"method": "POST", "path": "orders$"}
BROKEN = [
    {"action": "drop"},
    {"action": "reset"},
    {"action": "truncate"},
    {"action": "status", "status": 500, "body": "<html>"},
    {"action": "status", "status": 504},
]


class Sender:
    def __init__(self, fake: FakeAlpaca) -> None:
        self.fake, clock = fake, LinkedClock(fake)
        settings = AlpacaSettings(base_url=fake.url)
        self.broker = AlpacaBroker.open(settings, clock=clock, environ=ENVIRON, mode="online_live")
        self.ledger = Ledger.open("sqlite://", account="alpaca-paper", now=AT)
        self.submission = Submission(self.broker, self.ledger, clock)
        self.clock = clock

    def send(self) -> Order:
        plan = OrderPlan(NAME, "golden", DAY, "online_live", "QQQ", "buy", "entry", 10)
        return self.submission.send(self.ledger.orders.plan(plan, at=self.clock.now()))

    def accepted(self) -> list[str]:
        return [o["client_order_id"] for o in self.fake.state()["orders"]]


@pytest.fixture
def sender() -> Iterator[Sender]:
    with FakeAlpaca(AT, {"QQQ": 440.0}) as fake:
        made = Sender(fake)
        yield made
        made.ledger.close()
        made.broker.connection.close()


@pytest.mark.parametrize("fault", BROKEN)
def test_an_accepted_order_whose_reply_is_broken_is_looked_up(sender: Sender, fault: dict[str, Any]) -> None:
    sender.fake.fault(**POST, **fault)
    row = sender.send()
    assert (row.state, row.filled_quantity, len(sender.fake.sent())) == (S.FILLED, 10, 1)
    assert sender.accepted() == [NAME]


@pytest.mark.parametrize("fault", BROKEN)
def test_an_order_that_never_arrived_is_sent_again_under_the_same_id(
    sender: Sender, fault: dict[str, Any]
) -> None:
    sender.fake.fault(**POST, point="before", **fault)
    row = sender.send()
    assert (row.state, len(sender.fake.sent())) == (S.FILLED, 2)
    assert sender.accepted() == [NAME]


def test_a_crash_before_the_reply_was_saved_finds_the_order_again(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    real = sender.broker.submit

    def submit(request: OrderRequest) -> str | None:
        real(request)
        raise Crash

    with monkeypatch.context() as crashing:
        crashing.setattr(sender.broker, "submit", submit)
        with pytest.raises(Crash):
            sender.send()
    sending = journalled(sender.ledger, NAME)
    assert sending.state == S.SENDING
    row = sender.submission.recover(sending, today=DAY)
    assert (row.state, sender.accepted()) == (S.FILLED, [NAME])


def test_a_duplicate_refusal_means_that_the_first_one_arrived(sender: Sender) -> None:
    sender.broker.submit(_request())
    row = sender.send()
    assert (row.state, sender.accepted()) == (S.FILLED, [NAME])


def _request() -> OrderRequest:
    return OrderRequest(NAME, "QQQ", "buy", 10)


def test_a_throttled_order_waits_and_is_taken_once(sender: Sender) -> None:
    sender.fake.fault(**POST, action="status", point="before", status=429, headers={"Retry-After": "9"})
    assert sender.send().state == S.FILLED
    assert sender.clock.now() >= datetime(2024, 3, 12, 19, 45, 9, tzinfo=UTC)
    assert sender.accepted() == [NAME]


def test_throttling_that_tells_only_the_end_of_its_window_is_waited_out(sender: Sender) -> None:
    reset = datetime(2024, 3, 12, 19, 45, 41, tzinfo=UTC).timestamp()
    headers = {"X-Ratelimit-Limit": "200", "X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": f"{reset:.0f}"}
    sender.fake.fault(**POST, action="status", point="before", status=429, headers=headers)
    assert sender.send().state == S.FILLED
    assert sender.clock.now() >= datetime(2024, 3, 12, 19, 45, 41, tzinfo=UTC)
    assert sender.accepted() == [NAME]


def test_a_minute_of_throttling_ends_no_order(sender: Sender) -> None:
    sender.fake.fault(**POST, action="status", point="before", status=429, times=4)
    assert sender.send().state == S.FILLED
    assert sender.accepted() == [NAME]


def test_throttling_without_end_leaves_the_order_to_a_later_run(sender: Sender) -> None:
    sender.fake.fault(**POST, action="status", point="before", status=429, times=99)
    assert sender.send().state == S.PLANNED
    assert sender.accepted() == []
