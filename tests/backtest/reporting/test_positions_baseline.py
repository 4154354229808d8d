"""The baseline of reports: what costs take from a trade, and what is still open is no trade."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.reporting.positions_baseline import measure_positions
from backtest.simulator.positions.model import PortfolioRules

DAYS = [session.day for session in calendar.sessions(date(2024, 3, 4), date(2024, 3, 15))]
RULES = PortfolioRules(
    trailing_stop=None,
    max_holding_days=4,
    stop_loss_pct=20,
    slippage_pct=1.0,
    entry_slippage_pct=1.0,
    size_from="reference",
)


def bars(symbol: str, *opens: float) -> Bars:
    row = np.array([*opens, *([opens[-1]] * (len(DAYS) - len(opens)))])
    return Bars(symbol, np.array(DAYS, dtype="datetime64[D]"), row, row, row, row, np.full(len(DAYS), 1e6))


def test_costs_lower_the_expectancy_and_the_open_position_does_not_count() -> None:
    """AAA is bought at 100 on Monday and sold at 110 on Friday; BBB is bought on the last Thursday."""
    history = {"AAA": bars("AAA", 100.0, 110.0), "BBB": bars("BBB", 50.0)}
    reported = [
        Candidate("AAA", DAYS[0], "A", 80.0, price=100.0),
        Candidate("BBB", DAYS[8], "A", 80.0, price=50.0),
    ]
    found = measure_positions(RULES, reported, history, cash=100_000.0)
    assert found is not None
    assert (found.trades, found.win_rate, found.sessions) == (1, 1.0, 10)
    assert found.free_expectancy == pytest.approx(0.10)
    assert found.expectancy == pytest.approx(110 * 0.99 / (100 * 1.01) - 1)
    assert found.annual_return is not None


def test_reports_that_bought_nothing_are_no_baseline() -> None:
    assert measure_positions(RULES, [], {"AAA": bars("AAA", 100.0)}, cash=1.0) is None
    gone = [Candidate("CCC", DAYS[0], "A", 80.0, price=100.0)]
    assert measure_positions(RULES, gone, {"AAA": bars("AAA", 100.0)}, cash=1.0) is None
