"""Selling in a panic: no position is without its stop longer than its sell takes, and none is sold twice."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import BrokerError, BrokerRefused
from live.execution.closing import Closing
from live.ledger.orders import OrderPlan
from live.ledger.tables import Order
from live.model.order_state import JournalState
from live.orders.attempts import may_fill
from live.orders.submission import Submission
from live.runtime.runtime import RunContext, Runtime
from tests.support.exec_world import (
    DAY,
    ENTRY,
    World,
    Wrapped,
    by_hand,
    enter,
    hold_two,
    live_stops,
    order,
    panic_in,
    signal,
)
from tests.support.paths import PROJECT


def closing(made: World) -> Closing:
    """Return the tool on a fresh process of this world."""
    runtime = made.open()
    return Closing(
        runtime.context, runtime.broker, Submission(runtime.broker, runtime.ledger, runtime.clock), [], []
    )


def plan(runtime: Runtime | RunContext, name: str, **more: Any) -> Order:
    wanted: dict[str, Any] = {"side": "sell", "intent": "exit", "quantity": 100, **more}
    return runtime.ledger.orders.plan(
        OrderPlan(f"20250305_{name}", "golden", DAY, "offline_mock", "AAA", **wanted), at=runtime.clock.now()
    )


def test_one_symbol_is_sold_and_its_stop_is_off(made: World) -> None:
    hold_two(made)
    tool = closing(made)
    (sent,) = tool.sell_symbol("AAA")
    assert (sent.client_order_id, sent.quantity, sent.filled_quantity) == ("20250305_AAA_exit_sell", 100, 100)
    assert (sent.reason, sent.intent) == ("panic", "exit")
    assert tool.problems == []
    assert [text.split(" (")[0] for text in tool.cancelled] == ["AAA stop 100"]
    assert tool.stops == {sent.client_order_id: Decimal(90)}
    assert made.holdings() == live_stops(made) == {"BBB": 100}


def test_a_symbol_nobody_holds_is_not_sold(made: World) -> None:
    hold_two(made)
    tool = closing(made)
    assert tool.sell_symbol("CCC") == []
    assert (tool.problems, tool.cancelled) == ([], [])


def test_an_earlier_sell_that_still_lives_is_not_doubled(made: World) -> None:
    enter(made, order("AAA", "entry", 100, 100.0))
    made.fault = "never"
    tool = closing(made)
    earlier = tool.submission.send(plan(tool.context, "AAA_reduce_sell", intent="reduce"))
    assert may_fill(earlier)
    assert tool.sell_symbol("AAA") == []
    assert tool.problems == ["AAA: an earlier sell is still alive, so it was not sold again"]
    assert made.holdings() == {"AAA": 100}


@pytest.mark.parametrize("state", [JournalState.SENDING, JournalState.UNKNOWN])
def test_a_symbol_with_an_order_of_unknown_fate_is_left_with_its_stop(
    made: World, state: JournalState
) -> None:
    enter(made, ENTRY)
    tool = closing(made)
    ledger, now = tool.context.ledger.orders, made.clock.now()
    name = plan(tool.context, "AAA_exit_sell").client_order_id
    ledger.transition(name, JournalState.SENDING, at=now, ids_before=[])
    if state is JournalState.UNKNOWN:
        ledger.transition(name, JournalState.UNKNOWN, at=now, state_reason="no reply")
    assert tool.sell_symbol("AAA") == []
    assert made.holdings() == live_stops(made) == {"AAA": 100}


def test_never_more_is_sold_than_the_broker_holds(made: World) -> None:
    enter(made, order("AAA", "entry", 70, 100.0))
    by_hand(made, "AAA", "sell", 20)
    tool = closing(made)
    (sent,) = tool.sell_symbol("AAA")
    assert sent.filled_quantity == 50
    assert tool.problems == ["AAA: the ledger says 70 shares, the broker holds 50"]


def test_shares_that_are_gone_are_not_sold_and_foreign_ones_stay(made: World) -> None:
    enter(made, order("AAA", "entry", 70, 100.0))
    by_hand(made, "AAA", "sell", 70)
    tool = closing(made)
    assert tool.sell_symbol("AAA") == []
    assert tool.problems == ["AAA: the ledger says 70 shares, the broker holds 0"]
    by_hand(made, "BBB", "buy", 30)
    assert tool.sell_symbol("BBB") == []
    assert made.holdings() == {"BBB": 30}


def test_two_books_with_one_symbol_together_sell_what_is_there(made: World) -> None:
    enter(made, order("AAA", "entry", 70, 100.0))
    by_hand(made, "AAA", "buy", 20)
    tool = closing(made)
    tool.context.ledger.positions.buy(
        "titan", "AAA", 50, Decimal(100), session=DAY, mode="offline_mock", at=made.clock.now()
    )
    sent = tool.sell_symbol("AAA")  # 120 in the books, 90 at the broker
    assert sorted((row.variant, row.quantity) for row in sent) == [("golden", 70), ("titan", 20)]
    assert made.holdings() == {}


def test_an_account_that_cannot_be_read_leaves_everything_as_it_is(made: World) -> None:
    hold_two(made)

    def account(_: Any) -> Any:
        raise BrokerError("503")

    made.wrap = lambda broker: Wrapped(broker, account=account)
    tool = closing(made)
    assert tool.sell_symbol("AAA") == []
    assert "the account cannot be read" in tool.problems[0]
    assert live_stops(made) == {"AAA": 100, "BBB": 100}


def test_stops_the_broker_attached_are_adopted_so_that_they_can_be_cancelled(made: World) -> None:
    made.write(signal([ENTRY]))
    runtime = made.open()
    tool = Closing(
        runtime.context, runtime.broker, Submission(runtime.broker, runtime.ledger, runtime.clock), [], []
    )
    buy = plan(runtime, "AAA_entry_buy", side="buy", intent="entry", stop_price=Decimal(90))
    tool.submission.send(buy)
    assert not [o for o in runtime.ledger.orders.recent() if o.intent == "stop"]
    for _ in range(2):  # a second look finds nothing new
        tool.adopt_attached_stops()
    (stop,) = [o for o in runtime.ledger.orders.recent() if o.intent == "stop"]
    assert (stop.quantity, stop.stop_price, stop.parent_client_order_id) == (
        100,
        Decimal(90),
        buy.client_order_id,
    )
    assert len(tool.sell_symbol("AAA")) == 1
    assert made.holdings() == live_stops(made) == {}


def test_a_stop_attached_before_the_list_of_59_days_begins_is_found_too(made: World) -> None:
    made.write(signal([ENTRY]))
    runtime = made.open()
    submission = Submission(runtime.broker, runtime.ledger, runtime.clock)
    submission.send(plan(runtime, "AAA_entry_buy", side="buy", intent="entry", stop_price=Decimal(90)))
    made.clock.sleep(70 * 86_400)
    Closing(runtime.context, runtime.broker, submission, [], []).adopt_attached_stops()
    (stop,) = [o for o in runtime.ledger.orders.recent() if o.intent == "stop"]
    assert (stop.symbol, stop.stop_price) == ("AAA", Decimal(90))


def refusing(inner: Any, request: Any) -> Any:
    if request.order_type == "market" and request.symbol == "AAA":
        raise BrokerRefused("trading in this symbol is restricted")
    return inner.submit(request)


def test_the_stop_is_back_when_the_sell_is_refused(made: World) -> None:
    hold_two(made)
    made.wrap = lambda broker: Wrapped(broker, submit=refusing)
    result = panic_in(made.open())
    assert made.holdings() == {"AAA": 100}
    assert live_stops(made) == {"AAA": 100}
    position = made.ledger.positions.get("golden", "AAA")
    assert position is not None
    assert position.stop_price == Decimal(90)
    stop = made.broker.order(str(position.stop_broker_order_id))
    assert stop is not None
    assert stop.state == "WORKING"
    assert any("restricted" in text for text in result.problems)
    assert "AAA: 100 shares of ours" in result.left
    # nothing that panic planned is sent by a later run
    assert all(o.state != JournalState.PLANNED for o in made.ledger.orders.unfinished())


def test_a_stop_that_cannot_be_put_back_is_the_first_thing_said(made: World) -> None:
    hold_two(made)

    def submit(_: Any, request: Any) -> Any:
        raise BrokerRefused(f"{request.symbol} is restricted")

    made.wrap = lambda broker: Wrapped(broker, submit=submit)
    tool = closing(made)
    tool.problems.append("something earlier")
    assert tool.sell_symbol("AAA") == []
    assert tool.problems[0].startswith("AAA: 100 shares have NO STOP: ")
    assert "restricted" in tool.problems[0]


def test_a_position_that_had_no_stop_gets_none(made: World) -> None:
    enter(made, order("AAA", "entry", 100, 100.0))
    made.wrap = lambda broker: Wrapped(broker, submit=refusing)
    tool = closing(made)
    assert tool.sell_symbol("AAA") == []
    assert live_stops(made) == {}
    assert not any("NO STOP" in text for text in tool.problems)


def test_the_stop_is_back_for_what_a_sell_left(made: World) -> None:
    hold_two(made)
    made.fault = "partial"

    def submit(inner: Any, request: Any) -> Any:
        order_id = inner.submit(request)
        if request.order_type == "market":
            inner.order(order_id)  # half of it fills
            inner.cancel(order_id)  # the exchange ends it
        return order_id

    made.wrap = lambda broker: Wrapped(broker, submit=submit)
    result = panic_in(made.open())
    left = made.holdings()
    assert left
    assert made.ledger.positions.shares() == left == live_stops(made)
    assert any("sold" in text for text in result.problems)


def test_a_stop_that_cannot_be_cancelled_stays_and_its_shares_are_named(made: World) -> None:
    hold_two(made)
    position = made.ledger.positions.get("golden", "AAA")
    assert position is not None
    stuck = position.stop_broker_order_id

    def cancel(inner: Any, order_id: str) -> Any:
        if order_id == stuck:
            raise BrokerRefused("too late to cancel")
        return inner.cancel(order_id)

    made.wrap = lambda broker: Wrapped(broker, cancel=cancel)
    result = panic_in(made.open())
    assert made.holdings() == {"AAA": 100}
    assert any("AAA" in text and "stays" in text for text in result.problems)


def test_a_stop_goes_only_when_its_sell_is_next(made: World) -> None:
    hold_two(made)
    seen = []

    def submit(inner: Any, request: Any) -> Any:
        seen.append((request.symbol, sorted(live_stops(made))))
        return inner.submit(request)

    runtime = made.open()
    panic_in(replace(runtime, broker=Wrapped(runtime.broker, submit=submit)))
    assert seen == [("AAA", ["BBB"]), ("BBB", [])]


def sells_after_panic(made: World, **changes: Any) -> list[str]:
    enter(made, order("AAA", "entry", 100, 100.0, stop=90.0, rank=1.0))
    runtime = replace(made.open(), **changes)
    panic_in(runtime)
    rows = made.ledger.orders.of_session(DAY, "golden")
    return [row.client_order_id for row in rows if row.reason == "panic"]


def test_the_shipped_books_give_panic_the_ids_of_the_executor(made: World) -> None:
    made.overrides["books"] = [{"primary": "golden"}, {"primary": "ema_p10", "run": "on_request"}]
    assert sells_after_panic(made, strategies=PROJECT / "config/strategies") == ["20250305_AAA_exit_sell"]


def test_two_daily_books_give_prefixed_ids(made: World) -> None:
    made.overrides["books"] = [
        {"primary": "golden", "budget_pct": 50},
        {"primary": "ema_p10", "budget_pct": 50},
    ]
    assert sells_after_panic(made, strategies=PROJECT / "config/strategies") == [
        "golden_20250305_AAA_exit_sell"
    ]


def test_panic_sells_although_a_strategy_file_cannot_be_read(made: World, tmp_path: Path) -> None:
    made.overrides["books"] = [{"primary": "golden"}, {"primary": "gone", "run": "on_request"}]
    assert sells_after_panic(made, strategies=tmp_path / "nowhere") == ["golden_20250305_AAA_exit_sell"]
    assert made.holdings().get("AAA", 0) == 0
