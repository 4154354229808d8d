"""The adapter and the real client against the imitation, when nothing goes wrong."""

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.core.decision import Side
from backtest.core.errors import BrokerError, BrokerRefused, SettingsError
from live.brokers.schwab.broker import SchwabBroker
from live.brokers.schwab.connection import SchwabConnection, http_module, import_schwab, to_loopback
from live.brokers.schwab.token import TokenStore, load_credentials
from live.model.broker import OrderRequest, OrderState
from live.system.redaction import RedactionFilter
from tests.fakes.schwab.harness import ENVIRON
from tests.fakes.schwab.orders import APP_TAG
from tests.fakes.schwab.rig import Rig, rig
from tests.support.broker_contract import shown, submitted

AFTERNOON = datetime(2024, 3, 12, 19, 45, tzinfo=UTC)  # a Tuesday, 15:45 in New York
MORNING = datetime(2024, 3, 12, 12, 0, tzinfo=UTC)


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Rig]:
    with rig(tmp_path, AFTERNOON, {"QQQ": 440.0, "AAPL": 170.0}) as found:
        yield found


def request(symbol: str = "QQQ", side: Side = "buy", quantity: int = 10, **more: Any) -> OrderRequest:
    return OrderRequest("20240312_QQQ_entry_buy", symbol, side, quantity, **more)


def test_a_market_buy_fills_and_shows_up_everywhere(at: Rig) -> None:
    order_id = submitted(at.broker, request())
    order = at.broker.order(order_id)
    assert (order.state, order.filled_quantity, order.average_price) == (OrderState.FILLED, 10, Decimal(440))
    assert order.tag == APP_TAG
    assert at.listed() == []  # the real list misses a new order for a quarter of a second
    at.clock.sleep(1)
    assert [o.order_id for o in at.listed()] == [order_id]
    account = at.broker.account()
    assert account.reference == "***4321"
    assert account.cash == Decimal(95_600)
    assert account.shares() == {"QQQ": 10}


def test_the_body_for_the_journal_is_the_body_that_is_sent(at: Rig) -> None:
    import json

    wanted = at.broker.body(request())
    at.broker.submit(request())
    (sent,) = at.fake.sent()
    assert json.loads(sent["body"]) == wanted


def test_the_stop_waits_for_its_entry_and_then_works(at: Rig) -> None:
    parent = submitted(at.broker, request("AAPL", attached_stop=Decimal("160.00")))
    family = at.broker.family(parent)
    assert [(o.order_id, o.parent_id, o.state) for o in family] == [
        (parent, None, OrderState.FILLED),
        (str(int(parent) + 1), parent, OrderState.WORKING),
    ]
    stop = at.broker.order(family[1].order_id)
    assert (stop.stop_price, stop.time_in_force) == (Decimal(160), "gtc")
    assert stop.expires_at is not None
    assert stop.expires_at > AFTERNOON + timedelta(days=150)
    at.fake.prices(AAPL=159.5)
    assert at.broker.order(stop.order_id).average_price == Decimal("159.5")
    assert at.broker.account().shares() == {}


def test_a_market_order_before_the_open_waits_for_it(tmp_path: Path) -> None:
    with rig(tmp_path, MORNING, {"QQQ": 440.0}) as at:
        order_id = submitted(at.broker, request(time_in_force="opg"))
        assert shown(at.broker, order_id).state is OrderState.PENDING
        at.clock.sleep(90 * 60)
        assert shown(at.broker, order_id).state is OrderState.FILLED


def test_an_opening_order_is_refused_once_the_session_runs(at: Rig) -> None:
    with pytest.raises(BrokerRefused, match="too late for the opening"):
        at.broker.submit(request(time_in_force="opg"))
    assert at.fake.sent() == []


def test_unknown_order_ids_do_not_exist(at: Rig) -> None:
    assert at.broker.order("123456") is None


def test_a_cancel_is_read_back_and_a_second_one_is_refused(tmp_path: Path) -> None:
    with rig(tmp_path, MORNING, {"QQQ": 440.0}) as at:
        order_id = submitted(at.broker, request())
        at.broker.cancel(order_id)
        assert shown(at.broker, order_id).state is OrderState.CANCEL_PENDING
        at.clock.sleep(1)
        assert shown(at.broker, order_id).state is OrderState.CANCELED
        with pytest.raises(BrokerRefused):
            at.broker.cancel(order_id)


def test_the_list_is_asked_in_utc_in_pieces_under_sixty_days(at: Rig) -> None:
    at.broker.submit(request())
    at.clock.sleep(1)
    zone = timedelta(hours=-4)
    from datetime import timezone

    now = at.clock.now().astimezone(timezone(zone))
    found = at.broker.orders(now - timedelta(days=100), now)
    assert len(found) == 1
    asked = [e["query"] for e in at.fake.sent("GET")]
    assert [q["fromEnteredTime"] for q in asked] == ["2023-12-03T19:45:01Z", "2024-01-31T19:45:01Z"]
    assert asked[-1]["toEnteredTime"] == "2024-03-12T19:45:02Z"


@pytest.mark.parametrize(("apart", "whole"), [(20, True), (0, False)])
def test_a_list_that_is_full_is_asked_in_halves_and_never_taken_in_part(
    at: Rig, monkeypatch: pytest.MonkeyPatch, apart: int, *, whole: bool
) -> None:
    """Orders of one second cannot be told apart by halves: that list is refused."""
    monkeypatch.setattr("live.brokers.schwab.broker.MAX_ROWS", 2)
    made = []
    for _ in range(5):
        made.append(at.broker.submit(request(quantity=1)))
        at.clock.sleep(apart)
    at.clock.sleep(1)
    if whole:
        assert [order.order_id for order in at.listed()] == made
        return
    with pytest.raises(BrokerError, match="may be cut"):
        at.listed()


def test_the_clock_offset_comes_from_the_date_header(at: Rig) -> None:
    assert at.broker.clock_offset() is None
    at.fake.clock(skew=90)
    at.broker.account()
    assert at.broker.clock_offset() == timedelta(seconds=90.5)


def test_no_account_configured_is_refused_before_anything_is_sent(at: Rig) -> None:
    broker = SchwabBroker(at.connection, account_last4=None, clock=at.clock)
    with pytest.raises(SettingsError):
        broker.submit(request())
    assert at.fake.sent() == []


def test_preview_places_nothing(at: Rig) -> None:
    assert at.broker.preview(request())["orderValidationResult"]["rejects"] == []
    assert at.fake.state()["orders"] == []


def test_schwab_has_no_client_order_id_lookup(at: Rig) -> None:
    with pytest.raises(NotImplementedError):
        at.broker.find("20240312_QQQ_entry_buy")
    assert not at.broker.honours_client_id


@pytest.mark.parametrize("url", ["https://api.schwabapi.com", "http://10.0.0.1:80", "https://127.0.0.1:1"])
def test_only_loopback_may_stand_in_for_the_broker(at: Rig, url: str) -> None:
    with pytest.raises(SettingsError, match="loopback"):
        to_loopback(at.connection.client.session, url)


def test_the_http_library_is_checked_at_start(at: Rig) -> None:
    assert http_module(at.connection.client.session).__name__ == "httpx"
    with pytest.raises(BrokerError, match="not on httpx"):
        http_module(object())


def test_a_second_user_of_the_token_is_turned_away(at: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TokenStore.own, "__defaults__", (0.1,))
    at.broker.account()
    second = SchwabConnection.open(at.token, load_credentials(ENVIRON, at.token.path.parent), at.clock)
    with pytest.raises(BrokerError, match="another process"):
        second.read("account numbers", lambda client: client.get_account_numbers())


def test_vendor_libraries_never_log_at_debug() -> None:
    logging.getLogger("schwab").setLevel(logging.DEBUG)
    import_schwab()
    assert not logging.getLogger("schwab.client.base").isEnabledFor(logging.DEBUG)


def test_nothing_secret_reaches_the_log_even_at_debug(at: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(RedactionFilter())
    caplog.set_level(logging.DEBUG)
    logging.getLogger("schwab").setLevel(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    try:
        at.broker.submit(request())
        at.broker.account()
        at.fake.fault(method="POST", path="orders$", action="drop")
        with pytest.raises(Exception, match="no usable reply") as caught:
            at.broker.submit(request())
        logging.getLogger("x").error("it failed", exc_info=caught.value)
    finally:
        import_schwab()
    assert "Req" in caplog.text  # the library did log its requests
    for secret in ("87654321", "FAKEACCESS", "FAKEREFRESH", "FAKEAPPKEY", "FAKEAPPSECRET", "FAKEHASH"):
        assert secret not in caplog.text


def test_dividends_and_transfers_are_listed_and_trades_are_not(at: Rig) -> None:
    at.broker.submit(request())
    paid = {"activityId": 9, "time": "2024-03-12T14:00:00+0000", "type": "DIVIDEND_OR_INTEREST"}
    at.fake.app.transactions = [
        {**paid, "netAmount": 5.5, "description": "QQQ DIVIDEND"},
        {**paid, "activityId": 8, "time": "2024-03-01T14:00:00+0000", "netAmount": 4.0},
    ]
    (moved,) = at.broker.cash_movements(date(2024, 3, 11))
    assert (moved.movement_id, moved.kind, moved.amount) == ("9", "dividend", Decimal("5.5"))
