"""Taking the broker's truth into the books."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from live.model.broker import Holding, OrderRequest
from live.reconciliation.adopt import adopt
from live.reconciliation.compare import compare
from tests.support.exec_world import AT, DAY, ENTRY, enter, next_order, order, signal, tomorrow


def test_adopting_a_split_scales_cost_and_stop_and_the_next_run_resizes_the_stop(made: Any) -> None:
    enter(made, order("AAA", "entry", 100, 100.0, stop=93.0))
    (position,) = made.ledger.positions.open_positions()
    made.broker.cancel(position.stop_broker_order_id)  # brokers cancel or adjust them
    with made.broker._store.transaction():
        made.broker._store.set_position("AAA", 200, Decimal(50))
    made.feed.prices["AAA"] = 50.0
    made.feed.opens["AAA"] = made.feed.lows["AAA"] = 50.0
    runtime = made.open()
    result = compare(runtime.ledger, runtime.broker.account(), {}, cash_jump_pct=10.0)
    assert [line.kind for line in result.lines] == ["split_like"]
    adopt(runtime.ledger, runtime.broker.account(), result, at=made.clock.now(), by="test")
    tomorrow(made, [], positions={"AAA": 200}, cash=90_000.0)
    assert made.executor() == 0
    (position,) = made.ledger.positions.open_positions()
    assert (position.quantity, position.entry_price) == (200, Decimal(50))
    alive = [o for o in made.broker.orders(AT, AT + timedelta(days=2)) if not o.state.terminal]
    assert [(o.quantity, o.stop_price) for o in alive] == [(200, Decimal("46.50"))]


def test_shares_that_came_back_are_adopted_by_the_book_that_traded_them(made: Any) -> None:
    enter(made, order("AAA", "entry", 10, 100.0))
    tomorrow(made, [next_order("AAA", "exit", 10, 100.0)], positions={"AAA": 10}, cash=99_000.0)
    assert made.executor() == 0
    made.broker.submit(OrderRequest("by hand", "AAA", "buy", 5))
    account = made.broker.account()
    result = compare(made.ledger, account, {}, cash_jump_pct=10.0)
    assert not result.agrees
    adopt(made.ledger, account, result, at=made.clock.now(), by="test")
    assert compare(made.ledger, account, {}, cash_jump_pct=10.0).agrees
    assert made.ledger.positions.shares("golden") == {"AAA": 5}


def test_shares_taken_back_into_a_book_need_their_stop_again(made: Any) -> None:
    made.write(signal([ENTRY]))
    made.executor()
    runtime = made.open()
    row = runtime.ledger.positions.get("golden", "AAA")
    runtime.ledger.positions.close(row.id, session=DAY, reason="by mistake")
    account = runtime.broker.account()
    result = compare(runtime.ledger, account, {}, cash_jump_pct=10)
    adopt(runtime.ledger, account, result, at=AT, by="me")
    again = runtime.ledger.positions.get("golden", "AAA")
    assert (again.quantity, again.needs_stop) == (100, True)
    assert again.details == row.details


def test_a_short_position_is_never_taken_into_the_books(made: Any) -> None:
    made.write(signal([ENTRY]))
    made.executor()
    runtime = made.open()
    account = runtime.broker.account()
    short = replace(account, holdings=(Holding("AAA", Decimal(-10), Decimal(80), Decimal(-1000)),))
    result = compare(runtime.ledger, short, {}, cash_jump_pct=1000)
    changes = adopt(runtime.ledger, short, result, at=AT, by="me")
    assert "by hand" in changes[0]
    assert runtime.ledger.positions.get("golden", "AAA").quantity == 100
