"""Unique inputs: every set is led to a representative with its own values."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backtest.research.hierarchical_adaptive.parameter_sets import matrices
from backtest.research.hierarchical_adaptive.shared_plan import AT, plan_of, unique
from backtest.strategies.hierarchical_adaptive.parameters import Parameters

VALUES = st.integers(-3, 3)


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=40))
def test_unique_finds_each_combination_and_leads_back_to_it(rows: list[tuple[int, int, int]]) -> None:
    columns = [np.array(column, dtype=float) for column in zip(*rows, strict=True)]
    found, code = unique(*columns)
    assert len(found) == len(set(rows))
    assert [rows[found[k]] for k in code] == rows
    assert [rows[row] for row in found] == sorted(set(rows))


def test_a_grid_shares_its_filters_trends_and_averages() -> None:
    sets = [
        Parameters(measurement_noise=noise, osc_smoothness=length, sma_fast=fast, sma_slow=slow)
        for noise in (1000.0, 2000.0)
        for length in (10, 15, 25, 30)
        for fast in (20, 40)
        for slow in (140, 200)
    ]
    settings, _ = matrices(sets)
    plan = plan_of(settings)
    assert len(plan.filter_sets) == 2
    assert len(plan.trend_sets) == 2 * 3  # 25 and 30 count as 20
    assert plan.windows.tolist() == [20, 40, 140, 200]
    assert len(plan.fast_of) == 4
    assert len(plan.state_sets) == 2  # the first decision waits for the slow average
    assert len(plan.bond_sets) == 1
    assert sorted(plan.order.tolist()) == list(range(32))
    column = settings[:, AT["sma_slow"]]
    np.testing.assert_array_equal(plan.windows[plan.slow_of[plan.pair_of]], column)


def test_bond_averages_that_are_not_allowed_are_all_alike() -> None:
    sets = [Parameters(allow_treasury=False, bond_sma_fast=fast) for fast in (5, 10, 20)]
    assert len(plan_of(matrices(sets)[0]).bond_sets) == 1
