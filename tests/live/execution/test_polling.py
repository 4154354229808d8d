"""Waiting for fills ends in time."""

from datetime import timedelta
from typing import Any

import pytest

from live.execution.verdict import OrdersMissed
from tests.support.exec_world import ENTRY, StubStrategy, Wrapped, order, signal


def test_the_run_deadline_ends_the_waiting(made: Any) -> None:
    made.overrides = {"safety": {"run_deadline_seconds": 30}, "polling": {"retries": 0}}
    made.fault = "never"
    began = made.clock.now()
    made.write(signal([ENTRY]))
    with pytest.raises(OrdersMissed):
        made.executor()
    assert made.clock.now() - began < timedelta(seconds=60)


def test_twenty_orders_that_do_not_fill_stay_under_the_brokers_request_limit(made: Any) -> None:
    """Alpaca lets 200 requests a minute pass; a look at an order may take two."""
    looks: list[float] = []
    made.fault = "never"
    made.overrides = {
        "polling": {"retries": 0, "timeout_seconds": 300},
        "execution": {"limits": {"max_orders_per_minute": 100}},
    }

    def order_of(inner: Any, order_id: str) -> Any:
        looks.append(made.clock.monotonic())
        return inner.order(order_id)

    made.wrap = lambda broker: Wrapped(broker, order=order_of)
    names = tuple(f"S{chr(65 + n)}" for n in range(20))
    made.feed.prices |= dict.fromkeys(names, 10.0)
    strategy = StubStrategy(signal_symbols=names, tradable_symbols=names)
    made.write(signal([order(name, "entry", 10, 10.0) for name in names], strategy=strategy))
    with pytest.raises(OrdersMissed):
        made.executor(strategy=strategy)
    assert len(looks) > 200
    assert max(sum(start <= at < start + 60 for at in looks) for start in looks) <= 150
