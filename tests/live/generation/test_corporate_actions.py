"""Splits nobody has booked: a history that was restated since the previous file."""

import json
from datetime import UTC, date, datetime

import pytest

from backtest.core.errors import DataError
from live.generation.corporate_actions import OUTSIDE, require_same_history
from live.ledger.ledger import GeneratedSignal, Ledger
from live.ledger.tables import SignalRow
from tests.support.exec_world import bars

FRIDAY = date(2024, 3, 15)


def recorded(content: str) -> SignalRow:
    """The ledger's record of Friday's file."""
    at = datetime(2024, 3, 15, 20, tzinfo=UTC)
    with Ledger.open("sqlite://", account="paper", now=at) as ledger:
        return ledger.signals.record(
            GeneratedSignal(FRIDAY, "golden", "primary", "p.json", content, "a" * 64, "b" * 64, at)
        )


def seen(price: float) -> SignalRow:
    quotes = [{"symbol": "TQQQ", "last": price}]
    return recorded(json.dumps({"inputs": {"quotes": quotes}}))


def test_a_history_that_says_what_was_seen_passes() -> None:
    history = {"TQQQ": bars("TQQQ", {FRIDAY: (60.0, 61.0, 59.0, 60.0)})}
    for price in (59.0 * (1 - OUTSIDE / 2), 60.0, 61.0 * (1 + OUTSIDE / 2)):
        require_same_history(seen(price), history, ["TQQQ"])


@pytest.mark.parametrize("shares", [2, 3])
def test_a_restated_history_of_a_held_symbol_is_refused(shares: int) -> None:
    row = (60.0 / shares, 61.0 / shares, 59.0 / shares, 60.0 / shares)
    history = {"TQQQ": bars("TQQQ", {FRIDAY: row})}
    with pytest.raises(DataError, match=r"history of held symbols changed: TQQQ.*`jutsu reconcile --adopt`"):
        require_same_history(seen(60.0), history, ["TQQQ"])
    require_same_history(seen(60.0), history, ["QQQ"])  # not held


def test_what_the_earlier_file_did_not_see_cannot_differ() -> None:
    history = {"TQQQ": bars("TQQQ", {FRIDAY: (1.0, 1.0, 1.0, 1.0)})}
    require_same_history(recorded("{}"), history, ["TQQQ"])
