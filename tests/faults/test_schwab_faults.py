"""Every fault of the imitation, seen from the adapter: refused, not sent or unknown, and sent how often?"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import (
    AuthenticationFailed,
    BrokerError,
    BrokerRefused,
    BrokerUnknown,
    DataError,
    NotSent,
)
from live.brokers.common import Throttled
from live.model.broker import OrderRequest, OrderState
from tests.fakes.schwab.rig import Rig, rig
from tests.support.broker_contract import submitted

AT = datetime(2024, 3, 12, 19, 45, tzinfo=UTC)
ORDERS = {"method": "POST", "path": "orders$"}
TOKEN = {"method": "POST", "path": "oauth/token"}


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Rig]:
    with rig(tmp_path, AT, {"QQQ": 440.0, "AAPL": 170.0}, timeout=2.0) as found:
        found.broker.account()  # account chosen, connection warm: what follows is about orders
        yield found


def buy(symbol: str = "QQQ", quantity: int = 10, **more: Any) -> OrderRequest:
    return OrderRequest("20240312_QQQ_entry_buy", symbol, "buy", quantity, **more)


def accepted(at: Rig) -> list[dict[str, Any]]:
    return [o for o in at.fake.state()["orders"] if o["parent"] is None]


# a reply that never comes --------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["drop", "reset", "truncate", "hang"])
@pytest.mark.parametrize("point", ["before", "after"])
def test_a_lost_reply_is_unknown_and_never_sent_twice(at: Rig, action: str, point: str) -> None:
    at.fake.fault(**ORDERS, action=action, point=point, seconds=3.0)
    with pytest.raises(BrokerUnknown) as caught:
        at.broker.submit(buy())
    assert caught.value.exit_code == 8
    assert len(at.fake.sent()) == 1
    assert len(accepted(at)) == (1 if point == "after" else 0)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 409])
@pytest.mark.parametrize("point", ["before", "after"])
def test_a_server_error_says_nothing_about_the_order(at: Rig, status: int, point: str) -> None:
    at.fake.fault(**ORDERS, action="status", point=point, status=status, body="<h1>Whitelabel</h1>")
    with pytest.raises(BrokerUnknown):
        at.broker.submit(buy())
    assert len(at.fake.sent()) == 1


def test_the_lost_order_is_in_the_list(at: Rig) -> None:
    before = {o.order_id for o in at.listed()}
    at.fake.fault(**ORDERS, action="drop")
    with pytest.raises(BrokerUnknown):
        at.broker.submit(buy())
    at.clock.sleep(1)
    (new,) = [o for o in at.listed() if o.order_id not in before]
    assert (new.symbol, new.quantity, new.state) == ("QQQ", 10, OrderState.FILLED)


@pytest.mark.parametrize("how", [{"remove": ["Location"]}, {"headers": {"Location": "https://x/y"}}])
def test_accepted_without_a_usable_id(at: Rig, how: dict[str, Any]) -> None:
    at.fake.fault(**ORDERS, action="headers", **how)
    assert at.broker.submit(buy()) is None
    assert len(accepted(at)) == 1


def test_accepted_with_an_id_of_another_account(at: Rig) -> None:
    place = "https://api.schwabapi.com/trader/v1/accounts/OTHERHASH/orders/5"
    at.fake.fault(**ORDERS, action="headers", headers={"Location": place})
    assert at.broker.submit(buy()) is None


def test_accepted_with_the_id_of_another_order_can_be_seen_by_reading_it(at: Rig) -> None:
    first = submitted(at.broker, buy("AAPL", 3))
    place = f"https://api.schwabapi.com/trader/v1/accounts/FAKEHASH0123456789ABCDEF/orders/{first}"
    at.fake.fault(**ORDERS, action="headers", headers={"Location": place})
    claimed = at.broker.order(submitted(at.broker, buy()))
    assert (claimed.symbol, claimed.quantity) == ("AAPL", 3)


@pytest.mark.parametrize("seconds", [0.25, 5, 90])
def test_the_list_lags_but_the_order_can_be_read_at_once(at: Rig, seconds: float) -> None:
    at.fake.fault(**ORDERS, action="list_lag", seconds=seconds)
    order_id = submitted(at.broker, buy())
    assert at.listed() == []
    assert at.broker.order(order_id).order_id == order_id
    at.clock.sleep(seconds + 0.01)
    assert [o.order_id for o in at.listed()] == [order_id]


def test_manual_look_alikes_carry_another_tag(at: Rig) -> None:
    mine = at.broker.order(submitted(at.broker, buy()))
    at.fake.call("orders", {"body": at.broker.body(buy())})
    at.clock.sleep(1)
    tags = {o.order_id: o.tag for o in at.listed()}
    assert tags.pop(mine.order_id) == mine.tag
    assert list(tags.values()) == ["API_TOS:CHART"]


# a definite no -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_refusal_is_final_and_keeps_the_reason(at: Rig, status: int) -> None:
    at.fake.fault(**ORDERS, action="status", point="before", status=status, body={"message": "tick size"})
    with pytest.raises(BrokerRefused, match="tick size"):
        at.broker.submit(buy())
    assert len(at.fake.sent()) == 1


def test_the_imitation_refuses_what_schwab_refuses(at: Rig) -> None:
    with pytest.raises(BrokerError):
        at.broker.preview(OrderRequest("x", "QQQ", "buy", 0))

    def placed(body: dict[str, Any]) -> Any:
        return at.connection.post(lambda client: client.place_order(at.broker._hash, body))

    spec = at.broker.body(buy())
    for wrong in (
        {"session": "SEAMLESS"},
        {"duration": None},
        {"requestedDestination": "AUTO"},
        {"orderType": "STOP", "stopPrice": "90.123"},
    ):
        assert placed(spec | wrong).status_code == 400
    assert accepted(at) == []


def test_accepted_then_rejected_shows_the_reason(at: Rig) -> None:
    order = at.broker.order(submitted(at.broker, buy(quantity=10_000)))
    assert order.state is OrderState.REJECTED
    assert "buying power" in order.reason


def test_selling_shares_that_a_stop_holds_is_rejected(at: Rig) -> None:
    at.broker.submit(buy(attached_stop=Decimal("400.00")))
    order = at.broker.order(submitted(at.broker, OrderRequest("x", "QQQ", "sell", 10)))
    assert order.state is OrderState.REJECTED
    assert "oversold" in order.reason


@pytest.mark.parametrize(("headers", "wait"), [({"Retry-After": "7"}, 7.0), ({}, None)])
def test_throttled_orders_were_not_taken_and_say_how_long_to_wait(
    at: Rig, headers: dict[Any, Any], wait: float | None
) -> None:
    at.fake.fault(**ORDERS, action="status", point="before", status=429, headers=headers)
    with pytest.raises(Throttled) as caught:
        at.broker.submit(buy())
    assert isinstance(caught.value, NotSent)
    assert caught.value.retry_after == wait
    assert len(at.fake.sent()) == 1


def test_retry_after_may_be_a_date(at: Rig) -> None:
    headers = {"Retry-After": "Tue, 12 Mar 2024 19:45:09 GMT"}
    at.fake.fault(**ORDERS, action="status", point="before", status=429, headers=headers)
    with pytest.raises(Throttled) as caught:
        at.broker.submit(buy())
    assert caught.value.retry_after == 9.0


# reads are repeated, within bounds -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 503},
        {"action": "status", "status": 429},
        {"action": "status", "status": 429, "headers": {"Retry-After": "3"}},
        {"action": "status", "status": 200, "body": "<html>"},
        {"action": "drop"},
        {"action": "reset"},
        {"action": "hang", "seconds": 0.5},
    ],
)
def test_a_read_survives_passing_trouble(at: Rig, fault: dict[str, Any]) -> None:
    at.fake.fault(method="GET", path="orders$", point="before", times=2, **fault)
    assert at.listed() == []
    assert len(at.fake.sent("GET")) == 3


def test_a_read_gives_up_in_time(at: Rig) -> None:
    at.fake.fault(method="GET", path="orders$", point="before", times=None, action="status", status=503)
    began = at.clock.now()
    with pytest.raises(BrokerError, match="503"):
        at.listed()
    assert at.clock.now() - began < timedelta(seconds=30)
    assert len(at.fake.sent("GET")) == 5


def test_a_long_retry_after_is_not_waited_for(at: Rig) -> None:
    headers = {"Retry-After": "600"}
    at.fake.fault(method="GET", path="orders$", point="before", action="status", status=429, headers=headers)
    began = at.clock.now()
    with pytest.raises(BrokerError):
        at.listed()
    assert at.clock.now() - began < timedelta(seconds=1)


def test_a_gateway_404_does_not_prove_that_an_order_is_missing(at: Rig) -> None:
    order_id = submitted(at.broker, buy())
    at.fake.fault(method="GET", path="orders/", point="before", action="status", status=404, body="<html>")
    with pytest.raises(BrokerError):
        at.broker.order(order_id)


def test_fills_that_do_not_add_up_are_read_again(at: Rig) -> None:
    order_id = submitted(at.broker, buy())
    at.fake.fault(
        method="GET", path="orders/", times=2, action="patch", patch={"orderActivityCollection": []}
    )
    order = at.broker.order(order_id)
    assert order.average_price == Decimal(440)
    assert len(at.fake.sent("GET", f"orders/{order_id}")) == 3


# fills ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["CANCELED", "EXPIRED"])
def test_a_partial_fill_that_ends_keeps_its_exact_part(at: Rig, end: str) -> None:
    fills = [{"quantity": 3, "price": 440.1}, {"quantity": 1, "price": 440.5, "after": 2}]
    at.fake.call("scripts", {"match": {"symbol": "QQQ"}, "fills": fills, "end": end, "after": 10})
    order_id = submitted(at.broker, buy())
    assert at.broker.order(order_id).state is OrderState.PARTIAL
    at.clock.sleep(11)
    order = at.broker.order(order_id)
    assert (order.state, order.filled_quantity) == (OrderState(end), 4)
    assert order.average_price == (Decimal("1320.3") + Decimal("440.5")) / 4
    assert at.broker.account().shares() == {"QQQ": 4}


def test_a_day_order_that_never_fills_expires_at_the_close(at: Rig) -> None:
    at.fake.call("scripts", {"match": {"symbol": "QQQ"}, "fills": []})
    order_id = submitted(at.broker, buy())
    assert at.broker.order(order_id).state is OrderState.WORKING
    at.clock.sleep(16 * 60)
    assert at.broker.order(order_id).state is OrderState.EXPIRED


def stop_of(at: Rig) -> str:
    parent = submitted(at.broker, buy("AAPL", attached_stop=Decimal("160.00")))
    return at.broker.family(parent)[1].order_id


def test_a_stop_that_fills_before_our_cancel(at: Rig) -> None:
    stop = stop_of(at)
    at.fake.fault(method="DELETE", action="cancel_race", how="fill_first")
    with pytest.raises(BrokerRefused):
        at.broker.cancel(stop)
    order = at.broker.order(stop)
    assert (order.state, order.average_price) == (OrderState.FILLED, Decimal(160))
    assert at.broker.account().shares() == {}


def test_a_stop_that_fills_during_our_cancel(at: Rig) -> None:
    stop = stop_of(at)
    at.fake.fault(method="DELETE", action="cancel_race", how="fill_after")
    at.broker.cancel(stop)
    assert at.broker.order(stop).state is OrderState.FILLED


def test_a_slow_cancel_is_pending_and_then_done(at: Rig) -> None:
    stop = stop_of(at)
    at.fake.fault(method="DELETE", action="cancel_race", how="slow")
    at.broker.cancel(stop)
    assert at.broker.order(stop).state is OrderState.CANCEL_PENDING
    at.clock.sleep(3)
    assert at.broker.order(stop).state is OrderState.CANCELED


@pytest.mark.parametrize("action", ["drop", "reset"])
def test_a_cancel_without_reply_is_repeated_safely(at: Rig, action: str) -> None:
    stop = stop_of(at)
    at.fake.fault(method="DELETE", action=action)
    with pytest.raises(BrokerRefused):  # the second DELETE finds it cancelled already
        at.broker.cancel(stop)
    assert at.broker.order(stop).state is OrderState.CANCELED


def test_a_split_moves_quantity_and_stop_and_a_reverse_split_cancels_it(at: Rig) -> None:
    stop = stop_of(at)
    at.fake.call("actions", {"split": {"symbol": "AAPL", "ratio": 2}})
    order = at.broker.order(stop)
    assert (order.quantity, order.stop_price) == (20, Decimal(80))
    assert at.broker.account().shares() == {"AAPL": 20}
    at.fake.call("actions", {"split": {"symbol": "AAPL", "ratio": 0.5}})
    assert at.broker.order(stop).state is OrderState.CANCELED


def test_a_dividend_lowers_the_stop_under_the_same_id(at: Rig) -> None:
    stop = stop_of(at)
    at.fake.call("actions", {"dividend": {"symbol": "AAPL", "amount": 0.24}})
    assert at.broker.order(stop).stop_price == Decimal("159.76")


def test_a_stop_triggers_while_nobody_looks(tmp_path: Path) -> None:
    from tests.fakes.market import Market  # noqa: F401 - the day's low comes from bars

    with rig(tmp_path, AT) as at:
        rows = [
            {"date": "2024-03-12", "open": 170, "high": 172, "low": 169, "close": 171, "volume": 1},
            {"date": "2024-03-13", "open": 168, "high": 168, "low": 158, "close": 165, "volume": 1},
        ]
        at.fake.call("market", {"bars": {"AAPL": rows}})
        stop = stop_of(at)
        at.fake.clock(at="2024-03-14T12:00:00+00:00")
        order = at.broker.order(stop)
        assert (order.state, order.average_price) == (OrderState.FILLED, Decimal(160))


# strange words -------------------------------------------------------------------------------------------


def test_an_unknown_status_counts_as_live_and_keeps_the_row(at: Rig) -> None:
    order_id = submitted(at.broker, buy())
    at.fake.fault(method="GET", path="orders/", action="patch", patch={"status": "SOMETHING_NEW", "extra": 1})
    order = at.broker.order(order_id)
    assert order.state is OrderState.UNKNOWN_LIVE
    assert not order.state.terminal
    assert order.raw["extra"] == 1


def test_null_balances_are_unknown_never_zero(at: Rig) -> None:
    nulls = dict.fromkeys(("cashBalance", "buyingPower", "liquidationValue", "availableFunds", "equity"))
    patch = {"securitiesAccount": {"currentBalances": nulls}}
    at.fake.fault(method="GET", path="ABCDEF$", action="patch", patch=patch)
    account = at.broker.account()
    assert (account.cash, account.buying_power, account.equity) == (None, None, None)


def test_unknown_asset_types_are_kept(at: Rig) -> None:
    row = {"longQuantity": 5.0, "instrument": {"assetType": "TULIP", "symbol": "T1"}}
    at.fake.call("account", {"extra_rows": [row]})
    assert [h.asset_type for h in at.broker.account().holdings] == ["tulip"]
    assert at.broker.account().shares() == {}


def test_cash_account_with_unsettled_proceeds(at: Rig) -> None:
    at.fake.call("account", {"type": "CASH"})
    at.broker.submit(buy())
    at.broker.submit(OrderRequest("x", "QQQ", "sell", 10))
    account = at.broker.account()
    assert (account.cash, account.settled_cash) == (Decimal(100_000), Decimal(95_600))
    at.fake.clock(at="2024-03-13T14:00:00+00:00")
    assert at.broker.account().settled_cash == Decimal(100_000)


# token ---------------------------------------------------------------------------------------------------


def test_an_access_token_that_dies_between_read_and_order_is_refreshed_for_another_try(at: Any) -> None:
    at.fake.call("tokens", {"revoke": "access"})
    with pytest.raises(NotSent, match="renewed"):  # whether it may still leave is the caller's question
        at.broker.submit(buy())
    assert accepted(at) == []
    assert at.broker.submit(buy()) is not None
    assert [e["status"] for e in at.fake.sent()] == [401, 201]
    assert len(accepted(at)) == 1


def test_a_fresh_token_that_is_refused_too_needs_a_login(at: Rig) -> None:
    at.fake.fault(**ORDERS, action="status", point="before", status=401, times=2)
    with pytest.raises(NotSent):
        at.broker.submit(buy())
    with pytest.raises(AuthenticationFailed):
        at.broker.submit(buy())
    assert len(at.fake.sent()) == 2
    assert accepted(at) == []


@pytest.mark.parametrize("call", ["submit", "account"])
def test_a_dead_refresh_token_needs_a_login_and_sends_nothing(at: Rig, call: str) -> None:
    at.fake.clock(advance=8 * 86400)
    at.fake.clock(at="2024-03-20T19:45:00+00:00")
    with pytest.raises(AuthenticationFailed, match="auth login") as caught:
        at.broker.submit(buy()) if call == "submit" else at.broker.account()
    assert caught.value.exit_code == 6
    assert accepted(at) == []


def expire(at: Rig) -> None:
    at.connection.client.session.token["expires_at"] = int(time.time()) + 10


def test_the_token_endpoint_is_asked_before_the_order_so_its_failure_is_harmless(at: Rig) -> None:
    expire(at)
    at.fake.fault(**TOKEN, action="status", point="before", status=503)
    with pytest.raises(NotSent):
        at.broker.submit(buy())
    assert at.fake.sent() == []
    assert at.broker.submit(buy()) is not None


def test_an_html_refusal_of_the_token_endpoint_sends_nothing(at: Rig) -> None:
    expire(at)
    at.fake.fault(
        **TOKEN,
        action="status",
        point="before",
        status=403,
        body="<H1>Access Denied</H1>",
        content_type="text/html",
    )
    with pytest.raises(AuthenticationFailed):
        at.broker.submit(buy())
    assert at.fake.sent() == []


@pytest.mark.parametrize("action", ["drop", "hang", "reset"])
def test_a_token_endpoint_that_falls_silent_is_not_a_lost_order(at: Rig, action: str) -> None:
    expire(at)
    at.fake.fault(**TOKEN, action=action, point="before", seconds=3.0)
    with pytest.raises(NotSent):
        at.broker.submit(buy())
    assert at.fake.sent() == []


def test_a_token_that_cannot_be_kept_stops_before_the_order(at: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("live.brokers.schwab.token.write_atomic", full)
    expire(at)
    with pytest.raises(NotSent, match="No space left"):
        at.broker.submit(buy())
    assert at.fake.sent() == []


def test_no_server_at_all_is_not_sent(at: Rig) -> None:
    at.fake.server.shutdown()
    at.fake.server.server_close()
    at.connection.client.session.close()
    with rig(at.token.path.parent / "other", AT, {"QQQ": 440.0}) as other:
        other.broker.account()
        other.fake.server.shutdown()
        other.fake.server.server_close()
        other.connection.client.session._transport.close()
        with pytest.raises(NotSent):
            other.broker.submit(buy())


# data ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        ({"realtime": False}, {"realtime": False}),
        ({"securityStatus": "Halted"}, {"status": "halted"}),
        ({"securityStatus": "Weird"}, {"status": "unknown"}),
        ({"bidPrice": 0.0}, {"bid": None}),
        ({"remove": ["tradeTime"]}, {"trade_time": None}),
        ({"remove": ["quoteTime"]}, {"quote_time": None}),
        ({"age_seconds": 300}, {"quote_time": AT - timedelta(seconds=300)}),
        ({"bidPrice": 441.0, "askPrice": 440.0}, {"bid": 441.0, "ask": 440.0}),
    ],
)
def test_bad_quotes_say_what_is_wrong_with_them(
    at: Rig, script: dict[str, Any], seen: dict[str, Any]
) -> None:
    at.fake.prices(QQQ=script)
    quote = at.feed.quotes(["QQQ"], AT)["QQQ"]
    assert {name: getattr(quote, name) for name in seen} == seen


def test_missing_and_unknown_symbols_are_left_out(at: Rig) -> None:
    at.fake.prices(AAPL={"missing": True})
    assert list(at.feed.quotes(["QQQ", "AAPL", "NOPE"], AT)) == ["QQQ"]


@pytest.mark.parametrize("hours", [None, ["09:30", "13:00"]])
def test_market_hours_that_disagree_with_the_calendar_stop_everything(
    at: Rig, hours: list[str] | None
) -> None:
    at.fake.call("market", {"hours": {"2024-03-12": hours}})
    with pytest.raises(DataError, match="disagree"):
        at.feed.quotes(["QQQ"], AT)


def test_more_order_requests_than_an_app_may_send_a_minute_are_not_taken(at: Rig) -> None:
    at.fake.app.orders_a_minute = 2
    for _ in range(2):
        at.broker.submit(buy(quantity=1))
    with pytest.raises(Throttled):
        at.broker.submit(buy(quantity=1))
    assert len(at.fake.app.book.roots) == 2
    at.clock.sleep(60)
    at.broker.submit(buy(quantity=1))
    assert len(at.fake.app.book.roots) == 3
