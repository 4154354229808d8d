"""The order protocol over the real Schwab client: for every fault, one order in total and a known end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from backtest.core.decision import Side
from backtest.core.errors import AuthenticationFailed, UnresolvedError
from live.ledger.ledger import Ledger
from live.ledger.orders import OrderPlan
from live.ledger.tables import Order
from live.model.broker import OrderRequest
from live.model.order_state import JournalState as S
from live.orders.submission import Submission
from tests.fakes.schwab.rig import Rig, rig
from tests.support.ledger_samples import journalled

AT = datetime(2024, 3, 12, 19, 45, tzinfo=UTC)
DAY = date(2024, 3, 12)
NAME = "20240312_QQQ_entry_buy"
POST = {"method": "POST", "path": "orders$"}
OWN = "https://api.schwabapi.com/trader/v1/accounts/FAKEHASH0123456789ABCDEF/orders/"


class Desk:
    def __init__(self, at: Rig) -> None:
        self.at, self.fake, self.clock = at, at.fake, at.clock
        self.ledger = Ledger.open("sqlite://", account="schwab-4321", now=AT)
        self.submission = Submission(at.broker, self.ledger, at.clock)

    def plan(
        self,
        name: str = NAME,
        symbol: str = "QQQ",
        side: Side = "buy",
        intent: str = "entry",
        quantity: int = 10,
    ) -> Order:
        plan = OrderPlan(name, "golden", DAY, "online_live", symbol, side, intent, quantity)
        return self.ledger.orders.plan(plan, at=self.clock.now())

    def send(self, **plan: Any) -> Order:
        return self.submission.send(self.plan(**plan))

    def bought(self) -> list[dict[str, Any]]:
        orders = self.fake.state()["orders"]
        return [o for o in orders if o["symbol"] == "QQQ" and o["status"] != "REJECTED"]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with rig(tmp_path, AT, {"QQQ": 440.0, "AAPL": 170.0}, timeout=2.0) as at:
        made = Desk(at)
        yield made
        made.ledger.close()


def test_the_plain_case(desk: Desk) -> None:
    row = desk.send()
    assert (row.state, row.filled_quantity, len(desk.bought())) == (S.FILLED, 10, 1)
    assert row.body == desk.at.broker.body(request(row))


def request(row: Order) -> OrderRequest:
    from live.orders.matching import request_of

    return request_of(row)


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "drop"},
        {"action": "reset"},
        {"action": "truncate"},
        {"action": "hang", "seconds": 3.0},
        {"action": "status", "status": 500, "body": "<h1>Whitelabel</h1>"},
        {"action": "status", "status": 502},
        {"action": "status", "status": 503},
        {"action": "status", "status": 504},
        {"action": "headers", "remove": ["Location"]},
        {"action": "headers", "headers": {"Location": OWN + "1"}},
    ],
)
def test_an_accepted_order_whose_reply_is_broken_is_adopted(desk: Desk, fault: dict[str, Any]) -> None:
    desk.fake.fault(**POST, **fault)
    row = desk.send()
    assert (row.state, row.filled_quantity) == (S.FILLED, 10)
    assert len(desk.bought()) == len(desk.fake.sent()) == 1


def test_the_id_of_another_order_is_not_believed(desk: Desk) -> None:
    other = desk.send(name="20240312_AAPL_entry_buy", symbol="AAPL", quantity=3)
    desk.fake.fault(**POST, action="headers", headers={"Location": f"{OWN}{other.broker_order_id}"})
    row = desk.send()
    assert row.state == S.FILLED
    assert row.broker_order_id != other.broker_order_id


@pytest.mark.parametrize("seconds", [0.25, 5, 45])
def test_a_lost_reply_and_a_lagging_list(desk: Desk, seconds: float) -> None:
    desk.fake.call("lag", {"seconds": seconds})
    desk.fake.fault(**POST, action="drop")
    row = desk.send()
    assert (row.state, len(desk.fake.sent())) == (S.FILLED, 1)


def test_a_list_that_lags_longer_than_the_search_is_for_the_next_run(desk: Desk) -> None:
    desk.fake.call("lag", {"seconds": 90})
    desk.fake.fault(**POST, action="drop")
    with pytest.raises(UnresolvedError) as caught:
        desk.send()
    assert caught.value.exit_code == 8
    desk.clock.sleep(60)
    row = desk.submission.recover(journalled(desk.ledger, NAME), today=DAY)
    assert (row.state, len(desk.bought()), len(desk.fake.sent())) == (S.FILLED, 1, 1)


@pytest.mark.parametrize("fault", [{"action": "drop"}, {"action": "status", "status": 503}])
def test_an_order_that_never_arrived_is_unresolved_today_and_absent_tomorrow(
    desk: Desk, fault: dict[str, Any]
) -> None:
    desk.fake.fault(**POST, point="before", **fault)
    with pytest.raises(UnresolvedError):
        desk.send()
    desk.fake.clock(at="2024-03-13T19:45:00+00:00")
    row = desk.submission.recover(journalled(desk.ledger, NAME), today=date(2024, 3, 13))
    assert (row.state, desk.bought(), len(desk.fake.sent())) == (S.ABSENT, [], 1)


def manual(desk: Desk, tag: str) -> None:
    body = desk.at.broker.body(request(journalled(desk.ledger, NAME)))
    desk.fake.call("orders", {"body": body, "tag": tag})


@pytest.mark.parametrize(
    ("tag", "state"), [("API_TOS:CHART", S.FILLED), ("TA_fakeuser1700000000", S.AMBIGUOUS)]
)
def test_a_manual_order_that_looks_the_same(desk: Desk, tag: str, state: S) -> None:
    desk.send(name="20240312_AAPL_entry_buy", symbol="AAPL", quantity=3)  # teaches our app's tag
    order = desk.plan()
    desk.fake.fault(**POST, action="drop")
    real = desk.at.broker.submit

    def submit(request: OrderRequest) -> Any:
        manual(desk, tag)  # a person clicks in the same second
        return real(request)

    desk.at.broker.submit = submit
    if state is S.FILLED:
        assert desk.submission.send(order).state == state
    else:
        with pytest.raises(UnresolvedError, match="could be any of"):
            desk.submission.send(order)
    assert desk.ledger.orders.get(NAME).state == state


def test_a_refusal_is_final(desk: Desk) -> None:
    desk.fake.fault(**POST, action="status", point="before", status=400, body={"message": "bad tick"})
    row = desk.send()
    assert (row.state, len(desk.fake.sent())) == (S.REFUSED, 1)
    assert "bad tick" in row.state_reason


def test_accepted_and_then_rejected(desk: Desk) -> None:
    row = desk.send(quantity=9_999)
    assert row.state == S.REJECTED
    assert "buying power" in row.state_reason


@pytest.mark.parametrize(("headers", "waited"), [({"Retry-After": "7"}, 7), ({}, 15)])
def test_throttled_orders_wait_as_long_as_asked_and_are_sent_once_more(
    desk: Desk, headers: dict[Any, Any], waited: int
) -> None:
    desk.fake.fault(**POST, action="status", point="before", status=429, headers=headers)
    row = desk.send()
    first, second = desk.fake.sent()
    gap = datetime.fromisoformat(second["at"]) - datetime.fromisoformat(first["at"])
    assert gap.total_seconds() == waited
    assert (row.state, len(desk.bought())) == (S.FILLED, 1)


def test_an_access_token_that_dies_in_between(desk: Desk) -> None:
    desk.fake.fault(**POST, action="status", point="before", status=401)
    row = desk.send()
    assert (row.state, len(desk.bought()), len(desk.fake.sent())) == (S.FILLED, 1, 2)


def test_a_login_that_dies_in_between_sends_nothing(desk: Desk) -> None:
    desk.plan()
    desk.fake.fault(**POST, action="status", point="before", status=401, times=2)
    with pytest.raises(AuthenticationFailed):
        desk.submission.send(journalled(desk.ledger, NAME))
    assert desk.ledger.orders.get(NAME).state == S.PLANNED
    assert desk.bought() == []


@pytest.mark.parametrize("skew", [-90, 90])
def test_the_search_goes_by_the_brokers_clock(desk: Desk, skew: int) -> None:
    desk.fake.clock(skew=skew)
    desk.fake.fault(**POST, action="drop")
    row = desk.send()
    assert (row.state, len(desk.fake.sent())) == (S.FILLED, 1)


def test_an_unknown_status_word_stays_live(desk: Desk) -> None:
    desk.fake.call("scripts", {"match": {"symbol": "QQQ"}, "fills": []})
    desk.fake.fault(method="GET", path="orders/", action="patch", times=9, patch={"status": "NEW_WORD"})
    assert desk.send().state == S.UNKNOWN_LIVE
