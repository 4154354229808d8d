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


class Sender:
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
def sender(tmp_path: Path) -> Iterator[Sender]:
    with rig(tmp_path, AT, {"QQQ": 440.0, "AAPL": 170.0}, timeout=2.0) as at:
        made = Sender(at)
        yield made
        made.ledger.close()


def test_the_plain_case(sender: Sender) -> None:
    row = sender.send()
    assert (row.state, row.filled_quantity, len(sender.bought())) == (S.FILLED, 10, 1)
    assert row.body == sender.at.broker.body(request(row))


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
def test_an_accepted_order_whose_reply_is_broken_is_adopted(sender: Sender, fault: dict[str, Any]) -> None:
    sender.fake.fault(**POST, **fault)
    row = sender.send()
    assert (row.state, row.filled_quantity) == (S.FILLED, 10)
    assert len(sender.bought()) == len(sender.fake.sent()) == 1


def test_the_id_of_another_order_is_not_believed(sender: Sender) -> None:
    other = sender.send(name="20240312_AAPL_entry_buy", symbol="AAPL", quantity=3)
    sender.fake.fault(**POST, action="headers", headers={"Location": f"{OWN}{other.broker_order_id}"})
    row = sender.send()
    assert row.state == S.FILLED
    assert row.broker_order_id != other.broker_order_id


@pytest.mark.parametrize("seconds", [0.25, 5, 45])
def test_a_lost_reply_and_a_lagging_list(sender: Sender, seconds: float) -> None:
    sender.fake.call("lag", {"seconds": seconds})
    sender.fake.fault(**POST, action="drop")
    row = sender.send()
    assert (row.state, len(sender.fake.sent())) == (S.FILLED, 1)


def test_a_list_that_lags_longer_than_the_search_is_for_the_next_run(sender: Sender) -> None:
    sender.fake.call("lag", {"seconds": 90})
    sender.fake.fault(**POST, action="drop")
    with pytest.raises(UnresolvedError) as caught:
        sender.send()
    assert caught.value.exit_code == 8
    sender.clock.sleep(60)
    row = sender.submission.recover(journalled(sender.ledger, NAME), today=DAY)
    assert (row.state, len(sender.bought()), len(sender.fake.sent())) == (S.FILLED, 1, 1)


@pytest.mark.parametrize("fault", [{"action": "drop"}, {"action": "status", "status": 503}])
def test_an_order_that_never_arrived_is_unresolved_today_and_absent_tomorrow(
    sender: Sender, fault: dict[str, Any]
) -> None:
    sender.fake.fault(**POST, point="before", **fault)
    with pytest.raises(UnresolvedError):
        sender.send()
    sender.fake.clock(at="2024-03-13T19:45:00+00:00")
    row = sender.submission.recover(journalled(sender.ledger, NAME), today=date(2024, 3, 13))
    assert (row.state, sender.bought(), len(sender.fake.sent())) == (S.ABSENT, [], 1)


def manual(sender: Sender, tag: str) -> None:
    body = sender.at.broker.body(request(journalled(sender.ledger, NAME)))
    sender.fake.call("orders", {"body": body, "tag": tag})


@pytest.mark.parametrize(
    ("tag", "state"), [("API_TOS:CHART", S.FILLED), ("TA_fakeuser1700000000", S.AMBIGUOUS)]
)
def test_a_manual_order_that_looks_the_same(
    sender: Sender, tag: str, state: S, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.send(name="20240312_AAPL_entry_buy", symbol="AAPL", quantity=3)  # teaches our app's tag
    order = sender.plan()
    sender.fake.fault(**POST, action="drop")
    real = sender.at.broker.submit

    def submit(request: OrderRequest) -> Any:
        manual(sender, tag)  # a person clicks in the same second
        return real(request)

    monkeypatch.setattr(sender.at.broker, "submit", submit)
    if state is S.FILLED:
        assert sender.submission.send(order).state == state
    else:
        with pytest.raises(UnresolvedError, match="could be any of"):
            sender.submission.send(order)
    assert sender.ledger.orders.get(NAME).state == state


def test_a_refusal_is_final(sender: Sender) -> None:
    sender.fake.fault(**POST, action="status", point="before", status=400, body={"message": "bad tick"})
    row = sender.send()
    assert (row.state, len(sender.fake.sent())) == (S.REFUSED, 1)
    assert "bad tick" in row.state_reason


def test_accepted_and_then_rejected(sender: Sender) -> None:
    row = sender.send(quantity=9_999)
    assert row.state == S.REJECTED
    assert "buying power" in row.state_reason


@pytest.mark.parametrize(("headers", "waited"), [({"Retry-After": "7"}, 7), ({}, 15)])
def test_throttled_orders_wait_as_long_as_asked_and_are_sent_once_more(
    sender: Sender, headers: dict[Any, Any], waited: int
) -> None:
    sender.fake.fault(**POST, action="status", point="before", status=429, headers=headers)
    row = sender.send()
    first, second = sender.fake.sent()
    gap = datetime.fromisoformat(second["at"]) - datetime.fromisoformat(first["at"])
    assert gap.total_seconds() == waited
    assert (row.state, len(sender.bought())) == (S.FILLED, 1)


def test_an_access_token_that_dies_in_between(sender: Sender) -> None:
    sender.fake.fault(**POST, action="status", point="before", status=401)
    row = sender.send()
    assert (row.state, len(sender.bought()), len(sender.fake.sent())) == (S.FILLED, 1, 2)


def test_a_login_that_dies_in_between_sends_nothing(sender: Sender) -> None:
    sender.plan()
    sender.fake.fault(**POST, action="status", point="before", status=401, times=2)
    with pytest.raises(AuthenticationFailed):
        sender.submission.send(journalled(sender.ledger, NAME))
    assert sender.ledger.orders.get(NAME).state == S.PLANNED
    assert sender.bought() == []


@pytest.mark.parametrize("skew", [-90, 90])
def test_the_search_goes_by_the_brokers_clock(sender: Sender, skew: int) -> None:
    sender.fake.clock(skew=skew)
    sender.fake.fault(**POST, action="drop")
    row = sender.send()
    assert (row.state, len(sender.fake.sent())) == (S.FILLED, 1)


def test_an_unknown_status_word_stays_live(sender: Sender) -> None:
    sender.fake.call("scripts", {"match": {"symbol": "QQQ"}, "fills": []})
    sender.fake.fault(method="GET", path="orders/", action="patch", times=9, patch={"status": "NEW_WORD"})
    assert sender.send().state == S.UNKNOWN_LIVE
