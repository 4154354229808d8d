"""Ranking: objectives, requirements, ties, and sets without figures."""

import numpy as np

from backtest.research.expressions import parse_condition
from backtest.research.figures import FIGURES, Objective, missed, ranked

NAN = float("nan")


def figures(**columns: list[float]) -> dict[str, np.ndarray]:
    count = len(next(iter(columns.values())))
    return {name: np.array(columns.get(name, [1.0] * count)) for name in FIGURES}


def test_the_first_objective_ranks_the_next_breaks_ties_the_number_breaks_the_rest() -> None:
    found = figures(sharpe=[1.0, 2.0, 1.0, 1.0, 2.0], max_drawdown=[0.2, 0.4, 0.1, 0.2, 0.3])
    order, met = ranked(found, (Objective("sharpe"), Objective("max_drawdown", maximise=False)), ())
    assert order.tolist() == [4, 1, 2, 0, 3]
    assert met.all()


def test_what_misses_a_requirement_comes_last_and_says_why() -> None:
    require = (parse_condition("max_drawdown <= 0.3", FIGURES), parse_condition("rebalances >= 30", FIGURES))
    found = figures(sharpe=[3.0, 1.0, 2.0], max_drawdown=[0.5, 0.1, 0.2], rebalances=[10, 40, 40])
    order, met = ranked(found, (Objective("sharpe"),), require)
    assert order.tolist() == [2, 1, 0]
    assert met.tolist() == [False, True, True]
    assert missed(found, require, 0) == "max_drawdown <= 0.3; rebalances >= 30"
    assert missed(found, require, 1) == ""


def test_sets_without_figures_are_left_out() -> None:
    found = figures(final_equity=[1.0, NAN, 1.0], sharpe=[0.5, NAN, NAN])
    order, _ = ranked(found, (Objective("sharpe"),), ())
    assert order.tolist() == [0, 2]


def test_objectives_read_as_they_are_written() -> None:
    assert str(Objective("sharpe")) == "maximise sharpe"
    assert str(Objective("max_drawdown", maximise=False)) == "minimise max_drawdown"
