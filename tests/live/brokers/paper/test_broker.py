"""The paper broker: the contract, its rules of time, its faults, its file."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import BrokerError, BrokerRefused, BrokerUnknown
from backtest.core.execution_rules import ExecutionRules
from live.brokers.paper.broker import PaperBroker
from live.model.broker import OrderRequest, OrderState
from live.system.clock import SimulatedClock
from tests.support.broker_contract import BrokerContract, shown, submitted
from tests.support.exec_world import AT, DAY, NEW_YORK, NEXT_DAY, ScriptedFeed, bars


class Market:
    def __init__(self, feed: ScriptedFeed, clock: SimulatedClock) -> None:
        self.feed, self.clock = feed, clock

    def price(self, symbol: str, value: float) -> None:
        self.feed.prices[symbol] = value

    def wait(self, seconds: int) -> None:
        self.clock.sleep(seconds)


@pytest.fixture
def feed() -> ScriptedFeed:
    return ScriptedFeed(prices={"AAA": 100.0, "BBB": 50.0})


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(AT)


@pytest.fixture
def market(feed: ScriptedFeed, clock: SimulatedClock) -> Market:
    return Market(feed, clock)


def paper(feed: ScriptedFeed, clock: SimulatedClock, path: Path | None = None, **kind: Any) -> PaperBroker:
    rules = kind.pop("rules", ExecutionRules())
    return PaperBroker(path, clock=clock, feed=feed, rules=rules, **kind)


class TestPaperContract(BrokerContract):
    BROKER = "paper"
    ABILITIES = frozenset({"client ids", "attached stops"})

    @pytest.fixture(params=["client ids", "no client ids", "no attached stops", "late_cancel"])
    def broker(
        self, request: pytest.FixtureRequest, feed: ScriptedFeed, clock: SimulatedClock
    ) -> PaperBroker:
        kind = {
            "client ids": {},
            "no client ids": {"honours_client_id": False},
            "no attached stops": {"supports_attached_stop": False},
            "late_cancel": {"fault": "late_cancel"},
        }[request.param]
        return paper(feed, clock, **kind)


def buy(symbol: str = "AAA", quantity: int = 10, **more: Any) -> OrderRequest:
    return OrderRequest(f"20250305_{symbol}_entry_buy", symbol, "buy", quantity, **more)


def stop(price: str, quantity: int = 10) -> OrderRequest:
    return OrderRequest(
        "20250305_AAA_stop_sell", "AAA", "sell", quantity, "stop", "gtc", stop_price=Decimal(price)
    )


def test_fills_pay_slippage_and_commission(feed: ScriptedFeed, clock: SimulatedClock) -> None:
    rules = ExecutionRules(slippage_pct=1.0, commission_per_order=2.0)
    broker = paper(feed, clock, rules=rules)
    (execution,) = shown(broker, submitted(broker, buy())).executions
    assert execution.price == Decimal("101.0")  # 100 + 1 %
    assert execution.commission == Decimal("2.0")
    assert broker.account().cash == Decimal(100_000) - Decimal("1012.00")  # 10 x 101 + 2


def test_a_second_opening_finds_the_account_as_it_was_left(
    tmp_path: Path, feed: ScriptedFeed, clock: SimulatedClock
) -> None:
    first = paper(feed, clock, tmp_path / "p.db")
    first.submit(buy(attached_stop=Decimal("90.00")))
    first.close()
    second = paper(feed, clock, tmp_path / "p.db", initial_cash=5.0)
    assert second.account().cash == Decimal(99_000)
    assert second.account().shares() == {"AAA": 10}
    assert [o.state for o in second.orders(AT, AT)] == [OrderState.FILLED, OrderState.WORKING]


def test_a_damaged_account_file_is_an_error_not_a_new_account(
    tmp_path: Path, feed: ScriptedFeed, clock: SimulatedClock
) -> None:
    path = tmp_path / "p.db"
    path.write_bytes(b"this is no database, and it is longer than a header" * 20)
    with pytest.raises(BrokerError) as caught:
        paper(feed, clock, path)
    assert caught.value.exit_code == 6
    assert path.read_bytes().startswith(b"this is no database")


def test_a_stop_that_triggered_between_runs_is_booked_from_the_bars(
    feed: ScriptedFeed, clock: SimulatedClock
) -> None:
    broker = paper(feed, clock)
    broker.submit(buy())
    order_id = submitted(broker, stop("90.00"))
    feed.daily = {"AAA": bars("AAA", {DAY: (95.0, 99.0, 80.0, 98.0), NEXT_DAY: (88.0, 92.0, 85.0, 91.0)})}
    feed.prices["AAA"] = 91.0
    clock.set(datetime(2025, 3, 7, 9, 45, tzinfo=NEW_YORK))
    found = shown(broker, order_id)
    # DAY's low of 80 came before the stop was placed at 15:46; NEXT_DAY gapped through it at the open.
    assert found.average_price == Decimal("88.0")
    assert found.executions[0].at.astimezone(NEW_YORK).date() == NEXT_DAY
    assert broker.account().cash == Decimal(100_000) - 1000 + 880


def test_a_stop_placed_at_the_open_is_at_risk_for_that_whole_session(
    feed: ScriptedFeed, clock: SimulatedClock
) -> None:
    clock.set(datetime(2025, 3, 5, 9, 31, tzinfo=NEW_YORK))
    broker = paper(feed, clock)
    broker.submit(buy())
    order_id = submitted(broker, stop("90.00"))
    feed.daily = {"AAA": bars("AAA", {DAY: (100.0, 101.0, 89.0, 95.0)})}
    feed.prices["AAA"] = 95.0
    clock.set(datetime(2025, 3, 5, 16, 1, tzinfo=NEW_YORK))
    assert shown(broker, order_id).average_price == Decimal("90.0")


def test_a_market_order_outside_the_session_waits_for_the_next_open(
    feed: ScriptedFeed, clock: SimulatedClock
) -> None:
    clock.set(datetime(2025, 3, 5, 17, 0, tzinfo=NEW_YORK))
    broker = paper(feed, clock)
    order_id = submitted(broker, buy())
    assert shown(broker, order_id).state is OrderState.PENDING
    feed.opens["AAA"], feed.prices["AAA"] = 104.0, 107.0
    clock.set(datetime(2025, 3, 6, 9, 45, tzinfo=NEW_YORK))
    assert shown(broker, order_id).average_price == Decimal("104.0")


def test_a_held_order_nobody_looked_at_fills_at_the_open_of_its_session(
    feed: ScriptedFeed, clock: SimulatedClock
) -> None:
    clock.set(datetime(2025, 3, 5, 17, 0, tzinfo=NEW_YORK))
    broker = paper(feed, clock)
    order_id = submitted(broker, buy())
    feed.daily = {"AAA": bars("AAA", {DAY: (1.0, 1.0, 1.0, 1.0), NEXT_DAY: (104.0, 110.0, 100.0, 109.0)})}
    clock.set(datetime(2025, 3, 10, 9, 45, tzinfo=NEW_YORK))
    assert shown(broker, order_id).average_price == Decimal("104.0")


def test_an_unfilled_day_order_expires_with_its_session(feed: ScriptedFeed, clock: SimulatedClock) -> None:
    broker = paper(feed, clock, fault="never")
    order_id = submitted(broker, buy())
    clock.set(datetime(2025, 3, 6, 9, 45, tzinfo=NEW_YORK))
    assert shown(broker, order_id).state is OrderState.EXPIRED
    assert broker.account().shares() == {}


def test_the_attached_stop_of_a_part_filled_buy_covers_what_was_filled(
    feed: ScriptedFeed, clock: SimulatedClock
) -> None:
    broker = paper(feed, clock, fault="partial")
    order_id = submitted(broker, buy(attached_stop=Decimal("90.00")))
    assert shown(broker, order_id).state is OrderState.PARTIAL
    broker.cancel(order_id)
    parent, child = broker.orders(AT, AT)
    assert (parent.state, parent.filled_quantity) == (OrderState.CANCELED, 5)
    assert (child.state, child.quantity) == (OrderState.WORKING, 5)


def test_slow_fills_after_twenty_seconds(feed: ScriptedFeed, clock: SimulatedClock) -> None:
    broker = paper(feed, clock, fault="slow")
    order_id = submitted(broker, buy())
    clock.sleep(19)
    assert shown(broker, order_id).state is OrderState.WORKING
    clock.sleep(1)
    assert shown(broker, order_id).state is OrderState.FILLED


def test_reject_accepts_first_and_gives_a_reason(feed: ScriptedFeed, clock: SimulatedClock) -> None:
    broker = paper(feed, clock, fault="reject")
    found = shown(broker, submitted(broker, buy()))
    assert found.state is OrderState.REJECTED
    assert found.reason


@pytest.mark.parametrize("honours", [True, False])
def test_lost_reply_has_accepted_the_order(feed: ScriptedFeed, clock: SimulatedClock, honours: bool) -> None:
    broker = paper(feed, clock, fault="lost_reply", honours_client_id=honours)
    with pytest.raises(BrokerUnknown):
        broker.submit(buy())
    (shown,) = broker.orders(AT, AT)
    assert shown.filled_quantity == 10
    assert shown.client_order_id == ("20250305_AAA_entry_buy" if honours else None)


def test_late_cancel_can_still_fill(feed: ScriptedFeed, clock: SimulatedClock) -> None:
    broker = paper(feed, clock, fault="late_cancel")
    broker.submit(buy())
    order_id = submitted(broker, stop("90.00"))
    broker.cancel(order_id)
    assert shown(broker, order_id).state is OrderState.CANCEL_PENDING
    feed.prices["AAA"] = 89.0
    assert shown(broker, order_id).state is OrderState.FILLED


def test_a_stop_on_the_wrong_side_is_refused(feed: ScriptedFeed, clock: SimulatedClock) -> None:
    broker = paper(feed, clock)
    broker.submit(buy())
    with pytest.raises(BrokerRefused, match="wrong side"):
        broker.submit(stop("100.00"))


def test_a_figure_without_a_quote_is_unknown_not_zero(feed: ScriptedFeed, clock: SimulatedClock) -> None:
    broker = paper(feed, clock)
    broker.submit(buy())
    del feed.prices["AAA"]
    account = broker.account()
    assert account.equity is None
    assert account.holdings[0].market_value is None


def test_an_interrupted_operation_leaves_nothing_of_itself(
    tmp_path: Path, feed: ScriptedFeed, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.db"
    broker = paper(feed, clock, path)
    monkeypatch.setattr(broker._store, "set_cash", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        broker.submit(buy())
    again = paper(feed, clock, path)
    assert again.account().shares() == {}
    assert again.account().cash == Decimal(100_000)
    assert list(again.orders(AT - timedelta(days=1), AT + timedelta(days=1))) == []
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT count(*) FROM executions").fetchone() == (0,)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["AAA", "BBB"]),
            st.sampled_from(["buy", "sell"]),
            st.integers(1, 900),
            st.floats(10, 200).map(lambda x: round(x, 2)),
        ),
        max_size=12,
    )
)
def test_cash_never_negative_never_short_and_every_cent_explained(
    trades: list[tuple[str, str, int, float]],
) -> None:
    feed, clock = ScriptedFeed(prices={"AAA": 100.0, "BBB": 50.0}), SimulatedClock(AT)
    broker = paper(feed, clock, rules=ExecutionRules(slippage_pct=0.1, commission_per_share=0.01))
    for number, (symbol, side, quantity, price) in enumerate(trades):
        feed.prices[symbol] = price
        try:
            broker.submit(OrderRequest(f"id{number}", symbol, side, quantity))
        except BrokerRefused:
            continue
    account = broker.account()
    assert account.cash >= 0
    assert all(shares > 0 for shares in account.shares().values())
    executions = [e for o in broker.orders(AT, AT) for e in o.executions]
    flows = sum(
        (e.price * e.quantity * (1 if e.side == "sell" else -1) - e.commission for e in executions),
        Decimal(0),
    )
    assert abs(Decimal(100_000) + flows - account.cash) <= Decimal("0.01") * len(executions)
