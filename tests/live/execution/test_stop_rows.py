"""A stop's row names the buy it protects; the position remembers it."""

from __future__ import annotations

from typing import Any

from tests.support.exec_world import ENTRY, enter


def test_a_stop_names_its_buy_and_its_position_names_the_stop(made: Any) -> None:
    made.attached = False
    enter(made, ENTRY)
    (position,) = made.ledger.positions.open_positions()
    stop = made.ledger.orders.get(position.stop_client_order_id)
    (buy,) = [row for row in made.ledger.orders.recent(10) if row.side == "buy"]
    assert (stop.intent, stop.side, stop.quantity) == ("stop", "sell", buy.filled_quantity)
    assert stop.parent_client_order_id == buy.client_order_id
    assert (stop.broker_order_id, stop.stop_price) == (position.stop_broker_order_id, position.stop_price)
