"""What a person decides about an order of unknown fate."""

from typing import Any

import pytest

from backtest.core.errors import (
    BrokerUnknown,
    UnresolvedError,
)
from tests.support.exec_world import ENTRY, NEXT_DAY, Wrapped, enter, run_detail, signal, states, tomorrow


def test_exit_8_when_a_fate_is_unknown_and_resolve_ends_it(made: Any) -> None:
    from live.orders.resolve import declare_absent

    made.honours_client_id = False

    class Swallows:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: Any) -> Any:
            return getattr(self.inner, name)

        def submit(self, request: Any) -> None:
            raise BrokerUnknown("timeout")

    made.wrap = Swallows
    made.write(signal([ENTRY]))
    with pytest.raises(UnresolvedError) as caught:
        made.executor()
    assert caught.value.exit_code == 8
    made.wrap = None
    with pytest.raises(UnresolvedError):
        made.executor()
    declare_absent(made.ledger, ENTRY["client_order_id"], by="test", at=made.clock.now())
    assert made.executor() == 0
    assert made.broker.account().shares() == {"AAA": 100}
    assert states(made)[1][0] == "AAA_entry_buy_r1"


def test_a_stop_that_the_broker_shows_no_more_is_named_until_a_person_says_that_it_is_gone(made: Any) -> None:
    from live.orders.resolve import declare_absent

    made.attached = False
    enter(made, ENTRY)
    (position,) = made.ledger.positions.open_positions()
    lost, name = position.stop_broker_order_id, position.stop_client_order_id
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)

    def order(inner: Any, order_id: Any) -> Any:
        return None if order_id == lost else inner.order(order_id)

    made.wrap = lambda broker: Wrapped(broker, order=order)
    for _ in range(2):
        assert made.executor() == 0
        (critical,) = [t for t in run_detail(made, NEXT_DAY)["critical"] if lost in t]
        assert f"jutsu resolve {name} --absent" in critical
    made.broker.cancel(lost)
    declare_absent(made.ledger, name, by="test", at=made.clock.now())
    assert made.executor() == 0
    (position,) = made.ledger.positions.open_positions()
    assert position.stop_broker_order_id not in {None, lost}
    assert made.ledger.orders.get(name).state == "CANCELED"
