"""Stage 2 as a whole on the paper broker: what a run does, records and answers."""

import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import (
    BrokerError,
    KillSwitchOn,
    LimitError,
)
from live.model.run import DryRun
from live.system.lock import single_instance
from tests.support.exec_world import (
    AT,
    DAY,
    ENTRY,
    NEW_YORK,
    NEXT_DAY,
    StubStrategy,
    enter,
    next_order,
    order,
    outcome,
    run_detail,
    signal,
    states,
    tomorrow,
)


class FailAfter:
    """A broker whose connection breaks for good after so many orders."""

    def __init__(self, inner: Any, orders: Any) -> None:
        self.inner, self.left = inner, orders

    def __getattr__(self, name: Any) -> Any:
        return getattr(self.inner, name)

    def submit(self, request: Any) -> Any:
        try:
            return self.inner.submit(request)
        finally:
            self.left -= 1

    def account(self) -> Any:
        if self.left <= 0:
            raise BrokerError("network is down")
        return self.inner.account()


def test_an_entry_ends_filled_with_its_stop_and_its_trade_recorded(made: Any) -> None:
    enter(made)
    assert states(made) == [("AAA_entry_buy", "FILLED", 100), ("AAA_stop_sell", "WORKING", 0)]
    (position,) = made.ledger.positions.open_positions()
    assert (position.quantity, position.stop_price) == (100, Decimal(90))
    assert position.stop_broker_order_id is not None
    (trade,) = made.ledger.trades.recent()
    assert {name: trade.context.get(name) for name in ("cell", "trend_state", "vol_state")} == {
        "cell": 1,
        "trend_state": "BullStrong",
        "vol_state": "Low",
    }
    assert trade.execution_time == "15min_before_close"
    snapshot = made.ledger.snapshots.latest("golden")
    assert (snapshot.equity, snapshot.cash) == (100_000.0, 90_000.0)
    assert made.ledger.runs.get(DAY, "golden").executor_exit == 0
    state = json.loads((made.folder / "state" / "state.json").read_text())
    assert state["current_positions"] == {"AAA": 100}
    assert list((made.folder / "state" / "backups").iterdir())


def test_kill_level_entries_lets_exits_and_stops_go(made: Any, caplog: pytest.LogCaptureFixture) -> None:
    enter(made)
    made.ledger.state.set_kill("entries", reason="test", by="test", at=made.clock.now())
    tomorrow(
        made,
        [next_order("AAA", "exit", 100, 100.0), next_order("BBB", "entry", 10, 50.0, stop=45.0)],
        positions={"AAA": 100},
        cash=90_000.0,
    )
    assert made.executor() == 0
    assert made.broker.account().shares() == {}
    assert outcome(made, NEXT_DAY) == "partial"
    assert "entries are blocked until `jutsu resume`" in caplog.text


def test_exit_3_kill_switch_all(made: Any) -> None:
    made.write(signal([ENTRY]))
    made.open().ledger.state.set_kill("all", reason="test", by="test", at=made.clock.now())
    with pytest.raises(KillSwitchOn) as caught:
        made.executor()
    assert caught.value.exit_code == 3
    assert states(made) == []


def test_exit_0_when_no_file_is_due_or_it_is_no_session(made: Any) -> None:
    assert made.executor() == 0
    made.clock.set(datetime(2025, 3, 8, 15, 46, tzinfo=NEW_YORK))  # a Saturday
    assert made.executor() == 0


def test_exit_7_when_another_run_is_at_work(made: Any) -> None:
    made.write(signal([ENTRY]))
    busy = single_instance(made.folder / "state", "paper", run_id="other")
    with busy, pytest.raises(LimitError) as caught:
        made.executor()
    assert caught.value.exit_code == 7
    assert "other" in caught.value.line()


def test_exit_6_when_the_broker_is_gone_and_the_next_run_completes(made: Any) -> None:
    made.write(signal([ENTRY]))
    made.wrap = lambda broker: FailAfter(broker, 0)
    with pytest.raises(BrokerError) as caught:
        made.executor(skip_time_check=True)
    assert caught.value.exit_code == 6
    made.wrap = None
    assert made.executor() == 0
    assert made.broker.account().shares() == {"AAA": 100}


def test_place_and_poll(made: Any) -> None:
    opening = StubStrategy(execution_time="open")
    orders = [order("AAA", "entry", 10, 100.0, stop=90.0, order_type="market_on_open")]
    made.clock.set(datetime(2025, 3, 5, 9, 20, tzinfo=NEW_YORK))
    made.write(signal(orders, strategy=opening))
    assert made.executor(strategy=opening, phase="place") == 0
    assert states(made)[0][1] == "PENDING"
    made.clock.set(datetime(2025, 3, 5, 9, 32, tzinfo=NEW_YORK))
    assert made.executor(strategy=opening, phase="poll") == 0
    assert states(made) == [("AAA_entry_buy", "FILLED", 10), ("AAA_stop_sell", "WORKING", 0)]
    assert outcome(made) == "completed"
    assert made.executor(strategy=opening, phase="poll") == 0


def test_an_opening_fill_is_no_news_and_a_stop_that_was_reached_is(made: Any) -> None:
    opening = StubStrategy(execution_time="open")
    made.clock.set(datetime(2025, 3, 5, 9, 20, tzinfo=NEW_YORK))
    bought = order("AAA", "entry", 10, 100.0, stop=90.0, order_type="market_on_open")
    made.write(signal([bought], strategy=opening))
    assert made.executor(strategy=opening, phase="place") == 0
    made.clock.set(datetime(2025, 3, 5, 9, 32, tzinfo=NEW_YORK))
    assert made.executor(strategy=opening, phase="poll") == 0
    assert "found FILLED" not in str(run_detail(made))
    made.feed.opens, made.feed.prices["AAA"] = {"AAA": 100.0}, 80.0
    made.clock.sleep(60.0)
    assert made.executor(strategy=opening, phase="poll") == 0
    assert "AAA: its protective stop was reached: 10 of 10 shares" in str(run_detail(made)["warnings"])


def test_a_dry_run_touches_nothing(made: Any, capsys: pytest.CaptureFixture[str]) -> None:

    from live import executor
    from live.books.variants import BookVariant

    made.write(signal([ENTRY]))
    runtime = replace(made.open(), run=DryRun())
    variants = (BookVariant(StubStrategy(), "primary", "golden"),)
    assert executor.run(runtime, executor.ExecutorRequest(variants=variants)) == 0
    text = capsys.readouterr().out
    assert "buy 100 AAA market (entry)" in text
    assert "stop 90 gtc" in text
    assert states(made) == []
    assert made.broker.orders(AT, AT) == []
