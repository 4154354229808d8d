"""What makes time pass for the paper account: stops, held orders, ends of days, faults."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from backtest.core.execution_rules import ExecutionRules
from live.model.broker import OrderState
from live.system.clock import SimulatedClock
from tests.support.broker_contract import shown, submitted
from tests.support.exec_world import AT, DAY, NEW_YORK, NEXT_DAY, ScriptedFeed, bars
from tests.support.paper_world import buy, paper, stop


def test_fills_pay_slippage_and_commission(feed: ScriptedFeed, clock: SimulatedClock) -> None:
    rules = ExecutionRules(slippage_pct=1.0, commission_per_order=2.0)
    broker = paper(feed, clock, rules=rules)
    (execution,) = shown(broker, submitted(broker, buy())).executions
    assert execution.price == Decimal("101.0")  # 100 + 1 %
    assert execution.commission == Decimal("2.0")
    assert broker.account().cash == Decimal(100_000) - Decimal("1012.00")  # 10 x 101 + 2


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


def test_late_cancel_can_still_fill(feed: ScriptedFeed, clock: SimulatedClock) -> None:
    broker = paper(feed, clock, fault="late_cancel")
    broker.submit(buy())
    order_id = submitted(broker, stop("90.00"))
    broker.cancel(order_id)
    assert shown(broker, order_id).state is OrderState.CANCEL_PENDING
    feed.prices["AAA"] = 89.0
    assert shown(broker, order_id).state is OrderState.FILLED


def test_a_limit_that_waited_for_the_open_never_pays_more(feed: ScriptedFeed, clock: SimulatedClock) -> None:
    clock.set(datetime(2025, 3, 5, 17, 0, tzinfo=NEW_YORK))
    broker = paper(feed, clock)
    order_id = submitted(broker, buy(order_type="limit", limit_price=Decimal("101.00")))
    feed.opens["AAA"], feed.prices["AAA"] = 104.0, 102.0
    clock.set(datetime(2025, 3, 6, 9, 45, tzinfo=NEW_YORK))
    assert shown(broker, order_id).state is OrderState.WORKING
    feed.prices["AAA"] = 100.5
    assert shown(broker, order_id).average_price == Decimal("100.5")


def test_slippage_counts_against_a_limit(feed: ScriptedFeed, clock: SimulatedClock) -> None:
    broker = paper(feed, clock, rules=ExecutionRules(slippage_pct=1.0))
    order_id = submitted(broker, buy(order_type="limit", limit_price=Decimal("100.99")))
    assert shown(broker, order_id).state is OrderState.WORKING  # it would pay 101.00


@pytest.mark.parametrize(("open_", "filled"), [(100.5, 10), (101.5, 0)])
def test_a_limit_nobody_looked_at_fills_at_the_open_or_expires(
    feed: ScriptedFeed, clock: SimulatedClock, open_: float, filled: int
) -> None:
    clock.set(datetime(2025, 3, 5, 17, 0, tzinfo=NEW_YORK))
    broker = paper(feed, clock)
    order_id = submitted(broker, buy(order_type="limit", limit_price=Decimal("101.00")))
    feed.daily = {"AAA": bars("AAA", {DAY: (95.0, 99.0, 80.0, 98.0), NEXT_DAY: (open_, 105.0, 90.0, 104.0)})}
    clock.set(datetime(2025, 3, 7, 9, 45, tzinfo=NEW_YORK))
    found = shown(broker, order_id)
    assert (found.filled_quantity, found.state.terminal) == (filled, True)
