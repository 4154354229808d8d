"""What a second start of the same session does and refuses."""

from typing import Any

import pytest

from backtest.core.errors import (
    BrokerError,
    SignalFileError,
)
from tests.support.exec_world import ENTRY, OTHER, bought, edit, enter, order, signal, states


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


def test_running_twice_changes_nothing(made: Any) -> None:
    enter(made)
    before = states(made), made.broker.account()
    assert made.executor() == 0
    assert (states(made), made.broker.account()) == before


def test_exit_2_for_an_edit_after_the_order_was_planned(made: Any) -> None:
    made.fault = "lost_reply"
    made.honours_client_id = False
    path = made.write(signal([ENTRY, order("BBB", "entry", 10, 50.0, stop=45.0, rank=1.0)]))
    made.wrap = lambda broker: FailAfter(broker, 1)
    with pytest.raises(BrokerError):
        made.executor()
    made.wrap = None
    edit(path, quantity=50, estimated_value=5000.0)
    with pytest.raises(SignalFileError) as caught:
        made.executor(accept_edits=True)
    assert "AAA_entry_buy" in caught.value.line()


def test_an_order_added_after_the_end_is_carried_out_once_approved(made: Any) -> None:
    made.write(signal([ENTRY]))
    made.executor()
    path = made.write(signal([ENTRY, OTHER]), record=False)
    with pytest.raises(SignalFileError):
        made.executor()
    made.executor(accept_edits=True, signals_file=path)
    assert bought(made) == {"AAA_entry_buy": 100, "BBB_entry_buy": 10}
