"""A stop across a split: never a wrong sale, whatever the broker did to the stop."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.errors import DataError
from live.execution import split_stops
from live.execution.verdict import OrdersMissed
from live.reconciliation.adopt import adopt
from live.reconciliation.compare import compared
from live.reconciliation.splits import FRACTION
from tests.support.exec_world import AT, NEXT_DAY, enter, next_order, order, signal, tomorrow


def halt(broker: Any) -> Any:
    """Nothing fills at the exchange: a stop above the market waits for the first trade."""
    broker._engine._advance_stop = lambda *_: None
    return broker


def hold(made: Any, quantity: int, price: float, stop: float) -> None:
    made.feed.prices["AAA"] = price
    enter(made, order("AAA", "entry", quantity, price, stop=stop))
    made.wrap = halt
    tomorrow(made, [], positions={"AAA": quantity}, cash=100_000 - quantity * price)


def split(made: Any, shares: int, average: str, price: float, *, stop: tuple[int, str] | None) -> None:
    """The broker books a split; `stop`: what it made of the resting stop, None when it ended it."""
    made.feed.prices["AAA"] = price
    made.open()
    store = made.broker._store
    with store.transaction():
        store.set_position("AAA", shares, Decimal(average))
        if stop is None:
            store._db.execute("UPDATE orders SET state = 'CANCELED', live = 0 WHERE order_type = 'stop'")
        else:
            store._db.execute(
                "UPDATE orders SET quantity = ?, stop_price = ? WHERE order_type = 'stop'", stop
            )


def alive(made: Any) -> list[tuple[int, Decimal | None]]:
    listed = made.broker.orders(AT - timedelta(days=1), AT + timedelta(days=3))
    return [(o.quantity, o.stop_price) for o in listed if o.order_type == "stop" and not o.state.terminal]


def sold(made: Any) -> list[str]:
    return [
        o.client_order_id for o in made.ledger.orders.recent(None) if o.side == "sell" and o.filled_quantity
    ]


@contextmanager
def adopted(made: Any) -> Iterator[tuple[str, ...]]:
    """What `jutsu reconcile --adopt` does."""
    runtime = made.open()
    result = compared(runtime.context, runtime.broker.account(), {})
    before = split_stops.behind(runtime.ledger, result)
    adopt(runtime.ledger, runtime.broker.account(), result, at=made.clock.now(), by="me")
    yield split_stops.carry_over(runtime.context, runtime.broker, runtime.feed, before)


#: what brokers do to the stop of 40 shares at 90 in a ten-for-one split, and what may still rest before a
#: person adopted the new shares
LEFT = {
    "old price, new count": ((400, "90"), []),
    "left as it was": ((40, "90"), []),
    "scaled": ((400, "9"), [(400, Decimal(9))]),
    "only the price was scaled": ((40, "9"), [(40, Decimal(9))]),
    "cancelled": (None, []),
}


@pytest.mark.parametrize("case", LEFT)
def test_ten_for_one(made: Any, case: str) -> None:
    stop, rests = LEFT[case]
    hold(made, 40, 100.0, 90.0)
    split(made, 400, "10", 10.0, stop=stop)
    with pytest.raises(DataError, match="split"):
        made.executor()
    assert alive(made) == rests
    assert sold(made) == []
    assert made.holdings() == {"AAA": 400}
    with adopted(made) as texts:
        assert texts
        assert alive(made) == [(400, Decimal(9))], texts
    (position,) = made.ledger.positions.open_positions()
    assert (position.quantity, position.entry_price, position.stop_price) == (400, Decimal(10), Decimal(9))
    assert position.stop_broker_order_id is not None
    assert made.executor() == 0
    assert alive(made) == [(400, Decimal(9))]
    assert sold(made) == []


@pytest.mark.parametrize("stop", [(350, "1.8"), (8, "1.8"), None])
def test_a_reverse_split_leaves_a_fraction(made: Any, stop: tuple[int, str] | None) -> None:
    """350 -> 8.75: the stop is 72, not 78.75, which a quotient of whole shares would give."""
    hold(made, 350, 2.0, 1.8)
    split(made, 8, "80", 80.0, stop=stop)
    plain = made.wrap

    def fractional(broker: Any) -> Any:
        broker = plain(broker)
        shown = broker.account

        def account() -> Any:
            from dataclasses import replace

            found = shown()
            return replace(
                found, holdings=tuple(replace(h, quantity=Decimal("8.75")) for h in found.holdings)
            )

        broker.account = account
        return broker

    made.wrap = fractional
    with pytest.raises(DataError, match="split"):
        made.executor()
    assert (350, Decimal("1.8")) not in alive(made)
    with adopted(made) as texts:
        assert "8 shares at 72" in texts[0], texts
    (position,) = made.ledger.positions.open_positions()
    assert (position.quantity, position.entry_price, position.stop_price) == (8, Decimal(80), Decimal(72))
    assert position.details[FRACTION] == "0.75"
    assert made.executor() == 0
    assert alive(made) == [(8, Decimal(72))]
    assert sold(made) == []
    daily = made.ledger.runs.recent(1)[0].detail["warnings"]
    assert any("8.75" in text for text in daily)


def test_few_shares_keep_the_level_of_the_ratio_not_of_the_counts(made: Any) -> None:
    """5 shares 1:2 are 2: by the counts the stop would be 225, above the market of 200, and sell at once."""
    hold(made, 5, 100.0, 90.0)
    split(made, 2, "200", 200.0, stop=None)
    with adopted(made) as texts:
        assert "2 shares at 180" in texts[0]
    assert made.executor() == 0
    assert sold(made) == []
    assert made.holdings() == {"AAA": 2}


def test_force_neither_sells_nor_protects_shares_of_before_the_split(made: Any) -> None:
    hold(made, 40, 100.0, 90.0)
    made.write(signal([next_order("AAA", "exit", 40, 10.0)], day=NEXT_DAY, positions={"AAA": 40}))
    split(made, 400, "10", 10.0, stop=None)
    with pytest.raises(OrdersMissed, match="AAA"):
        made.executor(force=True)
    assert sold(made) == []
    assert alive(made) == []
    assert made.holdings() == {"AAA": 400}


def test_a_price_below_the_new_stop_is_asked_about_and_nothing_rests_meanwhile(made: Any) -> None:
    hold(made, 40, 100.0, 90.0)
    split(made, 400, "10", 8.9, stop=(400, "90"))
    with adopted(made) as texts:
        assert "at or below its stop 9" in texts[0]
    assert alive(made) == []
    assert sold(made) == []


def test_a_split_to_less_than_a_share_ends_position_and_stop(made: Any) -> None:
    hold(made, 5, 2.0, 1.8)
    split(made, 1, "20", 20.0, stop=(5, "1.8"))  # the imitation holds whole shares; the account shows half
    plain = made.wrap

    def half(broker: Any) -> Any:
        from dataclasses import replace

        broker = plain(broker)
        shown = broker.account
        broker.account = lambda: replace(
            found := shown(), holdings=tuple(replace(h, quantity=Decimal("0.5")) for h in found.holdings)
        )
        return broker

    made.wrap = half
    with pytest.raises(DataError, match="split"):
        made.executor()
    with adopted(made) as texts:
        assert all("NO STOP" not in text for text in texts)
    assert made.ledger.positions.open_positions() == ()
    assert alive(made) == []
    assert made.executor() == 0
