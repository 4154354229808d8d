"""How far a decision of v3.5b is from the next one, checked against the state machine itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.strategies.hierarchical_adaptive import kernels
from backtest.strategies.hierarchical_adaptive.boundaries import next_changes
from backtest.strategies.hierarchical_adaptive.parameters import Parameters

GOLDEN = Parameters()
NAMES = {1: "BullStrong", 0: "Sideways", -1: "BearStrong"}


def cell_of(
    z: float, t_norm: float, fast: float, slow: float, *, was_high: bool, crush: bool
) -> tuple[int, bool]:
    """Return cell and volatility state after one step of the real state machine."""
    before = 2.0 if was_high else -2.0
    sigma = [1.0, 1.0, 0.5 if crush else 1.0]
    high, crushed, trend, cell = ([0] * 3 for _ in range(4))
    kernels.regimes(
        [0.0, 0.0, t_norm],
        [0.0, before, z],
        sigma,
        [1.0, 1.0, fast],
        [1.0, 1.0, slow],
        1,
        1,
        GOLDEN.t_norm_bull_thresh,
        GOLDEN.t_norm_bear_thresh,
        GOLDEN.upper_thresh_z,
        GOLDEN.lower_thresh_z,
        GOLDEN.vol_crush_threshold,
        high,
        crushed,
        trend,
        cell,
    )
    return cell[2], bool(high[2])


@given(
    z=st.floats(-3, 3),
    t_norm=st.floats(-1, 1),
    fast=st.floats(50, 150),
    slow=st.floats(50, 150),
    was_high=st.booleans(),
    crush=st.booleans(),
)
def test_a_figure_beyond_its_limit_changes_the_cell_and_one_short_of_it_does_not(
    *, z: float, t_norm: float, fast: float, slow: float, was_high: bool, crush: bool
) -> None:
    cell, high = cell_of(z, t_norm, fast, slow, was_high=was_high, crush=crush)
    figures: dict[str, Any] = {
        "z_score": z,
        "T_norm": t_norm,
        "sma_fast": fast,
        "sma_slow": slow,
        "cell": cell,
        "vol_state": "High" if high else "Low",
        "vol_crush": crush,
    }
    found = {boundary.figure: boundary for boundary in next_changes(GOLDEN, figures)}
    places = {"z": "z", "T_norm": "t_norm", "fast average": "fast"}
    now = {"z": z, "t_norm": t_norm, "fast": fast}
    for figure, name in places.items():
        limit = found.get(figure)
        for value in (-50.0, -2.0, -0.31, -0.29, 0.19, 0.21, 0.99, 1.01, 2.0, 49.0, 151.0):
            if name == "fast" and value < 10:
                continue
            moved = {**now, name: value}
            other, _ = cell_of(moved["z"], moved["t_norm"], moved["fast"], slow, was_high=high, crush=crush)
            crosses = limit is not None and (
                value > limit.limit if limit.direction == "above" else value < limit.limit
            )
            assert (other != cell) == crosses, (figure, value, limit)


def figures(**changes: Any) -> dict[str, Any]:
    return {
        "z_score": 0.93,
        "T_norm": 0.1,
        "sma_fast": 101.0,
        "sma_slow": 100.0,
        "cell": 3,
        "vol_state": "Low",
        "vol_crush": False,
        "bond_sma_fast": 80.0,
        "bond_sma_slow": 79.0,
        **changes,
    }


def test_the_limits_of_a_quiet_session() -> None:
    found = next_changes(GOLDEN, figures())
    assert [(b.changes, b.figure, b.direction, b.limit, round(b.distance, 6)) for b in found] == [
        ("cell changes", "z", "above", GOLDEN.upper_thresh_z, 0.07),
        ("cell changes", "T_norm", "above", 0.2, 0.1),
    ]


def test_bonds_count_where_the_cell_holds_them() -> None:
    held = [b for b in next_changes(GOLDEN, figures(cell=5)) if b.changes == "bonds change"]
    assert [(b.direction, b.limit, b.now) for b in held] == [("below", 79.0, 80.0)]


@pytest.mark.parametrize("name", ["z_score", "sma_slow"])
def test_a_decision_of_the_warm_up_has_no_limits(name: str) -> None:
    assert next_changes(GOLDEN, figures(**{name: None})) == ()
