"""A stop that somebody else ended is found although nobody told the ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from live.model.broker import BrokerOrder, OrderRequest
from live.orders.listing import living
from live.orders.lost_stops import lost_stops
from tests.support.exec_world import World, enter, order, world


@pytest.fixture
def made(tmp_path: Any) -> World:
    """AAA with its stop at the broker, BBB without one that it would need."""
    traded = world(tmp_path)
    enter(traded, order("AAA", "entry", 100, 100.0, stop=90.0), order("BBB", "entry", 10, 50.0, rank=1.0))
    return traded


def lost(made: World, broker: Any = None) -> list[str]:
    found = lost_stops(made.ledger, broker or made.broker, made.clock)
    assert lost_stops(made.ledger, made.broker, made.clock, "another") == ()
    return [row.symbol for row in found]


def ended(made: World) -> BrokerOrder:
    """The stop of AAA, cancelled at the broker."""
    (stop,) = (o for o in living(made.broker, made.clock) if o.order_type == "stop")
    made.broker.cancel(stop.order_id)
    return stop


def test_a_stop_that_rests_is_not_lost_and_none_is_not_missed(made: World) -> None:
    assert lost(made) == []


def test_a_stop_cancelled_by_somebody_else_is_lost(made: World) -> None:
    ended(made)
    assert lost(made) == ["AAA"]


def test_another_sell_stop_over_the_symbol_protects_it(made: World) -> None:
    stop = ended(made)
    own = OrderRequest("by hand", "AAA", "sell", 100, "stop", stop_price=stop.stop_price, time_in_force="gtc")
    made.broker.submit(own)
    assert lost(made) == []


@pytest.mark.parametrize("filled", [True, False])
def test_a_stop_that_filled_or_that_a_list_does_not_show_yet_is_not_lost(
    made: World, *, filled: bool
) -> None:
    class Lagging:
        """Lists nothing, but knows each order by its id."""

        def orders(self, *_: Any) -> list[BrokerOrder]:
            return []

        def order(self, order_id: str) -> BrokerOrder | None:
            shown = made.broker.order(order_id)
            assert shown is not None
            return replace(shown, filled_quantity=100 if filled else 0)

    if filled:
        ended(made)  # whatever its state is called
    assert lost(made, Lagging()) == []
