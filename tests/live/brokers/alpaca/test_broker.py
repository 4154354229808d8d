"""Alpaca through its real client against the imitation: the normal course and every broken reply."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import (
    BrokerError,
    BrokerRefused,
    SettingsError,
)
from live.brokers.alpaca.broker import AlpacaBroker
from live.brokers.alpaca.orders import parse_account, parse_order
from live.feeds.alpaca import AlpacaFeed
from live.model.broker import OrderRequest, OrderState
from live.settings.model import AlpacaSettings
from live.system.clock import SystemClock
from tests.fakes.alpaca import FakeAlpaca
from tests.fakes.alpaca.harness import ENVIRON
from tests.fakes.schwab.harness import LinkedClock
from tests.support.alpaca_world import AT, NAME, broker_at, buy
from tests.support.broker_contract import shown, submitted

# the paper guard -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "confirmed", "fine"),
    [("offline_mock", True, False), ("online_live", False, False), ("online_live", True, True)],
)
def test_the_live_account_needs_mode_and_confirmation(mode: str, confirmed: bool, fine: bool) -> None:
    def build() -> AlpacaBroker:
        return AlpacaBroker.open(
            AlpacaSettings(paper=False, account_last4="2345"),
            clock=SystemClock(),
            environ=ENVIRON,
            mode=mode,
            confirmed=confirmed,
        )

    if fine:
        assert "paper" not in build().connection.client._base_url
    else:
        with pytest.raises(SettingsError):
            build()


def test_the_live_account_must_be_named() -> None:
    with pytest.raises(SettingsError, match="not named"):
        AlpacaBroker.open(
            AlpacaSettings(paper=False),
            clock=SystemClock(),
            environ=ENVIRON,
            mode="online_live",
            confirmed=True,
        )


def test_keys_of_another_account_trade_nothing(fake: FakeAlpaca) -> None:
    assert broker_at(fake, account_last4="2345").account().reference == "***2345"
    with pytest.raises(SettingsError, match="do not belong to the account that ends in 9999"):
        broker_at(fake, account_last4="9999").account()


def test_paper_is_the_default_and_needs_no_confirmation() -> None:
    made = AlpacaBroker.open(AlpacaSettings(), clock=SystemClock(), environ=ENVIRON, mode="online_live")
    assert made.connection.client._base_url == "https://paper-api.alpaca.markets"


@pytest.mark.parametrize("url", ["https://api.alpaca.markets", "http://example.com:80"])
def test_only_loopback_may_stand_in(url: str) -> None:
    with pytest.raises(SettingsError, match="loopback"):
        AlpacaBroker.open(
            AlpacaSettings(base_url=url), clock=SystemClock(), environ=ENVIRON, mode="online_live"
        )


# the normal course ---------------------------------------------------------------------------------------


def test_a_market_buy_fills_and_is_found_by_its_client_id(broker: AlpacaBroker) -> None:
    order_id = submitted(broker, buy())
    order = broker.find(NAME)
    assert (order.order_id, order.client_order_id, order.state) == (order_id, NAME, OrderState.FILLED)
    assert order.average_price == Decimal(440)
    assert [(e.quantity, e.price) for e in order.executions] == [(10, Decimal("440.0"))]
    assert broker.order(order_id) == order
    broker.connection.clock.sleep(10)
    account = broker.account()
    assert (account.cash, account.shares()) == (Decimal(95_600), {"QQQ": 10})
    assert account.reference == "***2345"
    assert broker.clock_offset() == timedelta(seconds=0.5)


def test_an_entry_with_its_stop(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    parent = submitted(broker, buy("AAPL", attached_stop=Decimal("160.00")))
    entry, stop = broker.orders(AT - timedelta(hours=1), AT + timedelta(minutes=1))
    assert (entry.order_id, entry.time_in_force) == (parent, "day")
    assert (stop.parent_id, stop.state, stop.time_in_force) == (parent, OrderState.WORKING, "gtc")
    assert (stop.order_type, stop.stop_price) == ("stop", Decimal(160))
    assert stop.expires_at == AT + timedelta(days=90)
    fake.prices(AAPL=159.0)
    assert broker.order(stop.order_id).average_price == Decimal(159)


def test_partial_fills_have_one_execution_each(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    fills = [{"quantity": 4, "price": 440.1}, {"quantity": 6, "price": 440.5, "after": 5}]
    fake.call("scripts", {"match": {"symbol": "QQQ"}, "fills": fills})
    order_id = submitted(broker, buy())
    first = shown(broker, order_id)
    assert (first.state, first.filled_quantity) == (OrderState.PARTIAL, 4)
    fake.call("clock", {"advance": 6})
    done = shown(broker, order_id)
    assert done.executions[0] == first.executions[0]
    assert [e.quantity for e in done.executions] == [4, 6]


def test_an_opening_order_waits_for_the_open(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    fake.call("clock", {"at": "2024-03-12T12:00:00+00:00"})
    order_id = submitted(broker, buy(time_in_force="opg"))
    assert shown(broker, order_id).state is OrderState.PENDING
    fake.call("clock", {"at": "2024-03-12T13:31:00+00:00"})
    assert shown(broker, order_id).state is OrderState.FILLED
    with pytest.raises(BrokerRefused, match="opg"):
        broker.submit(buy(name=NAME + "_r1", time_in_force="opg"))


def test_cancel_and_cancel_again(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    fake.call("scripts", {"match": {"symbol": "QQQ"}, "fills": []})
    order_id = submitted(broker, buy())
    broker.cancel(order_id)
    assert shown(broker, order_id).state is OrderState.CANCELED
    with pytest.raises(BrokerRefused, match="already"):
        broker.cancel(order_id)


def test_what_does_not_exist(broker: AlpacaBroker) -> None:
    assert broker.find("20240312_NOPE_entry_buy") is None
    assert broker.order("00000000-0000-0000-0000-000000000000") is None


# broken replies ------------------------------------------------------------------------------------------


def test_the_same_id_is_never_accepted_twice(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    broker.submit(buy())
    with pytest.raises(BrokerRefused, match="must be unique"):
        broker.submit(buy())
    assert len(fake.state()["orders"]) == 1


def many(fake: FakeAlpaca, count: int, *, apart: float = 1.0) -> list[str]:
    """A person's small orders, one after the other; their ids."""
    made = []
    for number in range(count):
        body = {"symbol": "QQQ", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
        made.append(fake.call("orders", body | {"client_order_id": f"hers-{number}"})["id"])
        fake.call("clock", {"advance": apart})
    return made


@pytest.mark.parametrize("count", [1, 3, 4, 5, 11])
def test_a_list_longer_than_a_page_is_read_to_its_end(
    fake: FakeAlpaca, broker: AlpacaBroker, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr("live.brokers.alpaca.broker.MAX_ROWS", 4)
    made = many(fake, count)
    listed = broker.orders(AT - timedelta(hours=1), AT + timedelta(hours=1))
    assert [order.order_id for order in listed] == made
    assert all(order.executions for order in listed)


def test_orders_of_one_instant_at_the_end_of_a_page_are_all_there(
    fake: FakeAlpaca, broker: AlpacaBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.brokers.alpaca.broker.MAX_ROWS", 4)
    made = many(fake, 2, apart=1) + many_at_once(fake, 3)
    listed = broker.orders(AT - timedelta(hours=1), AT + timedelta(hours=1))
    assert sorted(order.order_id for order in listed) == sorted(made)


def many_at_once(fake: FakeAlpaca, count: int) -> list[str]:
    return many(fake, count, apart=0)


def test_legs_count_towards_a_page(
    fake: FakeAlpaca, broker: AlpacaBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.brokers.alpaca.broker.MAX_ROWS", 4)
    for number in range(4):
        request = buy("AAPL", 1, f"20240312_AAPL{number}_entry_buy", attached_stop=Decimal("100.00"))
        fake.call("orders", broker.body(request))
        fake.call("clock", {"advance": 1})
    fake.call("clock", {"advance": 60})
    listed = broker.orders(AT - timedelta(hours=1), AT + timedelta(hours=1))
    assert [order.order_type for order in listed] == ["market", "stop"] * 4
    resting = broker.resting(AT + timedelta(hours=1))
    assert [order.order_type for order in resting] == ["stop"] * 4, "their entries are filled"


@pytest.mark.parametrize("limit", ["MAX_ROWS", "MAX_PAGES"])
def test_a_list_that_cannot_be_read_to_its_end_is_refused(
    fake: FakeAlpaca, broker: AlpacaBroker, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """More orders in one instant than a page holds, or more pages than are read: never a part of the list."""
    monkeypatch.setattr("live.brokers.alpaca.broker.MAX_ROWS", 2)
    if limit == "MAX_PAGES":
        monkeypatch.setattr("live.brokers.alpaca.broker.MAX_PAGES", 3)
    many(fake, 9, apart=float(limit == "MAX_PAGES"))
    with pytest.raises(BrokerError, match=r"may be cut after \d rows"):
        broker.orders(AT - timedelta(hours=1), AT + timedelta(hours=1))


def test_activities_that_never_end_are_refused(broker: AlpacaBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.brokers.alpaca.broker.ACTIVITY_PAGE", 1)
    row = {"id": "1", "activity_type": "DIV", "date": "2024-03-12", "net_amount": "5"}
    monkeypatch.setattr(broker.connection.client, "get", lambda *_: [row])
    with pytest.raises(BrokerError, match="does not end"):
        broker.cash_movements(AT.date())


# market data ---------------------------------------------------------------------------------------------


def test_the_feed(fake: FakeAlpaca) -> None:
    rows = [
        {"date": day, "open": 10, "high": 12, "low": 9, "close": 11, "volume": 100}
        for day in ("2024-03-08", "2024-03-11", "2024-03-12")
    ]
    fake.call("market", {"bars": {"SPY": rows}})
    feed = AlpacaFeed.open(AlpacaSettings(base_url=fake.url), environ=ENVIRON, clock=LinkedClock(fake))
    bars = feed.history(["SPY", "NOPE"], AT)
    assert list(bars) == ["SPY"]
    assert bars["SPY"].last == date(2024, 3, 11)
    quote = feed.quotes(["QQQ", "NOPE"], AT)["QQQ"]
    assert (quote.mid, quote.trade_time, quote.source) == (440.0, AT, "alpaca")


@pytest.mark.parametrize(
    ("clock", "tif"), [(48_420, "opg"), (48_480, "day"), (48_599, "day"), (48_600, "opg")]
)
def test_an_opening_order_too_late_for_the_auction_waits_for_the_open(clock: int, tif: str) -> None:
    at = datetime(2024, 3, 12, tzinfo=UTC) + timedelta(seconds=clock)  # the session opens at 48,600 s
    with FakeAlpaca(at, {"QQQ": 440.0}) as fake:
        assert broker_at(fake).body(buy(time_in_force="opg"))["time_in_force"] == tif


def test_the_family_of_an_entry_is_asked_by_its_id(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    order_id = str(broker.submit(buy(attached_stop=Decimal("400.00"))))
    parent, child = broker.family(order_id)
    assert (parent.order_id, child.parent_id, child.order_type) == (order_id, order_id, "stop")
    assert parent.executions
    assert broker.family("00000000-0000-0000-0000-000000000000") == []


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ({"trading_blocked": True}, "trading_blocked"),
        ({"account_blocked": True}, "account_blocked"),
        ({"status": "ACCOUNT_CLOSED"}, "ACCOUNT_CLOSED"),
        ({"status": "ACTIVE", "trading_blocked": False}, ""),
        ({}, ""),
    ],
)
def test_a_blocked_account_says_so(row: dict[str, Any], word: str) -> None:
    found = parse_account({"cash": "10", **row}, ()).restriction
    assert (found == "") == (word == "")
    assert word in found


def test_an_order_good_till_cancelled_ends_after_90_days_when_alpaca_does_not_say() -> None:
    row = {"id": "1", "symbol": "QQQ", "time_in_force": "gtc", "submitted_at": "2024-03-12T19:45:00Z"}
    assert parse_order(row).expires_at == AT + timedelta(days=90)
    assert parse_order(row | {"time_in_force": "day"}).expires_at is None


# the imitation refuses what Alpaca refuses ---------------------------------------------------------------


def test_a_day_order_expires_with_its_session(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    fake.call("halt", ["QQQ"])
    order_id = str(broker.submit(buy()))
    assert broker.order(order_id).state is OrderState.WORKING
    fake.clock(at="2024-03-12T20:00:01+00:00")
    assert broker.order(order_id).state is OrderState.EXPIRED


def test_a_buy_against_a_resting_stop_and_a_stop_above_the_price_are_refused(
    fake: FakeAlpaca, broker: AlpacaBroker
) -> None:
    broker.submit(buy())
    stop = OrderRequest("s1", "QQQ", "sell", 10, "stop", "gtc", Decimal("400.00"))
    with pytest.raises(BrokerRefused, match="less than current"):
        broker.submit(replace(stop, stop_price=Decimal("441.00")))
    broker.submit(stop)
    with pytest.raises(BrokerRefused, match="wash trade"):
        broker.submit(buy(name="20240312_QQQ_entry_buy_r1"))


def test_a_stop_moved_by_a_person_is_replaced_by_a_new_order(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    broker.submit(buy())
    old = str(broker.submit(OrderRequest("s1", "QQQ", "sell", 10, "stop", "gtc", Decimal("400.00"))))
    new = fake.call("change", {"id": old, "stop_price": "410.00"})["id"]
    assert broker.order(old).state is OrderState.REPLACED
    moved = broker.order(new)
    assert (moved.state, moved.stop_price) == (OrderState.WORKING, Decimal("410.00"))


def test_a_split_moves_shares_and_average_and_cancels_the_stop(
    fake: FakeAlpaca, broker: AlpacaBroker
) -> None:
    broker.submit(buy())
    stop = str(broker.submit(OrderRequest("s1", "QQQ", "sell", 10, "stop", "gtc", Decimal("400.00"))))
    fake.call("actions", {"split": {"symbol": "QQQ", "ratio": 2}})
    (held,) = broker.account().holdings
    assert (held.quantity, held.average_price) == (Decimal(20), Decimal(220))
    assert broker.order(stop).state is OrderState.CANCELED


def test_more_than_200_requests_a_minute_wait_for_the_next_one(
    fake: FakeAlpaca, broker: AlpacaBroker
) -> None:
    fake.app.limit.calls = 10
    for _ in range(12):
        assert broker.account().cash == Decimal(100_000)
    refused = [entry for entry in fake.app.log if entry["status"] == 429]
    assert len(refused) == 2  # an account is two requests: 24 in windows of 10
    assert broker.connection.clock.now() >= AT + timedelta(minutes=2)


def test_account_and_positions_are_behind_the_fills(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    fake.call("lag", {"seconds": 60})
    broker.submit(buy())
    assert (broker.account().cash, broker.account().shares()) == (Decimal(100_000), {})
    broker.connection.clock.sleep(61)
    assert (broker.account().cash, broker.account().shares()) == (Decimal(95_600), {"QQQ": 10})


# what takes time -----------------------------------------------------------------------------------------


def test_fills_cancels_and_the_order_list_take_a_moment(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    fake.app.clock.moments = True
    hour = timedelta(hours=1)
    order_id = submitted(broker, buy())
    assert shown(broker, order_id).filled_quantity == 0
    assert broker.orders(AT - hour, AT + hour) == []
    fake.call("clock", {"advance": 1})
    assert shown(broker, order_id).state is OrderState.FILLED
    assert [o.order_id for o in broker.orders(AT - hour, AT + hour)] == [order_id]
    limited = submitted(broker, buy("AAPL", name=NAME + "_r1", order_type="limit", limit_price=Decimal(100)))
    broker.cancel(limited)
    assert shown(broker, limited).state is OrderState.CANCEL_PENDING
    fake.call("clock", {"advance": 1})
    assert shown(broker, limited).state is OrderState.CANCELED


def test_an_order_may_fill_although_its_cancel_is_on_the_way(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    fake.app.clock.moments = True
    order_id = submitted(broker, buy("AAPL", order_type="limit", limit_price=Decimal(169)))
    fake.call("clock", {"advance": 1})
    broker.cancel(order_id)
    fake.prices(AAPL=168.0)
    found = shown(broker, order_id)
    assert (found.state, found.filled_quantity) == (OrderState.FILLED, 10)


def test_fractions_are_shown_taken_as_day_orders_and_refused_as_stops(
    fake: FakeAlpaca, broker: AlpacaBroker
) -> None:
    fake.call("account", {"positions": {"QQQ": [8.75, 100.0]}})
    account = broker.account()
    assert account.shares() == {"QQQ": 8}
    assert account.fractions() == {"QQQ": Decimal("8.75")}
    with pytest.raises(BrokerRefused, match="insufficient qty available"):
        broker.submit(OrderRequest("20240312_QQQ_exit_sell", "QQQ", "sell", 9))
    spec = {"symbol": "QQQ", "qty": "0.75", "side": "sell", "type": "market", "time_in_force": "day"}
    fake.call("orders", dict(spec))  # a person sells the part of a share
    fake.clock(advance=30)
    assert fake.state()["positions"] == {"QQQ": 8}
    refused = fake.app.book.refusal({**spec, "qty": "0.5", "type": "stop", "stop_price": "90"})
    assert refused is not None
    assert "fractional" in refused[2]


def test_a_reverse_split_leaves_its_fraction(fake: FakeAlpaca, broker: AlpacaBroker) -> None:
    fake.call("account", {"positions": {"QQQ": [350, 4.0]}})
    fake.call("actions", {"split": {"symbol": "QQQ", "ratio": 1 / 40}})
    assert broker.account().fractions() == {"QQQ": Decimal("8.75")}
