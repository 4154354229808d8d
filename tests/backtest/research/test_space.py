"""Spaces: points by number, draws, and which sets are valid."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.research.expressions import parse_condition
from backtest.research.space import Axis, Space, chosen, joined
from backtest.strategies.parameters import CrossRule


def space_of(*sizes: int) -> Space:
    return Space(
        tuple(Axis(f"p{k}", tuple(range(10 * k, 10 * k + size))) for k, size in enumerate(sizes)), {}
    )


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_points_are_counted_with_the_last_axis_fastest(sizes: list[int]) -> None:
    space = space_of(*sizes)
    columns = space.grid(np.arange(space.points))
    got = list(zip(*(column.tolist() for column in columns.values()), strict=True))
    assert got == list(product(*(axis.values for axis in space.axes)))


def test_a_huge_grid_is_never_made() -> None:
    space = space_of(*[10] * 15)
    last = space.grid(np.array([10**15 - 1]))
    assert space.points == 10**15
    assert [int(column[0]) % 10 for column in last.values()] == [9] * 15


@pytest.mark.parametrize(
    ("axis", "draws", "expected"),
    [
        (Axis("x", ("a", "b")), [0.0, 0.49, 0.5, 0.999], ["a", "a", "b", "b"]),
        (Axis("x", low=2.0, high=4.0), [0.0, 0.5, 0.75], [2.0, 3.0, 3.5]),
        (Axis("x", low=2, high=4, whole=True), [0.0, 0.34, 0.999999], [2, 3, 4]),
        (Axis("x", low=1.0, high=100.0, logarithmic=True), [0.0, 0.5], [1.0, 10.0]),
        (Axis("x", low=1, high=100, logarithmic=True, whole=True), [0.0, 0.5, 0.74], [1, 10, 30]),
    ],
)
def test_draws_become_values(axis: Axis, draws: list[float], expected: list[Any]) -> None:
    got = axis.drawn(np.array(draws)).tolist()
    assert got == expected if isinstance(expected[0], str) else got == pytest.approx(expected)


@given(st.floats(0, 1, exclude_max=True), st.floats(1e-6, 1e6), st.floats(1.0, 1e3))
def test_draws_stay_between_the_ends(draw: float, low: float, factor: float) -> None:
    for logarithmic in (False, True):
        axis = Axis("x", low=low, high=low * factor, logarithmic=logarithmic)
        assert low <= axis.drawn(np.array([draw]))[0] <= low * factor


def test_rules_constraints_and_base_decide_what_is_valid() -> None:
    rule = CrossRule(("fast", "slow"), lambda fast, slow: fast < slow, "must be below slow")
    space = Space(
        (Axis("fast", (1, 5, 9)),),
        {"fast": 3, "slow": 7, "wait": 2},
        (rule,),
        (parse_condition("fast > wait", ("fast", "wait")),),
    )
    assert space.valid(space.grid(np.arange(3)), 3).tolist() == [False, True, False]
    elsewhere = Space((Axis("wait", (1,)),), {"fast": 9, "slow": 7}, (rule,))
    assert elsewhere.valid({"wait": np.array([1])}, 1).tolist() == [True]  # the base is checked by itself


def test_neighbours_exist_on_axes_of_numbers_only() -> None:
    assert [Axis("x", values).ordered for values in ((1, 2), (True, False), ("a", "b"))] == [
        True,
        False,
        False,
    ]


def test_columns_are_cut_and_joined() -> None:
    space = space_of(3, 2)
    columns = space.grid(np.arange(6))
    parts = [chosen(columns, np.array([0, 5])), chosen(columns, np.array([3]))]
    assert {name: column.tolist() for name, column in joined(parts).items()} == {
        "p0": [0, 2, 1],
        "p1": [10, 11, 11],
    }
    one = space.one(columns, 5)
    assert one == {"p0": 2, "p1": 11}
    assert all(type(value) is int for value in one.values())
