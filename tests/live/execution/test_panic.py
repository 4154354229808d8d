"""`jutsu panic`: cancel everything, sell what the books own, under the ids everybody uses."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import BrokerError, BrokerRefused
from live.execution import panic
from live.ledger.orders import OrderPlan
from live.model.broker import OrderRequest
from live.model.order_state import JournalState
from tests.support.exec_world import (
    AT,
    DAY,
    ENTRY,
    Wrapped,
    enter,
    order,
    signal,
)
from tests.support.paths import PROJECT


def sells_after_panic(made: Any, **changes: Any) -> Any:
    made.write(signal([order("AAA", "entry", 100, 100.0, stop=90.0, rank=1.0)]))
    made.executor()
    runtime = replace(made.open(), **changes)
    panic.close_everything(runtime)
    rows = made.ledger.orders.of_session(DAY, "golden")
    return [row.client_order_id for row in rows if row.reason == "panic"]


def test_the_shipped_books_give_panic_the_ids_of_the_executor(made: Any) -> None:
    made.overrides["books"] = [{"primary": "golden"}, {"primary": "ema_p10", "run": "on_request"}]
    assert sells_after_panic(made, strategies=PROJECT / "config/strategies") == ["20250305_AAA_exit_sell"]


def test_two_daily_books_give_prefixed_ids(made: Any) -> None:
    made.overrides["books"] = [
        {"primary": "golden", "budget_pct": 50},
        {"primary": "ema_p10", "budget_pct": 50},
    ]
    assert sells_after_panic(made, strategies=PROJECT / "config/strategies") == [
        "golden_20250305_AAA_exit_sell"
    ]


def test_panic_sells_although_a_strategy_file_cannot_be_read(made: Any, tmp_path: Path) -> None:
    made.overrides["books"] = [{"primary": "golden"}, {"primary": "gone", "run": "on_request"}]
    assert sells_after_panic(made, strategies=tmp_path / "nowhere") == ["golden_20250305_AAA_exit_sell"]
    assert made.holdings().get("AAA", 0) == 0


def test_panic_closes_everything_in_spite_of_the_kill_switch(made: Any) -> None:
    enter(made, ENTRY, order("BBB", "entry", 100, 50.0, stop=45.0, rank=1.0))
    made.ledger.state.set_kill("all", reason="test", by="test", at=made.clock.now())
    result = panic.close_everything(made.open())
    assert result.problems == []
    assert len(result.cancelled) == 2
    assert made.broker.account().shares() == {} == made.ledger.positions.shares()
    assert made.ledger.state.kill_level() == "all"
    assert all(o.state.terminal for o in made.broker.orders(AT, AT + timedelta(hours=1)))


def test_panic_sets_the_switch_although_the_broker_fails(made: Any) -> None:
    enter(made)

    class Broken:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: Any) -> Any:
            return getattr(self.inner, name)

        def orders(self, since: Any, until: Any) -> None:
            raise BrokerError("503")

        def cancel(self, order_id: Any) -> None:
            raise BrokerError("503")

    made.wrap = Broken
    result = panic.close_everything(made.open())
    assert result.problems
    assert made.ledger.state.kill_level() == "all"


def test_panic_stops_everything_else_before_it_begins(made: Any) -> None:
    made.write(signal([ENTRY]))
    made.executor()
    runtime = made.open()
    seen = []

    def submit(inner: Any, request: Any) -> Any:
        seen.append(runtime.ledger.state.kill_level())
        return inner.submit(request)

    panic.close_everything(replace(runtime, broker=Wrapped(runtime.broker, submit=submit)))
    assert seen == ["all"]


def hold_two(made: Any) -> Any:
    enter(made, ENTRY, order("BBB", "entry", 100, 50.0, stop=45.0, rank=1.0))


def unknown_order(made: Any, symbol: Any) -> Any:
    name = f"20250305_{symbol}_increase_buy"
    plan = OrderPlan(name, "golden", DAY, "offline_mock", symbol, "buy", "increase", 10)
    orders, now = made.open().ledger.orders, made.clock.now()
    orders.plan(plan, at=now)
    orders.transition(name, JournalState.SENDING, at=now, ids_before=[])
    orders.transition(name, JournalState.UNKNOWN, at=now, state_reason="no reply")


def live_stops(made: Any) -> Any:
    listed = made.broker.orders(AT, AT + timedelta(hours=1))
    return {o.symbol: o.quantity for o in listed if not o.state.terminal and o.order_type == "stop"}


def by_hand(made: Any, symbol: Any, side: Any, quantity: Any, **more: Any) -> Any:
    request = OrderRequest(f"hand_{symbol}_{side}_{quantity}", symbol, side, quantity, **more)
    return made.broker.submit(request)


@pytest.mark.parametrize("symbol", ["CCC", "BBB"])
def test_an_unresolved_order_blocks_only_its_own_symbol(made: Any, symbol: Any) -> None:
    made.honours_client_id = False
    hold_two(made)
    unknown_order(made, symbol)
    result = panic.close_everything(made.open())
    expected = {} if symbol == "CCC" else {"BBB": 100}
    assert made.holdings() == expected
    assert live_stops(made) == expected  # what is still held still has its stop
    assert any(symbol in text and "UNKNOWN" in text for text in result.problems)


def test_a_stop_goes_only_when_its_sell_is_next(made: Any) -> None:
    hold_two(made)
    seen = []

    def submit(inner: Any, request: Any) -> Any:
        seen.append((request.symbol, sorted(live_stops(made))))
        return inner.submit(request)

    runtime = made.open()
    panic.close_everything(replace(runtime, broker=Wrapped(runtime.broker, submit=submit)))
    assert seen == [("AAA", ["BBB"]), ("BBB", [])]


def refusing(inner: Any, request: Any) -> Any:
    if request.order_type == "market" and request.symbol == "AAA":
        raise BrokerRefused("trading in this symbol is restricted")
    return inner.submit(request)


def test_the_stop_is_back_when_the_sell_is_refused(made: Any) -> None:
    hold_two(made)
    made.wrap = lambda broker: Wrapped(broker, submit=refusing)
    result = panic.close_everything(made.open())
    assert made.holdings() == {"AAA": 100}
    assert live_stops(made) == {"AAA": 100}
    position = made.ledger.positions.get("golden", "AAA")
    assert position.stop_price == Decimal(90)
    assert made.broker.order(position.stop_broker_order_id).state == "WORKING"
    assert any("restricted" in text for text in result.problems)
    assert "AAA: 100 shares of ours" in result.left
    # nothing that panic planned is sent by a later run
    assert all(o.state != JournalState.PLANNED for o in made.ledger.orders.unfinished())


def test_the_stop_is_back_for_what_a_sell_left(made: Any) -> None:
    hold_two(made)
    made.fault = "partial"

    def submit(inner: Any, request: Any) -> Any:
        order_id = inner.submit(request)
        if request.order_type == "market":
            inner.order(order_id)  # half of it fills
            inner.cancel(order_id)  # the exchange ends it
        return order_id

    made.wrap = lambda broker: Wrapped(broker, submit=submit)
    result = panic.close_everything(made.open())
    left = made.holdings()
    assert left
    assert made.ledger.positions.shares() == left == live_stops(made)
    assert any("sold" in text for text in result.problems)


def test_a_stop_that_cannot_be_cancelled_stays_and_its_shares_are_named(made: Any) -> None:
    hold_two(made)
    stuck = made.ledger.positions.get("golden", "AAA").stop_broker_order_id

    def cancel(inner: Any, order_id: Any) -> Any:
        if order_id == stuck:
            raise BrokerRefused("too late to cancel")
        return inner.cancel(order_id)

    made.wrap = lambda broker: Wrapped(broker, cancel=cancel)
    result = panic.close_everything(made.open())
    assert made.holdings() == {"AAA": 100}
    assert any("AAA" in text and "stays" in text for text in result.problems)


def test_panic_sells_what_the_broker_holds_when_the_ledger_says_more(made: Any) -> None:
    enter(made, order("AAA", "entry", 70, 100.0))
    by_hand(made, "AAA", "sell", 20)
    result = panic.close_everything(made.open())
    assert made.holdings() == {}
    assert any("ledger says 70 shares, the broker holds 50" in text for text in result.problems)


def test_foreign_shares_and_orders_are_named_and_left_alone(made: Any) -> None:
    enter(made)
    by_hand(made, "BBB", "buy", 30)
    by_hand(made, "BBB", "sell", 30, order_type="stop", stop_price=Decimal(40), time_in_force="gtc")
    result = panic.close_everything(made.open())
    assert result.problems == []
    assert made.holdings() == {"BBB": 30}
    assert live_stops(made) == {"BBB": 30}
    assert "BBB: 30 shares that no book owns" in result.left
    assert any("not ours" in text for text in result.left)


def test_everything_sells_foreign_shares_and_cancels_foreign_orders_too(made: Any) -> None:
    enter(made)
    by_hand(made, "AAA", "buy", 5)
    by_hand(made, "BBB", "buy", 30)
    by_hand(made, "BBB", "sell", 30, order_type="stop", stop_price=Decimal(40), time_in_force="gtc")
    runtime = made.open()
    found = panic.foreign(runtime)
    assert found.shares == {"AAA": 5, "BBB": 30}
    assert [(o.symbol, o.quantity) for o in found.orders] == [("BBB", 30)]
    result = panic.close_everything(runtime, everything=True)
    assert (result.problems, result.left) == ([], [])
    assert made.holdings() == {} == made.ledger.positions.shares()
    assert live_stops(made) == {}


def test_panic_alerts_before_it_sells_and_backs_up_after(made: Any) -> None:
    hold_two(made)
    backups = made.folder / "state" / "backups"
    for old in backups.iterdir():
        old.unlink()
    seen = []

    def submit(inner: Any, request: Any) -> Any:
        told = [a.level for a in made.ledger.alerts.recent() if a.title == "panic began"]
        seen.append((told, list(backups.iterdir())))
        return inner.submit(request)

    made.wrap = lambda broker: Wrapped(broker, submit=submit)
    panic.close_everything(made.open())
    assert seen == [(["critical"], []), (["critical"], [])]
    assert list(backups.iterdir())


def test_without_the_account_nothing_is_sold_and_every_stop_stays(made: Any) -> None:
    hold_two(made)

    def account(inner: Any) -> Any:
        raise BrokerError("503")

    made.wrap = lambda broker: Wrapped(broker, account=account)
    result = panic.close_everything(made.open())
    assert live_stops(made) == {"AAA": 100, "BBB": 100}
    assert any("nothing was sold" in text for text in result.problems)
