"""A session without a file still puts a missing stop in place, and does nothing else."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import BrokerRefused, DisagreementError
from live.execution.verdict import OrdersMissed
from live.model.broker import OrderRequest
from live.orders.listing import living
from tests.support.exec_world import AT, World, Wrapped, enter, order, states, world


@pytest.fixture
def made(tmp_path: Any) -> World:
    """AAA was bought in the session before; today has no file yet, and somebody ended its stop."""
    traded = world(tmp_path)
    enter(traded, order("AAA", "entry", 100, 100.0, stop=90.0))
    traded.clock.set(AT + timedelta(days=1))
    (stop,) = (o for o in living(traded.broker, traded.clock) if o.order_type == "stop")
    traded.broker.cancel(stop.order_id)
    return traded


def stops(made: World) -> dict[str, int]:
    """Symbol -> shares of the stops that rest, however old."""
    return {o.symbol: o.quantity for o in living(made.broker, made.clock) if o.order_type == "stop"}


def test_the_stop_is_back_and_the_session_is_as_it_was(made: World) -> None:
    for _ in range(2):
        assert made.executor() == 0
        assert stops(made) == {"AAA": 100}
        assert [run.session for run in made.ledger.runs.recent(9)] == [AT.date()]
        assert [state for name, state, _ in states(made) if "stop" in name] == ["CANCELED", "WORKING"]


class Refusing(Wrapped):
    """A broker that takes no order."""

    def submit(self, request: OrderRequest) -> str:
        raise BrokerRefused("not today", where=request.client_order_id)


def test_a_stop_that_cannot_be_placed_is_exit_7_by_name(made: World) -> None:
    made.wrap = Refusing
    with pytest.raises(OrdersMissed, match="AAA"):
        made.executor()


def test_shares_that_are_gone_get_no_stop_but_a_difference(made: World) -> None:
    raw = made.broker._store
    with raw.transaction():
        raw.set_position("AAA", 0, Decimal(0))
    with pytest.raises(DisagreementError):
        made.executor()
    assert stops(made) == {}


def test_an_error_of_the_comparison_names_what_has_no_stop_too(made: World) -> None:
    made.wrap = Refusing
    raw = made.broker._store
    with raw.transaction():
        raw.set_position("AAA", 101, Decimal(100))
    with pytest.raises(DisagreementError, match="AAA") as caught:
        made.executor()
    assert "AAA: 100 shares have NO STOP" in "\n".join(caught.value.__notes__)


def test_a_book_without_any_file_in_the_ledger_is_told_and_not_called_protected(made: World) -> None:
    database = made.open().ledger._db.raw
    assert database is not None
    database.execute("DELETE FROM signal_files")
    with pytest.raises(OrdersMissed, match="AAA: NO STOP, and none is placed"):
        made.executor()
    assert stops(made) == {}
