"""A stop that was moved at the broker under its own id is kept, never set back without a word."""

from decimal import Decimal
from typing import Any

import pytest

from tests.support.exec_world import AT, ENTRY, NEXT_DAY, enter, run_detail, tomorrow


@pytest.mark.parametrize("level", ["85.00", "95.5"])
def test_a_moved_stop_is_kept_and_named(made: Any, level: str) -> None:
    enter(made, ENTRY)
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    made.open()
    store = made.broker._store
    with store.transaction():
        store._db.execute("UPDATE orders SET stop_price = ? WHERE order_type = 'stop'", (level,))
    for _ in range(2):
        assert made.executor() == 0
        listed = made.broker.orders(AT, made.clock.now())
        alive = [o.stop_price for o in listed if o.order_type == "stop" and not o.state.terminal]
        assert alive == [Decimal(level)]
    (position,) = made.open().ledger.positions.open_positions()
    assert position.stop_price == Decimal(level)
    assert any("was moved at the broker" in text for text in run_detail(made, NEXT_DAY)["warnings"])
