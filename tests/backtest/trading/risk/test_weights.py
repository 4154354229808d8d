"""Allocations under a volatility target: the scale, its band, and never above the cap."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.decision import Decision, Target
from backtest.trading.risk.rules import VolatilityTarget
from backtest.trading.risk.weights import RISK, managed_weights, scaled
from tests.backtest.trading.risk.test_entries import DAY, PRICES

WEIGHTS = (Target("AAA", 0.6), Target("BBB", 0.4))


def decision(rebalance: bool = False) -> Decision:
    return Decision(DAY, rebalance=rebalance, targets=WEIGHTS, memory={"held": 1}, diagnostics={"cell": 2})


def target(**values: Any) -> VolatilityTarget:
    return VolatilityTarget.model_validate({"target_pct": 10.0, **values})


def total(made: Decision) -> float:
    return sum(one.weight for one in made.targets)


@given(st.floats(0.1, 100), st.floats(0.05, 1.0), st.sampled_from(["sessions", "ewma"]))
def test_the_volatility_of_the_weights_is_the_target_and_never_above_the_cap(
    percent: float, cap: float, estimator: Any
) -> None:
    asked = target(target_pct=percent, max_exposure=cap, estimator=estimator)
    made = managed_weights(decision(), {}, PRICES, asked)
    sigma = PRICES.sigma({"AAA": 0.6, "BBB": 0.4}, DAY, asked)
    assert sigma is not None
    assert total(made) <= cap * (1 + 1e-9)
    assert total(made) == pytest.approx(min(cap, percent / 100 / sigma))
    assert made.memory == {"held": 1, RISK: {"exposure": pytest.approx(total(made))}}
    assert made.rebalance  # nothing was chosen before


def test_a_change_inside_the_band_keeps_what_is_held() -> None:
    asked = target(band_pct=10)
    kept = scaled(decision(), {RISK: {"exposure": 0.5}}, 0.54, asked, 0.2)
    assert (kept.rebalance, total(kept), kept.memory[RISK]) == (False, pytest.approx(0.5), {"exposure": 0.5})
    moved = scaled(decision(), {RISK: {"exposure": 0.5}}, 0.56, asked, 0.2)
    assert (moved.rebalance, total(moved), moved.memory[RISK]) == (
        True,
        pytest.approx(0.56),
        {"exposure": 0.56},
    )
    asked_to = scaled(decision(rebalance=True), {RISK: {"exposure": 0.5}}, 0.54, asked, 0.2)
    assert (asked_to.rebalance, total(asked_to)) == (True, pytest.approx(0.5))


def test_a_history_too_short_to_measure_is_all_cash_and_says_so() -> None:
    made = managed_weights(decision(), {}, PRICES, target(window=252))
    assert total(made) == 0.0
    assert "too short a history of AAA, BBB" in made.warnings[0]


def test_no_weights_are_left_as_they_are() -> None:
    empty = Decision(DAY, memory={"held": 1})
    assert managed_weights(empty, {}, PRICES, target()) is empty
