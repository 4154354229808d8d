"""What a chunk of parameter sets has in common: the unique inputs of every series, found by columns."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import FloatArray
from backtest.research.hierarchical_adaptive.compiled import FIELDS

Codes = NDArray[np.int64]
#: Position of every field in a row of settings.
AT: Final = {name: position for position, name in enumerate(FIELDS)}
#: Parameters that each kind of series depends on.
SERIES: Final = {
    "filters": frozenset(
        {"measurement_noise", "process_noise_1", "process_noise_2", "symmetric_volume_adjustment"}
    ),
    "smoothings of a filter": frozenset({"osc_smoothness", "strength_smoothness", "double_smoothing"}),
    "pairs of averages": frozenset({"sma_fast", "sma_slow"}),
    "volatilities": frozenset({"realized_vol_window", "vol_baseline_window"}),
    "pairs of bond averages": frozenset({"allow_treasury", "bond_sma_fast", "bond_sma_slow"}),
}


class Plan(NamedTuple):
    """What the sets of a chunk share, as the compiled loop reads it (a plain tuple of arrays there).

    Every `..._sets` holds one set (row of the settings) for each unique input, every `..._of` leads to it.

    Attributes:
        order: shape (sets,), sets in the order they run: equal filters, trends and classes side by side.
        filter_sets: noises; those that count rising volume only come first.
        filter_of, trend_sets: filter of each trend; filter and smoothing.
        trend_of, class_of: trend of each class; trend with its thresholds, of each set.
        windows, fast_of, slow_of, pair_of: averages; the two of each pair; pair of each set.
        level_of, state_sets, state_of: volatility and baseline of each state; state machine of each set.
        bond_sets, bond_of: pairs of bond averages, of each set.
        first: shape (sets,), row of the first decision.
    """

    order: Codes
    filter_sets: Codes
    filter_of: Codes
    trend_sets: Codes
    trend_of: Codes
    class_of: Codes
    windows: Codes
    fast_of: Codes
    slow_of: Codes
    pair_of: Codes
    level_of: Codes
    state_sets: Codes
    state_of: Codes
    bond_sets: Codes
    bond_of: Codes
    first: Codes


def plan_of(settings: FloatArray) -> Plan:
    """Find what the rows of `settings`, shape (sets, len(FIELDS)), share."""
    column = {name: settings[:, position] for name, position in AT.items()}
    filter_sets, filters = unique(
        *(column[name] for name in ("symmetric", "measurement_noise", "process_noise_1", "process_noise_2"))
    )
    trend_sets, trends = unique(filters, column["wait"], column["length"], column["second"])
    class_sets, classes = unique(
        trends, column["T_max"], column["t_norm_bull_thresh"], column["t_norm_bear_thresh"]
    )
    pair_sets, pairs = unique(column["sma_slow"], column["sma_fast"])
    windows = np.unique(np.concatenate([column["sma_fast"], column["sma_slow"]]))
    volatility, baseline = column["realized_vol_window"], column["vol_baseline_window"]
    first = np.maximum(column["sma_slow"], volatility + baseline).astype(np.int64) - 1
    _, levels = unique(volatility, baseline)
    limits = (column[name] for name in ("upper_thresh_z", "lower_thresh_z", "vol_crush_threshold"))
    state_sets, states = unique(levels, first, column["vol_crush_lookback"], *limits)
    allowed = column["allow_treasury"]
    bond_sets, bonds = unique(allowed, column["bond_sma_fast"] * allowed, column["bond_sma_slow"] * allowed)
    return Plan(
        order=np.argsort(classes, kind="stable"),
        filter_sets=filter_sets,
        filter_of=filters[trend_sets],
        trend_sets=trend_sets,
        trend_of=trends[class_sets],
        class_of=classes,
        windows=windows.astype(np.int64),
        fast_of=np.searchsorted(windows, column["sma_fast"][pair_sets]),
        slow_of=np.searchsorted(windows, column["sma_slow"][pair_sets]),
        pair_of=pairs,
        level_of=levels[state_sets],
        state_sets=state_sets,
        state_of=states,
        bond_sets=bond_sets,
        bond_of=bonds,
        first=first,
    )


def unique(*columns: NDArray[Any]) -> tuple[Codes, Codes]:
    """Find the different combinations of columns of equal length, ordered by the first column first.

    Returns:
        One row for each combination, shape (unique,), and the combination of each row, shape (rows,).
    """
    code: Codes = np.zeros(len(columns[0]), dtype=np.int64)
    rows: Codes = code[:1]
    for column in columns:
        values, inverse = np.unique(column, return_inverse=True)
        # dense again after each column, so that the product never overflows
        _, rows, code = np.unique(code * len(values) + inverse, return_index=True, return_inverse=True)
    return rows.astype(np.int64), code.astype(np.int64)
