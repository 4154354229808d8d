"""The life of an order: what has ended, what nobody knows, and nothing is both."""

from __future__ import annotations

import pytest

from live.model.broker import OrderState
from live.model.order_state import JournalState

ENDED = {"FILLED", "CANCELED", "REPLACED", "EXPIRED", "REJECTED", "REFUSED", "ABSENT", "LAPSED"}
UNKNOWN = {"SENDING", "UNKNOWN", "AMBIGUOUS"}


@pytest.mark.parametrize("state", JournalState)
def test_what_has_ended_and_what_nobody_knows(state: JournalState) -> None:
    assert state.terminal == (state in ENDED)
    assert state.unresolved == (state in UNKNOWN)
    assert not (state.terminal and state.unresolved)


@pytest.mark.parametrize("state", OrderState)
def test_every_state_of_a_broker_is_one_of_the_journal_with_the_same_end(state: OrderState) -> None:
    ours = JournalState(state.value)
    assert ours.terminal == state.terminal
    assert not ours.unresolved
