"""Splits nobody has booked: a history that was restated since the previous file."""

import json
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from backtest.core.errors import DataError
from live.generation.corporate_actions import OUTSIDE, require_same_history
from tests.support.exec_world import bars

FRIDAY = date(2024, 3, 15)


def seen(price: Any) -> SimpleNamespace:
    quotes = [{"symbol": "TQQQ", "last": price}]
    return SimpleNamespace(session=FRIDAY, content=json.dumps({"inputs": {"quotes": quotes}}))


def test_a_history_that_says_what_was_seen_passes() -> None:
    history = {"TQQQ": bars("TQQQ", {FRIDAY: (60.0, 61.0, 59.0, 60.0)})}
    for price in (59.0 * (1 - OUTSIDE / 2), 60.0, 61.0 * (1 + OUTSIDE / 2)):
        require_same_history(seen(price), history, ["TQQQ"])


@pytest.mark.parametrize("shares", [2, 3])
def test_a_restated_history_of_a_held_symbol_is_refused(shares: int) -> None:
    row = np.array([60.0, 61.0, 59.0, 60.0]) / shares
    history = {"TQQQ": bars("TQQQ", {FRIDAY: tuple(row.tolist())})}
    with pytest.raises(DataError, match="history of held symbols changed: TQQQ"):
        require_same_history(seen(60.0), history, ["TQQQ"])
    require_same_history(seen(60.0), history, ["QQQ"])  # not held


def test_what_the_earlier_file_did_not_see_cannot_differ() -> None:
    nothing = SimpleNamespace(session=FRIDAY, content="{}")
    require_same_history(nothing, {"TQQQ": bars("TQQQ", {FRIDAY: (1.0,) * 4})}, ["TQQQ"])
