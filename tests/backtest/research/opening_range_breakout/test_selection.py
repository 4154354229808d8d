"""Portfolios: order, every limit, variety, and the cases of no strategy, one, and all on one range."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from backtest.core.errors import ParameterError
from backtest.research.opening_range_breakout.selection import SelectionLimits, select
from backtest.research.opening_range_breakout.validation import Standing
from backtest.strategies.opening_range_breakout.labels import TABLE
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.portfolio import Portfolio
from backtest.strategies.opening_range_breakout.sizing import Sizing
from backtest.strategies.opening_range_breakout.strategy_key import StrategyKey
from tests.support.orb_world import discovery, key


def alone(**changes: Any) -> SelectionLimits:
    """Return limits under which one strategy is enough."""
    return SelectionLimits(**{"min_strategies": 1, "min_entry_models": 1, **changes})


FEW = alone(min_shared_days=3)
GOOD = [1.0, -0.5, 1.0]


def portfolio(
    results: Mapping[StrategyKey, list[float]],
    limits: SelectionLimits = FEW,
    standing: Standing = "validated",
) -> Portfolio:
    return select(discovery(results, standing), limits, Sizing(), RiskLimits())


def names(found: Portfolio) -> list[str]:
    return [one.key.label for one in found.strategies]


def test_no_strategy_at_all() -> None:
    found = portfolio({})
    assert (found.status, found.strategies, found.capital.trades_per_day) == ("INSUFFICIENT", (), 0.0)
    assert found.notes[0] == "0 strategies, 1 needed"
    assert found.capital.risk_per_trade > 0  # ten ticks, where there is no history


def test_one_strategy() -> None:
    found = portfolio({key(): GOOD})
    assert (found.status, names(found), found.strategies[0].weight) == ("OK", ["1000"], 1.0)
    assert found.strategies[0].baseline.expectancy_r == 0.5
    usual = portfolio({key(): GOOD}, SelectionLimits(min_shared_days=3))
    assert usual.status == "INSUFFICIENT"
    assert usual.notes[:2] == ("1 strategies, 5 needed", "1 entry models, 2 needed")


def test_the_best_come_first_and_the_order_is_decided_to_the_end() -> None:
    results = {
        key("0900"): [0.2, 0.3],
        key("1100"): [0.5, 0.3],
        key("1000"): [0.3, 0.5],
        key("1800"): [0.4],
    }
    assert names(portfolio(results, alone())) == [
        "1000",
        "1100",
        "1800",
        "0900",
    ]  # expectancy, then trades, then name


@pytest.mark.parametrize(
    ("limits", "taken", "reason"),
    [
        (alone(max_strategies=2), 2, "max_strategies 2"),
        (alone(max_per_orb=3), 3, "max_per_orb 3"),
        (
            alone(max_per_entry_model=1),
            2,
            "max_per_entry_model 1",
        ),
        (
            alone(corr_unknown="reject"),
            1,
            "correlation unknown",
        ),
        (
            alone(min_expectancy_r=0.465),
            4,
            "expectancy below 0.465 R",
        ),
    ],
)
def test_limits_on_strategies_of_one_range(limits: SelectionLimits, taken: int, reason: str) -> None:
    results = {
        key("1000", model, confirm_bars=n): [0.4 + n / 100, 0.5 + n / 100]
        for n in (1, 2, 3)
        for model in ("E1", "E3")
    }
    found = portfolio(results, limits)
    assert len(found.strategies) == taken
    assert found.rejected == {reason: 6 - taken}


def test_strategies_that_move_together_are_kept_out() -> None:
    same, opposite = [1.0, -0.2, 0.6, 0.4], [-0.1, 1.0, 0.2, 0.3]
    results = {key("1000"): same, key("1100"): [x * 0.9 for x in same], key("1800"): opposite}
    found = portfolio(
        results,
        alone(min_shared_days=3, max_correlation=0.99),
    )
    assert names(found) == ["1000", "1800"]
    assert found.rejected == {"correlation of 0.99 or more": 1}
    assert (
        found.correlations[0][1]
        == found.correlations[1][0]
        == pytest.approx(np.corrcoef(same, opposite)[0, 1], abs=1e-6)
    )
    strict = portfolio(results, alone(min_shared_days=3))
    assert names(strict) == ["1000"]


def test_what_is_not_known_is_taken_and_said() -> None:
    found = portfolio({key("1000"): GOOD, key("1100"): GOOD}, alone())
    assert names(found) == ["1000", "1100"]
    assert "1 correlations are not known (under 200 common days)" in found.notes
    assert found.correlations == ((1.0, None), (None, 1.0))


def test_few_trades_never_stand_alone() -> None:
    found = portfolio({key(): GOOD}, standing="regime")
    assert found.status == "INSUFFICIENT"
    assert "class regime" in found.notes[0]


def test_what_validation_rejected_is_counted_and_not_taken() -> None:
    found = portfolio({key(): GOOD}, standing="rejected")
    assert (found.strategies, found.rejected, found.trials) == ((), {"validation": 1}, 1)


def test_an_account_too_small_for_one_contract_is_not_enough() -> None:
    found = select(discovery({key(): GOOD}), FEW, Sizing(equity=1_000), RiskLimits())
    assert found.status == "INSUFFICIENT"
    assert "no contract" in found.notes[0]


def test_capital_comes_from_history() -> None:
    found = portfolio(
        {key(label.name): [0.5, -0.1, 0.6] for label in TABLE[:4]},
        alone(),
    )
    contracts, each = 4, 10.0 * 10 + 8.40  # 500 dollars over 108.40 for ten points
    assert found.capital.risk_per_trade == contracts * each
    assert found.capital.concurrent_risk == 3 * contracts * each
    assert found.capital.worst_day == 5 * contracts * each
    assert found.capital.trades_per_day == pytest.approx(4 * 3 / 4, abs=1e-6)


@pytest.mark.parametrize(
    "changes",
    [{"max_strategies": 0}, {"max_correlation": 0}, {"min_shared_days": 0}, {"max_correlation": 1.1}],
)
def test_limits_that_nothing_can_keep(changes: dict[str, int]) -> None:
    with pytest.raises(ParameterError):
        SelectionLimits(**changes)  # type: ignore[arg-type]
