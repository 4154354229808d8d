"""The record of a fill, and what holding one symbol would have been worth."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.decision import Decision
from backtest.core.planned_orders import PlannedOrder
from backtest.simulator.allocation.result import hold_value, to_trade
from backtest.simulator.allocation.step import Executed
from backtest.trading.fills import Fill

DECIDED, SESSION = date(2024, 3, 15), date(2024, 3, 18)


def days(*numbers: int) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return np.array([f"2024-03-{n:02}" for n in numbers], dtype="datetime64[D]")


def test_a_trade_is_the_fill_with_its_decision() -> None:
    """The fill's quantity counts, not the one that was ordered; diagnostics without a column stay away."""
    order = PlannedOrder("AAA", "sell", "exit", 9, 10.0, 0.0, "because")
    executed = Executed(order, Fill("sell", 7, 9.9, 1.0, 68.3), -1.7)
    decision = Decision(DECIDED, diagnostics={"cell": 3, "z_score": -0.5, "private": 1})
    row = to_trade(executed, decision, SESSION).row()
    assert row == {
        "date": "2024-03-18",
        "decided_on": "2024-03-15",
        "symbol": "AAA",
        "side": "sell",
        "intent": "exit",
        "quantity": 7,
        "reference_price": 10.0,
        "fill_price": 9.9,
        "commission": 1.0,
        "cash_flow": 68.3,
        "realised_pnl": -1.7,
        "cell": 3,
        "trend_state": None,
        "vol_state": None,
        "T_norm": None,
        "z_score": -0.5,
        "reason": "because",
    }


def test_a_session_without_a_bar_takes_the_close_before_it() -> None:
    found = hold_value(days(1, 4, 6), np.array([10.0, 20.0, 5.0]), days(4, 5, 6, 7), 1_000.0)
    assert found is not None
    assert found.tolist() == [1_000.0, 1_000.0, 250.0, 250.0]


@pytest.mark.parametrize("sessions", [(), (3, 4)])
def test_there_is_no_value_without_a_first_close(sessions: tuple[int, ...]) -> None:
    assert hold_value(days(4, 5), np.array([10.0, 20.0]), days(*sessions), 1_000.0) is None


@given(st.lists(st.floats(1, 1000), min_size=1, max_size=20), st.floats(1, 1e6))
def test_it_begins_with_the_cash_and_moves_as_the_price(prices: list[float], cash: float) -> None:
    dates = days(*range(1, len(prices) + 1))
    found = hold_value(dates, np.array(prices), dates, cash)
    assert found is not None
    assert found[0] == pytest.approx(cash)
    assert found[-1] / found[0] == pytest.approx(prices[-1] / prices[0])
