"""Limits of a day: losses are negative numbers, and none contradicts another."""

from typing import Any

import pytest

from backtest.core.errors import ParameterError
from backtest.strategies.opening_range_breakout.limits import RiskLimits


@pytest.mark.parametrize(
    "changes",
    [
        {"drawdown_halt_r": 5.0},
        {"drawdown_halt_r": 0.0},
        {"drawdown_warning_r": 3.0},
        {"halt_dollars": 100.0},
        {"drawdown_warning_r": -6.0},
        {"drawdown_halt_r": float("-inf")},
        {"max_concurrent_positions": 0},
        {"max_per_orb_positions": 0},
        {"max_daily_trades": 0},
    ],
)
def test_limits_that_make_no_sense(changes: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        RiskLimits(**changes)


def test_the_usual_limits() -> None:
    assert (RiskLimits().drawdown_halt_r, RiskLimits().drawdown_warning_r) == (-5.0, -3.0)
