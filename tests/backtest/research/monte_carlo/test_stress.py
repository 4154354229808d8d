"""Bad days through the simulator."""

from dataclasses import replace
from datetime import date

import pytest

from backtest.core.execution_rules import ExecutionRules
from backtest.research.monte_carlo.histories import Rules
from backtest.research.monte_carlo.stress import NO_DATA, Stressed, stress
from backtest.simulator.allocation.simulate import simulate


@pytest.fixture(scope="module")
def found(rules: Rules) -> dict[str, Stressed]:
    return {item.name: item for item in stress(rules, ExecutionRules(), 7)}


def test_the_first_one_is_the_backtest_as_it_was(rules: Rules, found: dict[str, Stressed]) -> None:
    execution = ExecutionRules(slippage_pct=rules.cost_pct)
    result = simulate(
        rules.strategy, rules.history, start=rules.days[0], end=rules.days[1], cash=100_000.0, rules=execution
    )
    as_it_was = found["as it was"]
    assert as_it_was.total_return == pytest.approx(float(result.equity[-1]) / 100_000.0 - 1)
    assert as_it_was.trades == len(result.trades)


def test_a_crash_meets_the_account_when_it_is_most_exposed(found: dict[str, Stressed]) -> None:
    crash, usual = found["crash in 1"], found["as it was"]
    assert crash.worst_session is not None
    assert usual.worst_session is not None
    assert crash.worst_session < -0.19
    assert crash.worst_session < usual.worst_session
    assert crash.max_drawdown is not None
    assert crash.max_drawdown >= -crash.worst_session - 1e-9


def test_costs_of_an_illiquid_market_are_paid(found: dict[str, Stressed]) -> None:
    poor, usual = found["low liquidity"], found["as it was"]
    assert poor.total_return is not None
    assert usual.total_return is not None
    assert poor.total_return < usual.total_return


def test_a_window_without_bars_says_so(found: dict[str, Stressed]) -> None:
    assert found["credit crisis"].total_return is None
    assert found["credit crisis"].reason.startswith(NO_DATA)
    assert found["rising rates"].total_return is not None
    assert found["rising rates"].first == date(2022, 1, 3)
    assert found["credit crisis"].document()["last"] == "2009-03-09"


def test_a_window_that_finds_cold_indicators_says_so(rules: Rules) -> None:
    late = {s: bars.since(date(2021, 12, 20)) for s, bars in rules.history.items()}
    items = stress(replace(rules, history=late, days=(date(2022, 6, 1), rules.days[1])), ExecutionRules(), 7)
    assert "the indicators need" in next(item.reason for item in items if item.name == "rising rates")
