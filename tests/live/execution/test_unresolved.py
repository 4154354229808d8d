"""An order nobody knows the fate of ends the run with exit 8, and never without looking after the stops."""

from typing import Any

import pytest

from backtest.core.errors import BrokerError, BrokerUnknown, UnresolvedError
from tests.support.exec_world import (
    AT,
    ENTRY,
    NEXT_DAY,
    Wrapped,
    enter,
    next_order,
    order,
    run_detail,
    tomorrow,
)


def deaf(made: Any, *, sells: bool) -> None:
    """Market orders of one side get no answer, and the broker finds none of them."""

    def submit(inner: Any, request: Any) -> Any:
        if request.order_type == "market" and (request.side == "sell") is sells:
            raise BrokerUnknown("no reply")
        return inner.submit(request)

    def find(*_: Any) -> Any:
        raise BrokerError("no reply")

    made.wrap = lambda broker: Wrapped(broker, submit=submit, find=find)


def stops_alive(made: Any) -> dict[str, int]:
    listed = made.broker.orders(AT, made.clock.now())
    return {o.symbol: o.quantity for o in listed if o.order_type == "stop" and not o.state.terminal}


def test_a_sale_of_unknown_fate_is_named_with_what_protects_its_shares(made: Any) -> None:
    enter(made, ENTRY)
    tomorrow(made, [next_order("AAA", "exit", 100, 100.0)], positions={"AAA": 100}, cash=90_000.0)
    deaf(made, sells=True)
    for _ in range(2):  # the second run finds it in its recovery
        with pytest.raises(UnresolvedError) as stopped:
            made.executor()
        assert stopped.value.exit_code == 8
        critical = run_detail(made, NEXT_DAY)["critical"]
        assert any("AAA_exit_sell sold its 100 shares; they have NO STOP" in text for text in critical)


def test_recovery_puts_missing_stops_in_place_before_it_raises(made: Any) -> None:
    """A buy of BBB is not known; AAA lost its stop over night and must not wait for an answer about BBB."""
    enter(made, ENTRY)
    tomorrow(made, [next_order("BBB", "entry", 10, 50.0, stop=45.0)], positions={"AAA": 100}, cash=90_000.0)
    deaf(made, sells=False)
    with pytest.raises(UnresolvedError):
        made.executor()
    (stop,) = [o for o in made.broker.orders(AT, made.clock.now()) if o.order_type == "stop"]
    made.broker.cancel(stop.order_id)
    assert stops_alive(made) == {}
    with pytest.raises(UnresolvedError):
        made.executor()
    assert stops_alive(made) == {"AAA": 100}


def test_nothing_unknown_says_nothing(made: Any) -> None:
    enter(made, ENTRY, order("BBB", "entry", 10, 50.0, stop=45.0, rank=1.0))
    assert not any("nobody knows" in text for text in run_detail(made)["critical"])
