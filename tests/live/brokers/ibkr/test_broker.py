"""The IBKR adapter on the real library, with an imitation of Gateway's messages behind it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import BrokerError, BrokerRefused, BrokerUnknown, NotSent, SettingsError
from live.brokers.ibkr import broker as ibkr_broker
from live.brokers.ibkr import session as ibkr_session
from live.brokers.ibkr.broker import STATES, IbkrBroker
from live.brokers.ibkr.session import IbAsyncPort
from live.execution.stops import _find_child
from live.ledger.ledger import Ledger
from live.model.broker import BrokerOrder, OrderRequest, OrderState
from live.system.clock import SimulatedClock
from tests.fakes.ibkr.gateway import ACCOUNT, COMMISSION, Gateway
from tests.support.broker_contract import BrokerContract, shown, submitted
from tests.support.ledger_samples import acked, changed

pytest.importorskip("ib_async", reason="the extra ibkr is not installed")

AT = datetime(2025, 3, 5, 20, 46, tzinfo=UTC)
NAME = "20250305_AAA_entry_buy"
HELD = "reason: held while locating shares"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ibkr_broker, "LOOKS", (0.0, 0.01, 0.01))


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def market(gateway: Gateway) -> Gateway:
    return gateway


def connected(gateway: Gateway, at: datetime = AT) -> IbkrBroker:
    """Return a broker as a new process would open it."""
    port = IbAsyncPort(gateway.session(), ACCOUNT, wait_seconds=0.3, request_seconds=0.3)
    return IbkrBroker(port, clock=SimulatedClock(at))


@pytest.fixture
def broker(gateway: Gateway) -> IbkrBroker:
    return connected(gateway)


class TestIbkrContract(BrokerContract):
    BROKER = "IBKR imitation"
    ABILITIES = frozenset({"attached stops"})


def buy(**more: Any) -> OrderRequest:
    return OrderRequest(NAME, "AAA", "buy", 10, **more)


def all_orders(broker: IbkrBroker) -> list[BrokerOrder]:
    return list(broker.orders(AT - timedelta(days=9000), AT + timedelta(days=9000)))


def test_our_reference_comes_back(broker: IbkrBroker) -> None:
    broker.submit(buy())
    (listed,) = all_orders(broker)
    assert listed.client_order_id == NAME
    assert not broker.honours_client_id


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_informational_error_does_not_refuse_a_living_order(
    broker: IbkrBroker, gateway: Gateway, when: str
) -> None:
    """IB's 10349 arrives for orders that then fill; the library calls them Cancelled."""
    gateway.errors = [(10349, "Order TIF was set to DAY based on order preset.", when)]
    order_id = submitted(broker, buy())
    assert not shown(broker, order_id).state.terminal
    gateway.fill(gateway.book[0])
    assert shown(broker, order_id).state is OrderState.FILLED
    assert len(gateway.sessions[0].placed) == 1


def test_an_error_on_an_order_that_filled_at_once_is_no_refusal(
    broker: IbkrBroker, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.errors = [(10349, "Order TIF was set to DAY based on order preset.", "after")]
    gateway.sessions[0].later(lambda: None)
    place = gateway.sessions[0].placeOrder

    def and_fill(number: int, contract: Any, order: Any) -> None:
        place(number, contract, order)
        gateway.fill(gateway.book[0])

    monkeypatch.setattr(gateway.sessions[0], "placeOrder", and_fill)
    assert shown(broker, submitted(broker, buy())).filled_quantity == 10


def test_an_error_whose_order_no_list_shows_is_unknown_unless_ib_rejects(
    broker: IbkrBroker, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = gateway.sessions[0]
    monkeypatch.setattr(
        session,
        "placeOrder",
        lambda number, contract, order: session.later(
            lambda: session.wrapper.error(number, 10148, "something odd", "")
        ),
    )
    with pytest.raises(BrokerUnknown):
        broker.submit(buy())


def test_a_plain_rejection_is_a_refusal_with_its_reason(broker: IbkrBroker, gateway: Gateway) -> None:
    with pytest.raises(BrokerRefused, match="insufficient funds"):
        broker.submit(replace(buy(), quantity=5_000))
    assert gateway.book == []


def test_a_buy_whose_stop_is_refused_does_not_stay_behind_in_tws(
    broker: IbkrBroker, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = gateway.sessions[0]

    def refuse_the_stop(number: int, contract: Any, order: Any) -> None:
        session.placed.append(order)
        if order.orderType == "STP":
            session.later(lambda: session.wrapper.error(number, 201, "Order rejected - reason:stop", ""))

    monkeypatch.setattr(session, "placeOrder", refuse_the_stop)
    with pytest.raises(BrokerRefused, match="stop"):
        broker.submit(buy(attached_stop=Decimal("90.00")))
    parent = session.placed[0]
    assert not parent.transmit
    assert session.cancelled == [parent.orderId]


def test_a_later_process_finds_the_stop_of_a_filled_buy(gateway: Gateway) -> None:
    """The completed buy has no order id any more: the stop is found by its reference."""
    order_id = connected(gateway).submit(buy(attached_stop=Decimal("90.00")))
    later = connected(gateway)
    (stop,) = [o for o in all_orders(later) if o.order_type == "stop"]
    assert stop.parent_id == order_id
    assert stop.client_order_id == f"{NAME}:stop"
    assert stop.state is OrderState.WORKING


def test_a_stop_whose_buy_is_listed_no_more_is_still_its_child(gateway: Gateway) -> None:
    """The next day completed orders are gone: only the reference links the stop to its buy."""
    order_id = submitted(connected(gateway), buy(attached_stop=Decimal("90.00")))
    del gateway.book[0]
    with Ledger.open("sqlite://", account="ibkr", now=AT) as ledger:
        entry = changed(acked(ledger, order_id, "AAA", quantity=10), client_order_id=NAME, sent_at=AT)
    child = _find_child(connected(gateway), entry, now=AT + timedelta(days=1))
    assert child is not None
    assert (child.client_order_id, child.stop_price) == (f"{NAME}:stop", Decimal("90.00"))


def test_a_stop_that_is_only_held_is_alive(broker: IbkrBroker, gateway: Gateway) -> None:
    broker.submit(buy())
    gateway.inactive = HELD
    stop = OrderRequest("20250305_AAA_stop_sell", "AAA", "sell", 10, "stop", "gtc", Decimal("90.00"))
    order_id = submitted(broker, stop)
    assert gateway.book[1].status == "Inactive"
    assert not shown(broker, order_id).state.terminal


def test_a_completed_order_keeps_its_quantity_in_a_later_process(gateway: Gateway) -> None:
    order_id = submitted(connected(gateway), buy())
    found = shown(connected(gateway), order_id)
    assert (found.quantity, found.filled_quantity, found.state) == (10, 10, OrderState.FILLED)
    assert found.entered_at == AT  # its execution tells


@pytest.mark.parametrize("mute", ["open", "completed", "executions", "account", "contract"])
def test_no_request_waits_for_ever(broker: IbkrBroker, gateway: Gateway, mute: str) -> None:
    gateway.mute = {mute}
    ask = {"account": broker.account, "contract": lambda: broker.submit(buy())}
    with pytest.raises(BrokerError, match="does not answer"):
        ask.get(mute, lambda: all_orders(broker))()


def test_an_answer_that_stays_away_before_sending_is_not_sent(broker: IbkrBroker, gateway: Gateway) -> None:
    gateway.mute = {"contract"}
    with pytest.raises(NotSent):
        broker.submit(buy())
    assert gateway.book == []


def test_silence_ends_with_the_order_found_by_its_reference(broker: IbkrBroker, gateway: Gateway) -> None:
    gateway.silent = True
    order_id = broker.submit(buy())
    assert [o.order_id for o in all_orders(broker)] == [order_id]


def test_a_connection_that_breaks_while_sending_is_unknown(
    broker: IbkrBroker, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(number: int, contract: Any, order: Any) -> None:
        raise ConnectionError("reset")

    monkeypatch.setattr(gateway.sessions[0], "placeOrder", broken)
    with pytest.raises(BrokerUnknown):
        broker.submit(buy())


def test_the_cash_after_a_sale_is_fresh(broker: IbkrBroker) -> None:
    before = broker.account().cash
    assert before is not None
    broker.submit(buy())
    assert broker.account().cash == before - 1000 - COMMISSION


@pytest.mark.parametrize(("power", "kind"), [(4, "margin"), (1, "cash")])
def test_the_kind_of_account_follows_from_its_buying_power(gateway: Gateway, power: int, kind: str) -> None:
    gateway.power = power
    assert connected(gateway).account().kind == kind


def test_an_account_kept_in_another_currency_is_refused(broker: IbkrBroker, gateway: Gateway) -> None:
    gateway.currency = "EUR"
    with pytest.raises(SettingsError, match="dollars"):
        broker.account()


def test_a_corrected_execution_is_one_execution(broker: IbkrBroker, gateway: Gateway) -> None:
    order_id = submitted(broker, buy())
    first = shown(broker, order_id).executions
    gateway.correct(100.02)
    (corrected,) = shown(broker, order_id).executions
    assert corrected.execution_id == first[0].execution_id
    assert corrected.price == Decimal("100.02")


def test_a_fill_waits_for_its_commission(broker: IbkrBroker, gateway: Gateway) -> None:
    gateway.late_commission = True
    order_id = submitted(broker, buy())
    assert shown(broker, order_id).executions == ()
    gateway.sessions[0].report_commissions()
    (execution,) = shown(broker, order_id).executions
    assert execution.commission == COMMISSION


def test_a_commission_that_never_comes_does_not_hold_the_fill_for_ever(gateway: Gateway) -> None:
    gateway.late_commission = True
    order_id = submitted(connected(gateway), buy())
    later = connected(gateway, at=AT + timedelta(minutes=2))
    assert [e.commission for e in shown(later, order_id).executions] == [Decimal(0)]


def test_another_accounts_orders_and_fills_are_not_ours(broker: IbkrBroker, gateway: Gateway) -> None:
    broker.submit(buy())
    gateway.book[0].order.account = "DU7654321"
    gateway.executions[0][1].acctNumber = "DU7654321"
    assert all_orders(connected(gateway)) == []


def test_an_order_of_another_client_is_not_cancelled_by_its_number(gateway: Gateway) -> None:
    """Its number may be that of an order of ours."""
    first = connected(gateway)
    first.submit(buy())
    stop = submitted(first, OrderRequest("S", "AAA", "sell", 10, "stop", "gtc", Decimal("90.00")))
    gateway.book[1].order.clientId = 3
    second = connected(gateway)
    with pytest.raises(BrokerRefused):
        second.cancel(stop)
    assert gateway.sessions[1].cancelled == []


def test_clock_and_masked_account(broker: IbkrBroker) -> None:
    assert broker.clock_offset() == timedelta(seconds=2)
    assert broker.account().reference == "***4567"


def test_share_classes_have_a_space(broker: IbkrBroker) -> None:
    broker.submit(OrderRequest(NAME, "BRK.B", "buy", 1))
    assert broker.account().shares() == {"BRK.B": 1}


def test_an_unknown_symbol_is_refused_before_anything_is_sent(broker: IbkrBroker, gateway: Gateway) -> None:
    with pytest.raises(BrokerRefused, match="ZZZ"):
        broker.submit(OrderRequest(NAME, "ZZZ", "buy", 1))
    assert gateway.sessions[0].placed == []


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
    monkeypatch.setattr(IbAsyncPort, "connect", lambda *args: asked.append(args))
    IbkrBroker.open(environ={"IBKR_PORT": "4002", "IBKR_ACCOUNT": "DU1"}, clock=SimulatedClock(AT))
    assert asked == [("127.0.0.1", 4002, 17, "DU1")]
    with pytest.raises(SettingsError):
        IbkrBroker.open(environ={"IBKR_PORT": "paper"}, clock=SimulatedClock(AT))


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ib_async", None)
    with pytest.raises(SettingsError, match="ibkr"):
        ibkr_session.import_ib()
