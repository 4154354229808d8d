"""Verdicts: each check just above and just below, in their order, with the first reason."""

from datetime import date
from typing import Any

import pytest

from backtest.core.errors import ParameterError
from backtest.research.opening_range_breakout.figures import Trade
from backtest.research.opening_range_breakout.validation import ValidationLimits, judge, yearly

LIMITS = ValidationLimits(min_trades=10, regime_trades=4)


def trades(*results: float, year: int = 2024) -> list[Trade]:
    return [
        Trade(date(year, 1, 1 + n % 28), "win" if r > 0 else "loss", r, 10.0) for n, r in enumerate(results)
    ]


@pytest.mark.parametrize(
    ("mine", "standing", "reason"),
    [
        (trades(*[1.0] * 3), "rejected", "3 trades, 4 needed"),
        (trades(*[1.0] * 4), "regime", ""),
        (trades(*[1.0] * 9), "regime", ""),
        (trades(*[1.0] * 10), "validated", ""),
        (trades(*[1.0, -1.0] * 5), "rejected", "expectancy 0.0000 R after costs is not above 0"),
        (trades(*[1.0] * 8) + trades(-0.1, -0.1, year=2025), "rejected", "1 of 2 years not positive: 2025"),
    ],
)
def test_verdicts(mine: list[Trade], standing: str, reason: str) -> None:
    verdict = judge(mine, mine, LIMITS)
    assert (verdict.standing, verdict.reason) == (standing, reason)


def test_costs_of_the_stress_must_still_pay() -> None:
    verdict = judge(trades(*[1.0] * 10), trades(*[-0.01] * 10), LIMITS)
    assert verdict.reason == "expectancy -0.0100 R with costs x 1.5 is not above 0"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"min_sharpe": 0.2}, ""),
        ({"min_sharpe": 0.3}, "Sharpe 0.2346 is below 0.3"),
        ({"max_drawdown_r": 3.0}, ""),
        ({"max_drawdown_r": 2.9}, "drawdown 3.0000 R is above 2.9"),
        ({"positive_years": 0.5}, ""),
    ],
)
def test_limits_that_may_be_set(changes: dict[str, Any], reason: str) -> None:
    mine = trades(*[2.0, -1.0, -1.0, -1.0, 2.0, 2.0, -1.0, 2.0, -1.0, 0.5])
    assert judge(mine, mine, ValidationLimits(min_trades=10, regime_trades=4, **changes)).reason == reason


def test_a_part_of_the_years_may_be_enough() -> None:
    mine = trades(*[1.0] * 8) + trades(-0.1, -0.1, year=2025)
    assert yearly(mine) == {2024: 1.0, 2025: -0.1}
    assert judge(mine, mine, ValidationLimits(10, 4, positive_years=0.5)).standing == "validated"


@pytest.mark.parametrize(
    "changes", [{"regime_trades": 200}, {"regime_trades": 0}, {"positive_years": 1.1}, {"stress": 0.9}]
)
def test_limits_that_contradict(changes: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        ValidationLimits(**changes)
