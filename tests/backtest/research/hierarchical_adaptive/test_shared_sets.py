"""The loop over shared series against the loop that recomputes everything: the same bits for every set."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from backtest.core.bars import Bars, FloatArray
from backtest.research.hierarchical_adaptive.compiled import STATISTICS, backtest_sets
from backtest.research.hierarchical_adaptive.parameter_sets import PreparedBars, matrices, prepare, run_piece
from backtest.research.hierarchical_adaptive.shared_sets import run_shared
from backtest.strategies.hierarchical_adaptive.parameters import Parameters, parse
from tests.support.market_v35b import random_walk

#: more sessions than the window of the largest magnitude, so that its blocks meet
SESSIONS = 1_150


def walk_of_legs(sessions: int) -> dict[str, Bars]:
    names = ("QQQ", "TLT", "TQQQ", "TMF", "TMV", "PSQ")
    found = {name: random_walk(name, sessions, seed) for seed, name in enumerate(names)}
    for bars in found.values():
        bars.open[1:] = bars.close[:-1] * 1.001
    found["QQQ"].volume[7::40] = 0.0
    found["TQQQ"] = found["TQQQ"].since(found["QQQ"].dates[300].item())
    return found


@pytest.fixture(scope="module")
def history() -> dict[str, Bars]:
    return walk_of_legs(SESSIONS)


def wide(random: np.random.Generator) -> Parameters:
    """Draw all that a set may differ in, mostly from few values, so that series are shared in every way."""
    fast = int(random.integers(1, 40))
    bond_fast = int(random.integers(1, 15))
    baseline = int(random.choice([2, 20, 60, 126]))
    return parse(
        {
            "measurement_noise": float(random.choice([1000.0, 3000.0, random.uniform(1, 9000)])),
            "process_noise_1": float(random.choice([0.01, random.uniform(0.001, 1)])),
            "process_noise_2": float(random.choice([0.01, 0.1])),
            "symmetric_volume_adjustment": bool(random.random() < 0.3),
            "double_smoothing": bool(random.random() < 0.3),
            "osc_smoothness": int(random.integers(1, 25)),
            "strength_smoothness": int(random.choice([1, 5, 15, 20, 21, 600])),
            "T_max": float(random.choice([20.0, 50.0, random.uniform(5, 90)])),
            "sma_fast": fast,
            "sma_slow": fast + int(random.integers(1, 120)),
            "t_norm_bull_thresh": float(random.choice([0.05, 0.2, 1.2])),
            "t_norm_bear_thresh": float(random.choice([-0.05, -0.3])),
            "realized_vol_window": int(random.choice([2, 10, 21])),
            "vol_baseline_window": baseline,
            "upper_thresh_z": float(random.choice([0.5, 1.0])),
            "lower_thresh_z": float(random.choice([-0.5, 0.2])),
            "vol_crush_threshold": float(random.choice([-0.05, -0.15])),
            "vol_crush_lookback": int(random.integers(1, min(baseline, 8))),
            "leverage_scalar": float(random.choice([0.5, 1.0, 1.5])),
            "use_inverse_hedge": bool(random.random() < 0.5),
            "w_PSQ_max": float(random.choice([0.2, 0.5])),
            "allow_treasury": bool(random.random() < 0.8),
            "bond_sma_fast": bond_fast,
            "bond_sma_slow": bond_fast + int(random.integers(1, 60)),
            "max_bond_weight": float(random.choice([0.0, 0.2, 0.4])),
            "rebalance_threshold": float(random.choice([0.025, 0.5, 2.5])),
            "execution_time": str(random.choice(["close", "open"])),
        }
    )


def recomputed(
    market: PreparedBars, settings: FloatArray, weights: FloatArray, cost_pct: float
) -> FloatArray:
    statistics = np.zeros((len(settings), len(STATISTICS)))
    run_piece(backtest_sets(), market, settings, weights, cost_pct, statistics)
    return statistics


def days(history: dict[str, Bars], first: int, last: int) -> dict[str, date]:
    dates = history["QQQ"].dates.tolist()
    return {"start": dates[first], "end": dates[last]}


@pytest.mark.parametrize(
    ("count", "cost_pct", "first", "last", "without"),
    [
        (2_000, 0.05, 0, -1, ()),
        (70, 0.0, 250, 900, ()),
        (40, 0.3, 0, 499, ("TLT",)),
        (33, 0.05, 0, -1, ("PSQ", "TMV")),
    ],
)
def test_every_statistic_has_the_bits_of_the_recomputing_loop(
    history: dict[str, Bars], count: int, cost_pct: float, first: int, last: int, without: tuple[str, ...]
) -> None:
    random = np.random.default_rng(count)
    sets = [wide(random) for _ in range(count)]
    known = {symbol: bars for symbol, bars in history.items() if symbol not in without}
    market = prepare(known, sets, **days(history, first, last))
    settings, weights = matrices(sets)
    got = run_shared(market, settings, weights, cost_pct)
    np.testing.assert_array_equal(got, recomputed(market, settings, weights, cost_pct))
    assert len(np.unique(got[:, 0])) > count / 3


@pytest.mark.long
def test_a_hundred_thousand_wide_sets_have_the_same_bits() -> None:
    random = np.random.default_rng(9)
    history = walk_of_legs(1_150)
    for _ in range(50):
        sets = [wide(random) for _ in range(2_000)]
        market = prepare(history, sets)
        settings, weights = matrices(sets)
        got = run_shared(market, settings, weights, 0.05)
        np.testing.assert_array_equal(got, recomputed(market, settings, weights, 0.05))


def test_a_set_does_not_depend_on_its_neighbours(history: dict[str, Bars]) -> None:
    random = np.random.default_rng(3)
    sets = [wide(random) for _ in range(150)]
    market = prepare(history, sets)
    settings, weights = matrices(sets)
    whole = run_shared(market, settings, weights, 0.1)
    order = random.permutation(len(sets))
    np.testing.assert_array_equal(run_shared(market, settings[order], weights[order], 0.1), whole[order])
    np.testing.assert_array_equal(run_shared(market, settings[77:78], weights[77:78], 0.1), whole[77:78])


@pytest.mark.parametrize("changes", [{"process_noise_1": 1e308, "process_noise_2": 1e308}, {}])
def test_what_is_not_finite_comes_from_the_recomputing_loop(
    history: dict[str, Bars], changes: dict[str, Any]
) -> None:
    odd = Parameters(**changes)
    sets = [Parameters(), odd, Parameters(measurement_noise=2000.0)]
    market = prepare(history, sets)
    settings, weights = matrices(sets)
    cost_pct = 5.0 if changes else 400.0  # far more than everything, so that equity falls below zero
    got = run_shared(market, settings, weights, cost_pct)
    np.testing.assert_array_equal(got, recomputed(market, settings, weights, cost_pct))
