"""Sobol points against the numbers of an independent implementation, and their evenness."""

import numpy as np
import pytest

from backtest.research.sobol import MOST_AXES, sobol

ZERO = [0.0] * MOST_AXES
#: scipy.stats.qmc.Sobol(40, scramble=False, bits=52): points 1 to 5 of the first six axes, point 777 of three
FIRST = [
    [0.5, 0.75, 0.25, 0.375, 0.875],
    [0.5, 0.25, 0.75, 0.375, 0.875],
    [0.5, 0.25, 0.75, 0.625, 0.125],
    [0.5, 0.25, 0.75, 0.875, 0.375],
    [0.5, 0.75, 0.25, 0.375, 0.875],
    [0.5, 0.75, 0.25, 0.125, 0.625],
]


def test_points_are_those_of_the_reference() -> None:
    points = sobol(MOST_AXES, 0, 778, ZERO)
    assert points[:6, 1:6].tolist() == FIRST
    assert points[[10, 25, 39], 777].tolist() == [0.7451171875, 0.1455078125, 0.3583984375]


@pytest.mark.parametrize("first", [0, 1, 63, 1_000, 2**40])
def test_a_point_is_a_function_of_its_number(first: int) -> None:
    shift = np.random.default_rng(1).random(MOST_AXES).tolist()
    whole = sobol(MOST_AXES, first, 20, shift)
    for k in (0, 7, 19):
        np.testing.assert_array_equal(sobol(MOST_AXES, first + k, 1, shift)[:, 0], whole[:, k])


def test_every_axis_is_divided_evenly_with_any_shift() -> None:
    shift = np.random.default_rng(2).random(MOST_AXES).tolist()
    points = sobol(MOST_AXES, 0, 256, shift)
    for axis in points:
        assert sorted((axis * 256).astype(int).tolist()) == list(range(256))
    assert points.min() >= 0.0
    assert points.max() < 1.0
