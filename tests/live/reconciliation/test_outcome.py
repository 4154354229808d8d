"""What became of a file, told from its orders."""

from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import (
    BrokerError,
)
from live.ledger.signal_files import Outcome
from live.reconciliation.outcome import forward
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


@given(st.lists(st.sampled_from(get_args(Outcome)), min_size=1, max_size=8))
def test_a_session_only_moves_forward(found: Any) -> None:
    seen: list[Any] = ["pending"]
    for one in found:
        seen.append(forward(seen[-1], one))
    assert all(forward(later, earlier) == later or earlier != later for earlier, later in pairwise(seen))
    if "completed" in found:
        assert seen[-1] == "completed"
    if "partial" in found:
        assert seen[-1] in {"partial", "completed"}
    if set(found) & {"failed", "partial", "completed"}:
        assert seen[-1] in {"failed", "partial", "completed"}, "what was tried is never called skipped"
