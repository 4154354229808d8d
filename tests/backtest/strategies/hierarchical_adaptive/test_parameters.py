"""Parameters: exact names, ranges, cross-constraints; everything wrong is said at once."""

import math

import pytest

from backtest.core.errors import ParameterError
from backtest.strategies.hierarchical_adaptive.parameters import Parameters, parse
from backtest.strategies.hierarchical_adaptive.strategy import build

DEFAULTS = {
    "measurement_noise": 3000.0,
    "process_noise_1": 0.01,
    "process_noise_2": 0.01,
    "osc_smoothness": 15,
    "strength_smoothness": 15,
    "T_max": 50.0,
    "sma_fast": 40,
    "sma_slow": 140,
    "t_norm_bull_thresh": 0.2,
    "t_norm_bear_thresh": -0.3,
    "realized_vol_window": 21,
    "vol_baseline_window": 126,
    "upper_thresh_z": 1.0,
    "lower_thresh_z": 0.2,
    "vol_crush_threshold": -0.15,
    "vol_crush_lookback": 5,
    "leverage_scalar": 1.0,
    "use_inverse_hedge": False,
    "w_PSQ_max": 0.5,
    "allow_treasury": True,
    "bond_sma_fast": 20,
    "bond_sma_slow": 60,
    "max_bond_weight": 0.4,
    "treasury_trend_symbol": "TLT",
    "rebalance_threshold": 0.025,
    "execution_time": "close",
    "signal_symbol": "QQQ",
    "core_long_symbol": "QQQ",
    "leveraged_long_symbol": "TQQQ",
    "inverse_hedge_symbol": "PSQ",
    "bull_bond_symbol": "TMF",
    "bear_bond_symbol": "TMV",
    "symmetric_volume_adjustment": False,
    "double_smoothing": False,
}
WRONG = [
    *((name, 0) for name in ("measurement_noise", "process_noise_1", "process_noise_2", "T_max")),
    *((name, 0) for name in ("osc_smoothness", "strength_smoothness", "sma_fast", "bond_sma_fast")),
    ("osc_smoothness", 15.5),
    ("osc_smoothness", "15"),
    ("osc_smoothness", True),
    ("measurement_noise", math.nan),
    ("measurement_noise", math.inf),
    ("measurement_noise", "3000"),
    ("measurement_noise", True),
    ("measurement_noise", None),
    ("T_max", -1),
    ("sma_fast", 140),
    ("sma_slow", 40),
    ("bond_sma_fast", 60),
    ("t_norm_bull_thresh", 0),
    ("t_norm_bear_thresh", 0),
    ("realized_vol_window", 1),
    ("vol_baseline_window", 1),
    ("vol_baseline_window", 5),
    ("upper_thresh_z", 0.2),
    ("lower_thresh_z", 1.5),
    ("vol_crush_threshold", 0),
    ("vol_crush_lookback", 0),
    ("vol_crush_lookback", 126),
    ("leverage_scalar", 0.49),
    ("leverage_scalar", 1.51),
    ("use_inverse_hedge", 1),
    ("allow_treasury", "true"),
    ("double_smoothing", 0),
    ("w_PSQ_max", 0),
    ("w_PSQ_max", 1.01),
    ("max_bond_weight", -0.01),
    ("max_bond_weight", 1.01),
    ("rebalance_threshold", 0),
    ("execution_time", "noon"),
    ("signal_symbol", ""),
    ("signal_symbol", "qqq"),
    ("signal_symbol", "../QQQ"),
    ("treasury_trend_symbol", True),
]
RIGHT = [
    ("osc_smoothness", 15.0),
    ("strength_smoothness", 10**9),
    ("sma_fast", 139),
    ("vol_crush_lookback", 125),
    ("leverage_scalar", 0.5),
    ("leverage_scalar", 1.5),
    ("w_PSQ_max", 1),
    ("max_bond_weight", 0),
    ("max_bond_weight", 1),
    ("rebalance_threshold", 2.5),
    ("upper_thresh_z", 0.21),
    ("lower_thresh_z", -3),
    *(
        ("execution_time", name)
        for name in ("open", "15min_after_open", "15min_before_close", "5min_before_close", "close")
    ),
    ("core_long_symbol", "BRK.B"),
]


def test_the_34_parameters_and_their_defaults_are_golden() -> None:
    assert Parameters().model_dump() == DEFAULTS
    assert list(build("golden", {}).parameters) == list(DEFAULTS)
    assert len(DEFAULTS) == 34


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_wrong_values_are_refused_by_name(name: str, value: bool | float | str | None) -> None:
    with pytest.raises(ParameterError) as caught:
        parse({name: value})
    (finding,) = caught.value.findings
    assert name in str(finding)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(("name", "value"), RIGHT)
def test_the_edges_of_the_ranges_are_valid(name: str, value: float | str) -> None:
    assert getattr(parse({name: value}), name) == value


def test_integral_floats_become_integers() -> None:
    assert isinstance(parse({"osc_smoothness": 15.0}).osc_smoothness, int)


def test_everything_wrong_is_listed_at_once_with_suggestions() -> None:
    with pytest.raises(ParameterError) as caught:
        parse({"sma_fst": 3, "T_MAX": 3, "zzz": 1, "sma_fast": 200, "T_max": -1, "bond_sma_slow": 20})
    found = {f.path: str(f) for f in caught.value.findings}
    assert "did you mean sma_fast?" in found["parameters.sma_fst"]
    assert "did you mean T_max?" in found["parameters.T_MAX"]
    assert "known: measurement_noise" in found["parameters.zzz"]
    assert "must be below sma_slow, got sma_fast = 200, sma_slow = 140" in found["parameters.sma_fast"]
    assert "greater than 0, got -1" in found["parameters.T_max"]
    assert "must be below bond_sma_slow" in found["parameters.bond_sma_fast"]
    assert len(caught.value.findings) == 6


def test_derived_numbers_of_golden() -> None:
    parameters = Parameters()
    assert parameters.first_decision_bar == 147
    assert parameters.warmup_bars == 150
    assert parse({"bond_sma_slow": 300}).warmup_bars == 300
    assert parse({"bond_sma_slow": 300, "allow_treasury": False}).warmup_bars == 150
    assert parse({"vol_baseline_window": 200}).first_decision_bar == 221


def test_changed_parameters_are_validated_again() -> None:
    golden = build("golden", {})
    faster = golden.with_parameters({"sma_fast": 20}).with_execution_time("open")
    assert (faster.variant, faster.overridden) == ("golden", ("sma_fast", "execution_time"))
    assert faster.execution_time == "open"
    assert golden.overridden == ()
    with pytest.raises(ParameterError, match="sma_fast"):
        golden.with_parameters({"sma_fast": 140})
    with pytest.raises(ParameterError, match="execution_time"):
        golden.with_execution_time("noon")  # type: ignore[arg-type] # wrong on purpose


def test_only_legs_that_can_be_held_are_tradable() -> None:
    golden = build("golden", {})
    assert golden.signal_symbols == ("QQQ", "TLT")
    assert golden.tradable_symbols == ("TQQQ", "QQQ", "TMF", "TMV")
    hedged = golden.with_parameters({"use_inverse_hedge": True, "allow_treasury": False})
    assert hedged.signal_symbols == ("QQQ",)
    assert hedged.tradable_symbols == ("TQQQ", "QQQ", "PSQ")
