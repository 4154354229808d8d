"""Surfaces: median and best over everything else."""

import numpy as np

from backtest.research.space import Axis, Space
from backtest.research.surfaces import surfaces

SPACE = Space((Axis("a", (1, 2)), Axis("one", (5,)), Axis("b", (1, 2, 3)), Axis("c", (1, 2))), {})


def test_each_pair_of_axes_has_its_table() -> None:
    values = np.arange(12.0)
    values[0] = np.nan
    found = surfaces(SPACE, values, maximise=True)
    assert [(s.rows.name, s.columns.name) for s in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found[0].median.tolist() == [[1.0, 2.5, 4.5], [6.5, 8.5, 10.5]]
    assert found[0].best.tolist() == [[1.0, 3.0, 5.0], [7.0, 9.0, 11.0]]
    low = surfaces(SPACE, values, maximise=False)[0]
    assert low.best.tolist() == [[1.0, 2.0, 4.0], [6.0, 8.0, 10.0]]


def test_two_axes_are_themselves_and_empty_cells_stay_empty() -> None:
    space = Space(SPACE.axes[:3], {})
    values = np.array([1.0, np.nan, 3.0, 4.0, 5.0, 6.0])
    (found,) = surfaces(space, values, maximise=True)
    np.testing.assert_array_equal(found.median, [[1.0, np.nan, 3.0], [4.0, 5.0, 6.0]])
