"""Columns of parameters become the very matrices that validated objects become."""

from typing import Any

import numpy as np

from backtest.research.hierarchical_adaptive.columns import matrices_of
from backtest.research.hierarchical_adaptive.parameter_sets import matrices
from backtest.strategies.hierarchical_adaptive.parameters import Parameters
from tests.backtest.research.hierarchical_adaptive.test_shared_sets import wide

SYMBOLS = {name for name in Parameters.model_fields if name.endswith("symbol")}


def test_columns_equal_objects() -> None:
    random = np.random.default_rng(5)
    sets = [wide(random) for _ in range(300)]
    names = Parameters.model_fields.keys() - SYMBOLS
    columns = {name: np.array([getattr(item, name) for item in sets]) for name in names}
    got = matrices_of(columns, Parameters(), len(sets))
    for mine, theirs in zip(got, matrices(sets), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_what_does_not_vary_comes_from_the_base() -> None:
    base = Parameters(leverage_scalar=1.2, execution_time="open", core_long_symbol="TQQQ")
    values: dict[str, Any] = {"sma_fast": np.array([10, 20, 30])}
    want = matrices([base.model_copy(update={"sma_fast": fast}) for fast in (10, 20, 30)])
    for mine, theirs in zip(matrices_of(values, base, 3), want, strict=True):
        np.testing.assert_array_equal(mine, theirs)
