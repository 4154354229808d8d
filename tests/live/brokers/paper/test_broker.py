"""The paper broker: the contract, its rules of time, its faults, its file."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.decision import Side
from backtest.core.errors import BrokerError, BrokerRefused, BrokerUnknown
from backtest.core.execution_rules import ExecutionRules
from live.brokers.paper.broker import PaperBroker
from live.model.broker import OrderRequest, OrderState
from live.system.clock import SimulatedClock
from tests.support.broker_contract import BrokerContract
from tests.support.exec_world import AT, ScriptedFeed
from tests.support.paper_world import buy, paper, stop


class Market:
    def __init__(self, feed: ScriptedFeed, clock: SimulatedClock) -> None:
        self.feed, self.clock = feed, clock

    def price(self, symbol: str, value: float) -> None:
        self.feed.prices[symbol] = value

    def wait(self, seconds: int) -> None:
        self.clock.sleep(seconds)


@pytest.fixture
def market(feed: ScriptedFeed, clock: SimulatedClock) -> Market:
    return Market(feed, clock)


class TestPaperContract(BrokerContract):
    BROKER = "paper"
    ABILITIES = frozenset({"client ids", "attached stops"})

    @pytest.fixture(params=["client ids", "no client ids", "no attached stops", "late_cancel"])
    def broker(
        self, request: pytest.FixtureRequest, feed: ScriptedFeed, clock: SimulatedClock
    ) -> PaperBroker:
        kinds: dict[str, dict[str, Any]] = {
            "client ids": {},
            "no client ids": {"honours_client_id": False},
            "no attached stops": {"supports_attached_stop": False},
            "late_cancel": {"fault": "late_cancel"},
        }
        return paper(feed, clock, **kinds[request.param])


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


@pytest.mark.parametrize("honours", [True, False])
def test_lost_reply_has_accepted_the_order(feed: ScriptedFeed, clock: SimulatedClock, honours: bool) -> None:
    broker = paper(feed, clock, fault="lost_reply", honours_client_id=honours)
    with pytest.raises(BrokerUnknown):
        broker.submit(buy())
    (shown,) = broker.orders(AT, AT)
    assert shown.filled_quantity == 10
    assert shown.client_order_id == ("20250305_AAA_entry_buy" if honours else None)


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
    trades: list[tuple[str, Side, int, float]],
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
    assert account.cash is not None
    assert account.cash >= 0
    assert all(shares > 0 for shares in account.shares().values())
    executions = [e for o in broker.orders(AT, AT) for e in o.executions]
    flows = sum(
        (e.price * e.quantity * (1 if e.side == "sell" else -1) - e.commission for e in executions),
        Decimal(0),
    )
    assert abs(Decimal(100_000) + flows - account.cash) <= Decimal("0.01") * len(executions)


def test_the_account_as_it_is_kept_fills_nothing_and_asks_no_price(
    feed: ScriptedFeed, clock: SimulatedClock
) -> None:
    broker = paper(feed, clock)
    broker.submit(buy("AAA", 10))
    broker.account()
    broker.submit(stop("90"))
    before = broker.kept()
    feed.prices["AAA"] = 80.0
    assert broker.kept() == before
    assert before.shares() == {"AAA": 10}
    assert [held.market_value for held in before.holdings] == [None]
    assert before.cash is not None
    assert before.equity == before.cash + 10 * (before.holdings[0].average_price or 0)
    assert broker.account().shares() == {}  # asked with prices, the stop fills
