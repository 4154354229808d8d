"""A stop covers what the account holds and nobody else's order binds; the rest is named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import DisagreementError
from live.execution.stop_sizes import Cover
from live.ledger.tables import PositionRow
from live.model.broker import BrokerOrder, OrderState
from tests.support.exec_world import AT, ENTRY, enter, tomorrow

POSITION = PositionRow.of({"variant": "golden", "symbol": "AAA", "quantity": 100})


def test_a_cover_of_all_shares_says_nothing() -> None:
    assert Cover(100, 100).problem(POSITION) == ""


@pytest.mark.parametrize(("shares", "words"), [(60, "a stop for 60 is placed"), (0, "no stop is placed")])
def test_shares_that_are_not_there_are_named(shares: int, words: str) -> None:
    problem = Cover(shares, shares).problem(POSITION)
    assert problem == f"AAA: {words}: the account shows {shares} of the 100 shares of the books"


def test_shares_that_another_order_binds_are_named_with_it() -> None:
    other = BrokerOrder("7", "AAA", "sell", 60, 0, OrderState.WORKING, "stop", "gtc")
    problem = Cover(40, 100, (other,)).problem(POSITION)
    assert "AAA sell 60 stop gtc, 0 filled, WORKING (order 7)" in problem
    assert "`jutsu resolve --broker-order 7 --adopt --variant golden` takes it over" in problem


def test_the_stop_of_a_position_that_shrank_at_the_broker_covers_what_is_left(made: Any) -> None:
    enter(made, ENTRY)
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    made.open()
    store = made.broker._store
    with store.transaction():
        store._db.execute("UPDATE orders SET state = 'CANCELED', live = 0 WHERE order_type = 'stop'")
        store._db.execute("UPDATE positions SET quantity = 60")
    for _ in range(2):
        with pytest.raises(DisagreementError, match="AAA"):
            made.executor()
        listed = made.broker.orders(AT, made.clock.now())
        alive = [
            (o.quantity, o.stop_price) for o in listed if o.order_type == "stop" and not o.state.terminal
        ]
        assert alive == [(60, Decimal("90.0"))]
