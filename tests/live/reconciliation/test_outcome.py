"""What became of a file, told from its orders."""

from typing import Any

import pytest

from backtest.core.errors import (
    BrokerError,
)
from tests.support.exec_world import ENTRY, outcome, signal, tomorrow


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


def test_the_next_session_learns_that_an_interrupted_file_was_carried_out(made: Any) -> None:
    made.write(signal([ENTRY], memory={"h": 1}))
    made.wrap = lambda broker: FailAfter(broker, 1)
    with pytest.raises(BrokerError):
        made.executor()
    assert outcome(made) == "pending"
    made.wrap = None
    tomorrow(made, [], positions={"AAA": 100}, cash=90_000.0)
    assert made.executor() == 0
    assert outcome(made) == "completed"
