"""A set over histories that never were."""

import numpy as np
import pytest

from backtest.research.monte_carlo.histories import Rules, in_other_orders, with_noise
from backtest.research.rule_sets import trial_of


def own_sharpe(rules: Rules) -> float:
    first, last = rules.days
    trial = trial_of(rules.strategy, rules.history, start=first, end=last, cost_pct=rules.cost_pct)
    return float(trial.figures(trial.statistics({}, 1))["sharpe"][0])


def test_noise_too_small_to_matter_changes_nothing(rules: Rules) -> None:
    found = with_noise(rules, 1e-12, 3, 7)
    assert found.figures["sharpe"].median == pytest.approx(own_sharpe(rules), abs=1e-6)


def test_any_number_of_workers_gives_the_same_and_noise_spreads(rules: Rules) -> None:
    one, three = (with_noise(rules, 0.3, 8, 7, workers).document() for workers in (1, 3))
    assert one == three
    sharpe = one["figures"]["sharpe"]
    assert sharpe["p5"] < sharpe["p95"]


def test_other_orders_spread_more_than_noise(rules: Rules) -> None:
    noise, orders = with_noise(rules, 0.1, 12, 7), in_other_orders(rules, 20.0, 12, 7)
    widths = [np.ptp(part.figures["final_equity"].quantiles) for part in (noise, orders)]
    assert widths[0] < widths[1]
    assert orders.count == 12
