"""When orders may leave, and what a start before or after the window does."""

from datetime import date, timedelta
from typing import Any

import pytest

from backtest.core.errors import (
    BrokerError,
    LimitError,
    SignalFileError,
)
from tests.support.exec_world import AT, DAY, ENTRY, order, outcome, signal, states


class FailAfter:
    """A broker whose connection breaks for good after so many orders."""

    def __init__(self, inner: Any, orders: Any) -> None:
        self.inner, self.left = inner, orders

    def __getattr__(self, name: Any) -> Any:
        return getattr(self.inner, name)

    def submit(self, request: Any) -> Any:
        try:
            return self.inner.submit(request)
        finally:
            self.left -= 1

    def account(self) -> Any:
        if self.left <= 0:
            raise BrokerError("network is down")
        return self.inner.account()


def test_exit_0_before_the_window_and_nothing_is_sent(made: Any) -> None:
    made.write(signal([ENTRY]))
    made.clock.set(AT - timedelta(minutes=10))
    assert made.executor() == 0
    assert states(made) == []


def test_exit_7_after_the_window(made: Any) -> None:
    made.write(signal([ENTRY]))
    made.clock.set(AT + timedelta(minutes=12))
    with pytest.raises(LimitError) as caught:
        made.executor()
    assert caught.value.exit_code == 7
    assert states(made) == []
    assert (
        made.ledger.runs.get(DAY, "golden").missed or made.ledger.runs.get(DAY, "golden").executor_exit == 7
    )


def test_skip_time_check_goes_on_after_the_window(made: Any) -> None:
    made.write(signal([ENTRY]))
    made.clock.set(AT + timedelta(minutes=12))
    assert made.executor(skip_time_check=True) == 0
    assert made.broker.account().shares() == {"AAA": 100}


def test_auction_orders_need_the_split_phases(made: Any) -> None:
    made.write(signal([order("AAA", "entry", 10, 100.0, order_type="market_on_open")]))
    with pytest.raises(SignalFileError) as caught:
        made.executor()
    assert caught.value.exit_code == 2


def test_a_run_that_died_after_its_orders_is_completed_even_after_the_window(made: Any) -> None:
    made.attached = False
    made.write(signal([ENTRY]))
    made.wrap = lambda broker: FailAfter(broker, 1)
    with pytest.raises(BrokerError):
        made.executor()
    (position,) = made.ledger.positions.open_positions()
    made.broker.cancel(position.stop_broker_order_id)  # the stop is gone as well
    made.wrap = None
    made.clock.set(AT + timedelta(minutes=12))
    assert made.executor() == 0
    assert outcome(made) == "completed"
    assert made.ledger.positions.unprotected() == ()
    assert [p.quantity for p in made.ledger.positions.open_positions()] == [100]


def test_a_late_run_that_sent_nothing_expires_the_file(made: Any) -> None:
    made.write(signal([ENTRY], memory={"h": 1}))
    made.clock.set(AT + timedelta(minutes=12))
    with pytest.raises(LimitError):
        made.executor()
    assert outcome(made) == "expired"
    assert made.ledger.runs.get(DAY, "golden").missed
    assert made.ledger.signals.last_memory("golden", before=date.max) == {}
