"""The IBKR adapter through a stub of its port: no Gateway runs here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import BrokerError, BrokerRefused, BrokerUnknown, NotSent, SettingsError
from live.brokers.ibkr import port as ibkr_port
from live.brokers.ibkr.broker import STATES, IbkrBroker
from live.brokers.ibkr.port import IbAsyncPort, IbFill, IbOrder, IbPosition, Ticket
from live.model.broker import OrderRequest, OrderState
from live.system.clock import SimulatedClock
from tests.support.broker_contract import BrokerContract

AT = datetime(2025, 3, 5, 20, 46, tzinfo=UTC)
NAME = "20250305_AAA_entry_buy"


class StubPort:
    """A Gateway in memory: market orders fill at once, stops rest."""

    def __init__(self, price: float = 100.0) -> None:
        self.prices = {"AAA": Decimal(str(price)), "BRK B": Decimal(400)}
        self.cash = Decimal(100_000)
        self.held: dict[str, int] = {}
        self.rows: dict[int, IbOrder] = {}
        self.done: list[IbFill] = []
        self.silent = self.broken = self.down = False

    def _check(self) -> None:
        if self.down:
            raise ConnectionError("not connected")

    def server_time(self) -> datetime:
        self._check()
        return AT + timedelta(seconds=2)

    def account_id(self) -> str:
        return "DU1234567"

    def account_values(self) -> dict[str, str]:
        self._check()
        value = str(self.cash)
        return {
            "AccountType": "INDIVIDUAL",
            "TotalCashValue": value,
            "SettledCash": value,
            "BuyingPower": value,
        }

    def positions(self) -> list[IbPosition]:
        return [IbPosition(s, "STK", Decimal(n), Decimal(100)) for s, n in self.held.items() if n]

    def orders(self) -> list[IbOrder]:
        self._check()
        return list(self.rows.values())

    def fills(self) -> list[IbFill]:
        return list(self.done)

    def place(self, ticket: Ticket) -> IbOrder:
        row = self._row(ticket, ticket.action, ticket.order_type, ticket.tif, ticket.stop_price)
        refusal = self._refusal(ticket)
        if refusal:
            row = replace(row, status="Inactive", message=refusal)
            self.rows[row.perm_id] = row
            return row
        self.rows[row.perm_id] = row
        if ticket.order_type == "MKT":
            self._fill(row)
        if ticket.attached_stop is not None:
            stop = self._row(ticket, "SELL", "STP", "GTC", ticket.attached_stop)
            self.rows[stop.perm_id] = replace(stop, parent_perm_id=row.perm_id, reference=NAME + ":stop")
        if self.broken:
            raise ConnectionError("reset")
        return replace(row, perm_id=0, status="PendingSubmit") if self.silent else self.rows[row.perm_id]

    def _row(self, ticket: Ticket, action: str, kind: str, tif: str, stop: Decimal | None) -> IbOrder:
        number = 900_001 + len(self.rows)
        quantity = Decimal(ticket.quantity)
        return IbOrder(
            number,
            ticket.reference,
            ticket.symbol,
            action,
            quantity,
            Decimal(0),
            kind,
            tif,
            "Submitted",
            stop,
            0,
            AT,
        )

    def _refusal(self, ticket: Ticket) -> str | None:
        price = self.prices[ticket.symbol]
        if ticket.action == "BUY":
            return "insufficient funds" if ticket.quantity * price > self.cash else None
        busy = sum(r.quantity for r in self.rows.values() if r.action == "SELL" and r.status == "Submitted")
        return "not held" if ticket.quantity + busy > self.held.get(ticket.symbol, 0) else None

    def _fill(self, row: IbOrder) -> None:
        price, sign = self.prices[row.symbol], 1 if row.action == "BUY" else -1
        self.held[row.symbol] = self.held.get(row.symbol, 0) + sign * int(row.quantity)
        self.cash -= sign * row.quantity * price
        self.done.append(IbFill(f"0001.{row.perm_id}.01", row.perm_id, row.quantity, price, AT))
        self.rows[row.perm_id] = replace(row, status="Filled", filled=row.quantity)

    def cancel(self, perm_id: int) -> None:
        self.rows[perm_id] = replace(self.rows[perm_id], status="Cancelled")

    # what the contract's market does
    def price(self, symbol: str, value: float) -> None:
        self.prices[symbol] = Decimal(str(value))
        for row in list(self.rows.values()):
            if (
                row.order_type == "STP"
                and row.status == "Submitted"
                and self.prices[symbol] <= row.stop_price
            ):
                self._fill(row)

    def wait(self, seconds: int) -> None:
        pass


@pytest.fixture
def port() -> StubPort:
    return StubPort()


@pytest.fixture
def broker(port: StubPort) -> IbkrBroker:
    return IbkrBroker(port, clock=SimulatedClock(AT))


class TestIbkrContract(BrokerContract):
    BROKER = "IBKR stub"
    ABILITIES = frozenset({"attached stops"})

    @pytest.fixture
    def market(self, port: StubPort) -> StubPort:
        return port


def buy(**more: Any) -> OrderRequest:
    return OrderRequest(NAME, "AAA", "buy", 10, **more)


def test_our_reference_comes_back(broker: IbkrBroker) -> None:
    broker.submit(buy())
    (shown,) = broker.orders(AT, AT)
    assert shown.client_order_id == NAME
    assert not broker.honours_client_id


def test_silence_is_unknown_although_the_order_exists(broker: IbkrBroker, port: StubPort) -> None:
    port.silent = True
    with pytest.raises(BrokerUnknown):
        broker.submit(buy())
    assert [o.client_order_id for o in broker.orders(AT, AT)] == [NAME]


def test_a_connection_that_breaks_while_sending_is_unknown(broker: IbkrBroker, port: StubPort) -> None:
    port.broken = True
    with pytest.raises(BrokerUnknown):
        broker.submit(buy())


def test_no_connection_is_not_sent_and_reads_fail(broker: IbkrBroker, port: StubPort) -> None:
    port.down = True
    with pytest.raises(NotSent):
        broker.submit(buy())
    with pytest.raises(BrokerError):
        broker.account()
    assert broker.clock_offset() is None
    assert port.rows == {}


def test_clock_and_masked_account(broker: IbkrBroker) -> None:
    assert broker.clock_offset() == timedelta(seconds=2)
    assert broker.account().reference == "***4567"


def test_share_classes_have_a_space(broker: IbkrBroker) -> None:
    broker.submit(OrderRequest(NAME, "BRK.B", "buy", 1))
    assert broker.account().shares() == {"BRK.B": 1}


def test_an_order_without_a_time_is_still_listed(broker: IbkrBroker, port: StubPort) -> None:
    broker.submit(buy())
    (number,) = port.rows
    port.rows[number] = replace(port.rows[number], entered_at=None)
    assert len(broker.orders(AT - timedelta(days=9), AT - timedelta(days=8))) == 1


def test_every_status_of_the_real_library_is_considered() -> None:
    from ib_async import OrderStatus

    words = {v for k, v in vars(OrderStatus).items() if isinstance(v, str) and k == v}
    assert words - set(STATES) == {"ApiUpdate", "ValidationError"}  # live until proven otherwise


def test_prices_off_the_tick_and_missing_stops_are_refused(broker: IbkrBroker) -> None:
    with pytest.raises(BrokerRefused):
        broker.submit(buy(attached_stop=Decimal("90.123")))
    with pytest.raises(BrokerRefused):
        broker.submit(OrderRequest(NAME, "AAA", "sell", 1, "stop", "gtc"))


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(IbAsyncPort, "connect", lambda *args: asked.append(args) or StubPort())
    IbkrBroker.open(environ={"IBKR_PORT": "4002", "IBKR_ACCOUNT": "DU1"}, clock=SimulatedClock(AT))
    assert asked == [("127.0.0.1", 4002, 17, "DU1")]
    with pytest.raises(SettingsError):
        IbkrBroker.open(environ={"IBKR_PORT": "paper"}, clock=SimulatedClock(AT))


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ib_async", None)
    with pytest.raises(SettingsError, match="ibkr"):
        ibkr_port.import_ib()


def test_the_real_library_takes_what_the_port_sends() -> None:
    """Trade objects of ib_async in, our rows out: the field names are the library's."""
    import ib_async

    order = ib_async.Order(
        action="SELL", totalQuantity=10, orderType="STP", tif="GTC", orderRef=NAME, permId=77, auxPrice=90.5
    )
    status = ib_async.OrderStatus(status="PreSubmitted", filled=0.0)
    entry = ib_async.objects.TradeLogEntry(AT, "PreSubmitted", "")
    trade = ib_async.Trade(ib_async.Stock("AAA", "SMART", "USD"), order, status, [], [entry])
    row = ibkr_port._order(trade, {})
    assert (row.perm_id, row.reference, row.stop_price, row.entered_at) == (77, NAME, Decimal("90.5"), AT)
    assert STATES[row.status] is OrderState.PENDING
