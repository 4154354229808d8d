"""Neighbourhoods on a grid."""

import numpy as np
import pytest

from backtest.research.expressions import parse_condition
from backtest.research.neighbourhood import FRESH, fresh_neighbours, neighbourhood, neighbours
from backtest.research.space import Axis, Space

SPACE = Space((Axis("a", (1, 2, 3, 4)), Axis("flag", (True, False)), Axis("b", (10, 20, 30))), {})


def number(a: int, flag: int, b: int) -> int:
    return (a * 2 + flag) * 3 + b


def test_neighbours_are_one_step_on_any_ordered_axis() -> None:
    inside = {number(a, 1, b) for a in (0, 1, 2) for b in (0, 1, 2)} - {number(1, 1, 1)}
    assert set(neighbours(SPACE, number(1, 1, 1)).tolist()) == inside
    corner = {number(0, 0, 1), number(1, 0, 0), number(1, 0, 1)}
    assert set(neighbours(SPACE, 0).tolist()) == corner


def test_many_axes_have_steps_along_one_at_a_time() -> None:
    wide = Space(tuple(Axis(f"p{k}", (1, 2, 3)) for k in range(8)), {})
    assert len(neighbours(wide, (3**8 - 1) // 2)) == 16


def test_an_axis_of_one_value_has_no_neighbours() -> None:
    single = Space((Axis("a", (1,)), Axis("b", ("x", "y"))), {})
    assert neighbours(single, 0).tolist() == []
    assert neighbourhood(single, 0, np.array([1.0, 2.0])) is None


def test_a_peak_is_told_from_a_plateau() -> None:
    line = Space((Axis("a", (1, 2, 3, 4, 5)),), {})
    found = neighbourhood(line, 1, np.array([0.5, 1.0, 0.95, 0.9, np.nan]))
    assert found is not None
    assert (found.neighbours, found.median, found.worst, found.stability) == (2, 0.725, 0.5, 0.5)
    assert found.plateau == pytest.approx(0.725)
    edge = neighbourhood(line, 3, np.array([0.5, 1.0, 0.95, 0.9, np.nan]))
    assert edge is not None
    assert edge.neighbours == 1  # one without figures is left out


def test_a_losing_set_has_no_ratios() -> None:
    line = Space((Axis("a", (1, 2)),), {})
    found = neighbourhood(line, 0, np.array([-1.0, 0.5]))
    assert found is not None
    assert found.median == 0.5
    assert np.isnan([found.worst, found.plateau, found.stability]).all()


def test_fresh_neighbours_are_near_and_keep_the_rules() -> None:
    axes = (
        Axis("x", low=0.0, high=10.0),
        Axis("n", low=1, high=100, whole=True),
        Axis("listed", (5, 10, 20)),
        Axis("flag", (False, True)),
    )
    space = Space(axes, {}, constraints=(parse_condition("x <= 5.2", ("x",)),))
    found = fresh_neighbours(space, {"x": 5.0, "n": 50, "listed": 5, "flag": True}, 7)
    count = len(found["x"])
    assert 20 < count < FRESH
    assert (np.abs(found["x"] - 5.0) <= 0.5).all()
    assert (found["x"] <= 5.2).all()
    assert set(found["n"].tolist()) <= set(range(45, 56))
    assert set(found["listed"].tolist()) == {5, 10}
    assert found["flag"].all()
    again = fresh_neighbours(space, {"x": 5.0, "n": 50, "listed": 5, "flag": True}, 7)
    assert again["x"].tobytes() == found["x"].tobytes()
