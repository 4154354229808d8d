"""Usual ranges warn, hard ranges refuse."""

from pathlib import Path

import pytest

from backtest.core.errors import ParameterError
from backtest.strategies.base import Strategy
from backtest.strategies.earnings_swing.strategy import build as earnings
from backtest.strategies.hierarchical_adaptive.strategy import build as adaptive
from backtest.strategies.registry import load_strategy, strategy_files

FOUNDING: dict[str, tuple[float, float]] = {  # section 4.3 of the product requirements
    "sma_fast": (10, 100),
    "sma_slow": (50, 300),
    "upper_thresh_z": (0.5, 2.0),
    "lower_thresh_z": (-0.5, 0.5),
    "leverage_scalar": (0.5, 1.5),
    "measurement_noise": (500.0, 10_000.0),
    "T_max": (20.0, 100.0),
}


def warned(strategy: Strategy) -> list[str]:
    return [finding.path.removeprefix("parameters.") for finding in strategy.unusual]


@pytest.mark.parametrize("name", FOUNDING)
def test_the_founding_ranges_warn_outside_and_not_at_their_ends(name: str) -> None:
    low, high = FOUNDING[name]
    others: dict[str, dict[str, float]] = {"sma_fast": {"sma_slow": 300}, "sma_slow": {"sma_fast": 10}}
    others |= {"upper_thresh_z": {"lower_thresh_z": 0.4}, "lower_thresh_z": {"upper_thresh_z": 2.0}}
    for value in (low, high):
        assert warned(adaptive("v", {**others.get(name, {}), name: value})) == []
    step = 1 if isinstance(low, int) else 0.01
    for value in (low - step, high + step):
        if name == "leverage_scalar":  # here the hard range is the same
            with pytest.raises(ParameterError, match="leverage_scalar"):
                adaptive("v", {name: value})
        else:
            assert warned(adaptive("v", {**others.get(name, {}), name: value})) == [name]


def test_what_leads_nowhere_is_said() -> None:
    (finding,) = adaptive("v", {"rebalance_threshold": 2.5}).unusual
    assert (
        str(finding)
        == "parameters.rebalance_threshold: 2.5 is outside the usual range, at most 2 (it never trades)"
    )


@pytest.mark.parametrize(
    ("name", "value"), [("stop_loss_pct", 60), ("max_positions", 500), ("max_holding_days", 2)]
)
def test_earnings_parameters_warn_too(name: str, value: int) -> None:
    assert warned(earnings("v", {name: value})) == [name]


def test_no_shipped_strategy_is_unusual(project_root: Path) -> None:
    files = strategy_files(project_root / "config" / "strategies")
    assert {file.stem for file in files} >= {"golden", "titan"}
    assert {file.stem: load_strategy(file).unusual for file in files} == {file.stem: () for file in files}
