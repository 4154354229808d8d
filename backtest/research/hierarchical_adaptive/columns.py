"""Parameter sets as columns: from one array per parameter to what the compiled loops read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.indicators.kernels import MAX_MAGNITUDES, MAX_SMOOTHED
from backtest.research.hierarchical_adaptive.compiled import FIELDS
from backtest.research.hierarchical_adaptive.parameter_sets import flat_weights
from backtest.research.hierarchical_adaptive.shared_plan import unique
from backtest.simulator.windows import OPENING
from backtest.strategies.hierarchical_adaptive.parameters import Parameters

_WEIGHTS = ("leverage_scalar", "use_inverse_hedge", "w_PSQ_max", "max_bond_weight")


def matrices_of(
    columns: Mapping[str, NDArray[Any]], base: Parameters, count: int
) -> tuple[FloatArray, FloatArray]:
    """Return settings, shape (count, len(FIELDS)), and weights, shape (count, 18 * 5), of `count` sets.

    Args:
        columns: values of the parameters that vary, shape (count,), valid ones; symbols do not vary.
        base: everything else.
        count: how many sets.
    """

    def column(name: str) -> NDArray[Any]:
        return columns[name] if name in columns else np.full(count, getattr(base, name))

    settings: FloatArray = np.empty((count, len(FIELDS)))
    wait = np.minimum(column("strength_smoothness"), MAX_MAGNITUDES)
    named = {
        "symmetric": column("symmetric_volume_adjustment"),
        "wait": wait,
        "length": np.minimum(column("osc_smoothness"), MAX_SMOOTHED),
        "second": np.where(column("double_smoothing") & (wait <= MAX_SMOOTHED), wait, 0),
        "lag": np.isin(column("execution_time"), list(OPENING)),
    }
    for position, name in enumerate(FIELDS):
        settings[:, position] = named[name] if name in named else column(name)
    shares = [column(name) for name in _WEIGHTS]
    rows, code = unique(*shares)
    tables = np.array(
        [
            flat_weights(
                float(shares[0][row]),
                bool(shares[1][row]),
                float(shares[2][row]),
                float(shares[3][row]),
                base.legs,
            )
            for row in rows
        ]
    )
    return settings, tables[code]
