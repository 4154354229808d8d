"""`jutsu panic`: cancel everything, sell what the books own, under the ids everybody uses."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backtest.core.errors import BrokerError
from backtest.strategies.family import ALLOCATION
from live.books.memory import memory_of_primary
from live.execution import panic
from live.ledger.generation import generation_file
from live.ledger.orders import OrderPlan
from live.model.order_state import JournalState
from tests.support.exec_world import (
    AT,
    DAY,
    ENTRY,
    NEXT_DAY,
    StubStrategy,
    Wrapped,
    by_hand,
    enter,
    hold_two,
    live_stops,
    order,
    panic_in,
    signal,
)


def test_panic_closes_everything_in_spite_of_the_kill_switch(made: Any) -> None:
    enter(made, ENTRY, order("BBB", "entry", 100, 50.0, stop=45.0, rank=1.0))
    made.ledger.state.set_kill("all", reason="test", by="test", at=made.clock.now())
    result = panic_in(made.open())
    assert result.problems == []
    assert len(result.cancelled) == 2
    assert made.broker.account().shares() == {} == made.ledger.positions.shares()
    assert made.ledger.state.kill_level() == "all"
    sold = {t.symbol: (t.quantity, t.fill_price) for t in made.ledger.trades.recent(9) if t.action == "sell"}
    assert sold == {"AAA": (100, Decimal(100)), "BBB": (100, Decimal(50))}
    assert all(o.state.terminal for o in made.broker.orders(AT, AT + timedelta(hours=1)))


def test_the_sale_of_a_book_that_is_configured_no_more_is_a_trade_too(made: Any) -> None:
    enter(made)
    made.overrides = {"books": [{"primary": "other"}]}
    panic_in(made.open())
    sold = [(t.variant, t.symbol, t.quantity) for t in made.ledger.trades.recent(9) if t.action == "sell"]
    assert sold == [("golden", "AAA", 100)]


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
    result = panic_in(made.open())
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

    panic_in(replace(runtime, broker=Wrapped(runtime.broker, submit=submit)))
    assert seen == ["all"]


def unknown_order(made: Any, symbol: Any) -> Any:
    name = f"20250305_{symbol}_increase_buy"
    plan = OrderPlan(name, "golden", DAY, "offline_mock", symbol, "buy", "increase", 10)
    orders, now = made.open().ledger.orders, made.clock.now()
    orders.plan(plan, at=now)
    orders.transition(name, JournalState.SENDING, at=now, ids_before=[])
    orders.transition(name, JournalState.UNKNOWN, at=now, state_reason="no reply")


@pytest.mark.parametrize("symbol", ["CCC", "BBB"])
def test_an_unresolved_order_blocks_only_its_own_symbol(made: Any, symbol: Any) -> None:
    made.honours_client_id = False
    hold_two(made)
    unknown_order(made, symbol)
    result = panic_in(made.open())
    expected = {} if symbol == "CCC" else {"BBB": 100}
    assert made.holdings() == expected
    assert live_stops(made) == expected  # what is still held still has its stop
    assert any(symbol in text and "UNKNOWN" in text for text in result.problems)


def test_panic_sells_what_the_broker_holds_when_the_ledger_says_more(made: Any) -> None:
    enter(made, order("AAA", "entry", 70, 100.0))
    by_hand(made, "AAA", "sell", 20)
    result = panic_in(made.open())
    assert made.holdings() == {}
    assert any("ledger says 70 shares, the broker holds 50" in text for text in result.problems)


def test_foreign_shares_and_orders_are_named_and_left_alone(made: Any) -> None:
    enter(made)
    by_hand(made, "BBB", "buy", 30)
    by_hand(made, "BBB", "sell", 30, order_type="stop", stop_price=Decimal(40), time_in_force="gtc")
    result = panic_in(made.open())
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
    found = panic.foreign(runtime.context, runtime.broker)
    assert found.shares == {"AAA": 5, "BBB": 30}
    assert [(o.symbol, o.quantity) for o in found.orders] == [("BBB", 30)]
    result = panic_in(runtime, everything=True)
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
        levels = [a.level for a in made.ledger.alerts.recent() if a.title == "panic began"]
        seen.append((levels, list(backups.iterdir())))
        return inner.submit(request)

    made.wrap = lambda broker: Wrapped(broker, submit=submit)
    panic_in(made.open())
    assert seen == [(["critical"], []), (["critical"], [])]
    assert list(backups.iterdir())


def test_a_ledger_that_cannot_be_counted_keeps_every_stop(made: Any) -> None:
    hold_two(made)
    file = generation_file(Path(made.ledger.where))
    made.ledger.close()
    file.unlink()
    file.mkdir()  # as on a disk that takes no new file
    before = live_stops(made)
    result = panic_in(made.open())
    assert "every stop stays" in result.problems[0]
    assert live_stops(made) == before != {}
    assert made.holdings() == {"AAA": 100, "BBB": 100}
    assert made.ledger.alerts.recent(1)[0].level == "critical"


def test_without_the_account_nothing_is_sold_and_every_stop_stays(made: Any) -> None:
    hold_two(made)

    def account(inner: Any) -> Any:
        raise BrokerError("503")

    made.wrap = lambda broker: Wrapped(broker, account=account)
    result = panic_in(made.open())
    assert live_stops(made) == {"AAA": 100, "BBB": 100}
    assert any("nothing was sold" in text for text in result.problems)


def test_afterwards_the_strategy_remembers_that_nothing_is_held(made: Any) -> None:
    """It remembered the old targets: for weeks no orders, and nobody was told why."""
    made.write(signal([ENTRY], memory={"held": {"AAA": 0.1}}))
    assert made.executor() == 0
    strategy: Any = StubStrategy(family=ALLOCATION)
    assert memory_of_primary(made.ledger, strategy, before=NEXT_DAY) == {"held": {"AAA": 0.1}}
    panic_in(made.open())
    assert made.holdings() == {}
    assert memory_of_primary(made.ledger, strategy, before=NEXT_DAY) == {"held": {}}
