"""Splits nobody has booked: by an opening that moved like one, and by a history that was restated."""

import json
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.calendar import sessions as calendar
from backtest.core.errors import DataError
from backtest.data.quality import SPLITS
from live.generation.corporate_actions import OUTSIDE, TOLERANCE, require_no_jump, require_same_history
from live.generation.market import Market
from live.model.feed import Quote
from tests.support.exec_world import bars

FRIDAY, MONDAY = date(2024, 3, 15), date(2024, 3, 18)
SESSION = calendar.session(MONDAY)
CLOSING = calendar.window(SESSION, "15min_before_close")
OPENING = calendar.window(SESSION, "open")


def closing_market(close: Any, opened: Any) -> Market:
    rows = {FRIDAY: (close, close, close, close), MONDAY: (opened, opened, opened, opened)}
    return Market(CLOSING.opens_at, CLOSING, {"TQQQ": bars("TQQQ", rows)}, {})


def test_an_ordinary_opening_passes() -> None:
    require_no_jump(closing_market(60.0, 58.2), ["TQQQ"])


@given(st.sampled_from(SPLITS), st.booleans(), st.floats(-0.99, 0.99))
def test_an_opening_near_a_factor_of_a_split_is_refused(shares: Any, reverse: Any, off: Any) -> None:
    factor = shares if reverse else 1 / shares
    with pytest.raises(DataError, match="TQQQ") as raised:
        require_no_jump(closing_market(60.0, 60.0 * factor * (1 + off * TOLERANCE)), ["TQQQ"])
    assert raised.value.exit_code == 5


def test_only_the_symbols_asked_about_are_judged() -> None:
    require_no_jump(closing_market(60.0, 30.0), ["QQQ"])


def test_an_opening_window_judges_the_quote_against_the_last_close() -> None:
    rows = {date(2024, 3, 14): (60.0,) * 4, FRIDAY: (60.0,) * 4}
    quote = Quote("TQQQ", 29.9, 30.1, 30.0, quote_time=OPENING.opens_at, trade_time=OPENING.opens_at)
    market = Market(OPENING.opens_at, OPENING, {"TQQQ": bars("TQQQ", rows)}, {"TQQQ": quote})
    with pytest.raises(DataError, match="split"):
        require_no_jump(market, ["TQQQ"])


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
