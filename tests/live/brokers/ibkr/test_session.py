"""The port on the real library: what it places, waits for, withdraws and cancels."""

from __future__ import annotations

import sys
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import BrokerError, BrokerRefused, SettingsError
from live.brokers.ibkr import session as ibkr_session
from live.brokers.ibkr.port import IbPosition, Ticket
from live.brokers.ibkr.session import IbAsyncPort
from tests.fakes.ibkr.gateway import ACCOUNT, AT, COMMISSION, Gateway

pytest.importorskip("ib_async", reason="the extra ibkr is not installed")

NAME = "20250305_AAA_entry_buy"
BUY = Ticket(NAME, "AAA", "BUY", 10, "MKT", "DAY")
WITH_STOP = Ticket(NAME, "AAA", "BUY", 10, "MKT", "DAY", attached_stop=Decimal("90.00"))


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def port(gateway: Gateway) -> IbAsyncPort:
    return IbAsyncPort(gateway.session(), ACCOUNT, wait_seconds=0.3, request_seconds=0.3)


def test_clock_account_and_figures(port: IbAsyncPort, gateway: Gateway) -> None:
    assert port.server_time() == AT + timedelta(seconds=2)
    assert port.account_id() == ACCOUNT
    assert port.account_values()["TotalCashValue"] == "100000"
    gateway.cash = Decimal(5)
    assert port.account_values()["TotalCashValue"] == "5"  # asked anew, not remembered


def test_figures_of_other_currencies_are_left_out(port: IbAsyncPort, gateway: Gateway) -> None:
    gateway.currency = "EUR"
    assert port.account_values() == {"CashBalance": "20"}


def test_a_plain_order_is_sent_as_it_was_meant(port: IbAsyncPort, gateway: Gateway) -> None:
    row = port.place(BUY)
    (sent,) = gateway.sessions[0].placed
    assert (sent.action, sent.totalQuantity, sent.orderType, sent.tif) == ("BUY", 10, "MKT", "DAY")
    assert (sent.orderRef, sent.account, sent.transmit) == (NAME, ACCOUNT, True)
    assert (row.reference, row.perm_id > 0, row.entered_at is not None) == (NAME, True, True)


def test_a_stop_goes_with_its_buy_and_only_the_stop_sets_both_free(
    port: IbAsyncPort, gateway: Gateway
) -> None:
    port.place(WITH_STOP)
    buy, stop = gateway.sessions[0].placed
    assert (buy.transmit, stop.transmit) == (False, True)
    assert (stop.parentId, stop.orderRef) == (buy.orderId, f"{NAME}:stop")
    assert (stop.action, stop.orderType, stop.tif, stop.auxPrice) == ("SELL", "STP", "GTC", Decimal("90.00"))
    assert stop.totalQuantity == buy.totalQuantity


def test_a_buy_whose_stop_is_refused_is_withdrawn_with_the_reason(
    port: IbAsyncPort, gateway: Gateway
) -> None:
    session = gateway.sessions[0]

    def refuse_the_stop(number: int, _contract: Any, order: Any) -> None:
        session.placed.append(order)
        if order.orderType == "STP":
            session.later(lambda: session.wrapper.error(number, 201, "Order rejected - reason:stop", ""))

    session.placeOrder = refuse_the_stop  # type: ignore[assignment]
    row = port.place(WITH_STOP)
    assert session.cancelled == [session.placed[0].orderId]
    assert "reason:stop" in row.message


def test_silence_ends_the_wait_and_leaves_the_order_unacknowledged(
    port: IbAsyncPort, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.silent = True
    monkeypatch.setattr(gateway.sessions[0], "status", lambda _: None)
    monkeypatch.setattr(gateway.sessions[0], "execution", lambda *_: None)
    assert port.place(BUY).perm_id == 0
    assert len(gateway.sessions[0].placed) == 1


def test_positions_orders_and_fills_are_seen(port: IbAsyncPort) -> None:
    port.place(WITH_STOP)
    port.account_values()
    assert port.positions() == [IbPosition("AAA", "STK", Decimal("10.0"), Decimal("100.0"))]
    stop, buy = sorted(port.orders(), key=lambda row: row.order_type, reverse=True)
    assert (stop.order_type, stop.parent_perm_id, stop.listed) == ("STP", buy.perm_id, "open")
    assert (buy.filled, buy.listed) == (Decimal(10), "completed")
    (fill,) = port.fills()
    assert (fill.perm_id, fill.quantity, fill.commission) == (buy.perm_id, Decimal("10.0"), COMMISSION)


def test_a_symbol_is_asked_for_before_it_is_sent(port: IbAsyncPort) -> None:
    assert port.knows("AAA")
    assert not port.knows("ZZZ")


def test_a_cancel_reaches_the_order_with_the_permanent_id(port: IbAsyncPort, gateway: Gateway) -> None:
    port.place(WITH_STOP)
    stop = next(row for row in port.orders() if row.order_type == "STP")
    port.cancel(stop.perm_id)
    assert gateway.sessions[0].cancelled == [gateway.book[1].order.orderId]


def test_what_is_not_open_or_another_clients_is_not_cancelled(port: IbAsyncPort, gateway: Gateway) -> None:
    with pytest.raises(BrokerRefused, match="not sent by this client"):
        port.cancel(12345)
    port.place(WITH_STOP)
    gateway.book[1].order.clientId = 3
    other = IbAsyncPort(gateway.session(), ACCOUNT, wait_seconds=0.3, request_seconds=0.3)
    stop = next(row for row in other.orders() if row.order_type == "STP")
    with pytest.raises(BrokerRefused):
        other.cancel(stop.perm_id)
    assert [session.cancelled for session in gateway.sessions] == [[], []]


class Library:
    """`ib_async` with an `IB` that connects as a test says."""

    def __init__(self, *, error: Exception | None = None, accounts: tuple[str, ...] = (ACCOUNT,)) -> None:
        self.error, self.accounts = error, accounts
        self.calls: list[str] = []
        self.RequestTimeout = 0.0

    def IB(self) -> Library:  # noqa: N802 - the library's name
        return self

    def connect(self, host: str, port: int, **_: Any) -> None:
        self.calls.append(f"connect {host}:{port}")
        if self.error is not None:
            raise self.error

    def managedAccounts(self) -> list[str]:  # noqa: N802 - the library's name
        return list(self.accounts)

    def disconnect(self) -> None:
        self.calls.append("disconnect")


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(111, "refused"), TimeoutError(), OSError("no route")]
)
def test_nobody_listening_says_what_to_start(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ibkr_session, "import_ib", lambda: Library(error=error))
    with pytest.raises(BrokerError, match="does not answer") as caught:
        IbAsyncPort.connect("127.0.0.1", 4002, 17, ACCOUNT)
    assert caught.value.where == "127.0.0.1:4002"


def test_a_login_of_another_account_is_left_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(accounts=("DU7654321",))
    monkeypatch.setattr(ibkr_session, "import_ib", lambda: library)
    with pytest.raises(SettingsError, match="does not manage this account"):
        IbAsyncPort.connect("127.0.0.1", 4002, 17, ACCOUNT)
    assert library.calls == ["connect 127.0.0.1:4002", "disconnect"]


def test_a_connection_has_a_limit_for_every_request_and_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = Library()
    monkeypatch.setattr(ibkr_session, "import_ib", lambda: library)
    IbAsyncPort.connect("127.0.0.1", 4002, 17, ACCOUNT).close()
    assert library.RequestTimeout == ibkr_session.REQUEST_SECONDS
    assert library.calls[-1] == "disconnect"


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ib_async", None)
    with pytest.raises(SettingsError, match="ibkr"):
        ibkr_session.import_ib()
