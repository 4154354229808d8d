"""The order protocol over the real IBKR library: no message order makes a second buy or a second stop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import UnresolvedError
from live.brokers.ibkr import broker as ibkr_broker
from live.brokers.ibkr.broker import IbkrBroker
from live.brokers.ibkr.session import IbAsyncPort
from live.ledger.ledger import Ledger
from live.ledger.orders import OrderPlan
from live.ledger.tables import Order
from live.model.order_state import JournalState as S
from live.orders.submission import Submission
from live.system.clock import SimulatedClock
from tests.fakes.ibkr.gateway import ACCOUNT, AT, Gateway

pytest.importorskip("ib_async", reason="the extra ibkr is not installed")

DAY = date(2025, 3, 5)
NAME = "20250305_AAA_entry_buy"
PRESET = "Order TIF was set to DAY based on order preset."


class Sender:
    def __init__(self, gateway: Gateway, ledger: Ledger) -> None:
        self.gateway, self.ledger = gateway, ledger
        clock = SimulatedClock(AT)
        port = IbAsyncPort(gateway.session(), ACCOUNT, wait_seconds=0.3, request_seconds=0.5)
        self.broker = IbkrBroker(port, clock=clock)
        self.submission = Submission(self.broker, ledger, clock)

    def send(self, **more: Any) -> Order:
        plan = OrderPlan(NAME, "golden", DAY, "online_live", "AAA", "buy", "entry", 10, **more)
        return self.submission.send(self.ledger.orders.plan(plan, at=AT))

    def kinds(self) -> list[str]:
        return [held.order.orderType for held in self.gateway.book]


@pytest.fixture
def sender(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sender]:
    monkeypatch.setattr(ibkr_broker, "LOOKS", (0.0, 0.01, 0.01))
    made = Sender(Gateway(), Ledger.open("sqlite://", account="ibkr-paper-4567", now=AT))
    yield made
    made.ledger.close()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("code", [10349, 10311, 2109, 399, 404])
def test_an_error_on_a_living_order_is_one_order_that_fills(sender: Sender, code: int, when: str) -> None:
    sender.gateway.errors = [(code, PRESET, when)]
    row = sender.send(stop_price=Decimal("90.00"))
    assert not S(row.state).terminal
    sender.gateway.fill(sender.gateway.book[0])
    row = sender.submission.refresh(row)
    assert (row.state, row.filled_quantity) == (S.FILLED, 10)
    assert sender.kinds() == ["MKT", "STP"]


def test_an_ordinary_market_order_ends_filled_with_its_execution(sender: Sender) -> None:
    row = sender.send()
    assert (row.state, row.filled_quantity, row.average_price) == (S.FILLED, 10, Decimal(100))


def test_a_lost_answer_is_found_again_by_a_later_process(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sender.gateway.sessions[0]
    place = session.placeOrder

    def place_and_break(number: int, contract: Any, order: Any) -> None:
        place(number, contract, order)
        raise ConnectionError("reset")

    monkeypatch.setattr(session, "placeOrder", place_and_break)
    assert sender.send().state == S.FILLED
    assert sender.kinds() == ["MKT"]


def test_an_error_whose_order_nobody_shows_is_unresolved_and_not_sent_again(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sender.gateway.sessions[0]
    sent: list[Any] = []

    def vanish(number: int, contract: Any, order: Any) -> None:
        sent.append((contract, order))
        session.later(session.wrapper.error, number, 10349, PRESET, "")

    monkeypatch.setattr(session, "placeOrder", vanish)
    with pytest.raises(UnresolvedError):
        sender.send()
    assert len(sent) == 1
    assert sender.ledger.orders.get(NAME).state == S.UNKNOWN


def test_a_rejection_is_final(sender: Sender) -> None:
    sender.gateway.cash = Decimal(10)
    row = sender.send()
    assert row.state == S.REFUSED
    assert "insufficient funds" in row.state_reason
    assert sender.gateway.book == []
