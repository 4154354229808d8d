"""Speed of research as ratios to loops measured in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from backtest.core.bars import Bars
from backtest.research.database import open_database
from backtest.research.engine import Threads
from backtest.research.hierarchical_adaptive.compiled import STATISTICS, backtest_sets
from backtest.research.hierarchical_adaptive.parameter_sets import cores, matrices, prepare, run_piece
from backtest.research.hierarchical_adaptive.shared_sets import run_shared
from backtest.research.identity import Identity
from backtest.research.monte_carlo.path_loop import LANES, advance
from backtest.research.monte_carlo.resampling import Resampling, compiled, resample
from backtest.research.overfitting.cscv import overfitting
from backtest.research.rule_sets import trial_of, tried
from backtest.research.running import Limits, run_study
from backtest.research.search import sets
from backtest.research.study import Study
from backtest.research.study_file import parse_study
from backtest.strategies.hierarchical_adaptive.parameters import Parameters
from benchmarks.test_rules_benchmark import SETS, floor, walk

#: most of today's loop that recomputes everything, by kind of search
TARGETS = {"grid": 0.15, "every noise different": 0.35}


@pytest.fixture(scope="module")
def history() -> dict[str, Bars]:
    legs = (("QQQ", 0.012), ("TLT", 0.008), ("TQQQ", 0.036), ("TMF", 0.024), ("TMV", 0.024))
    return {symbol: walk(symbol, seed, scale) for seed, (symbol, scale) in enumerate(legs)}


def searched(kind: str) -> list[Parameters]:
    if kind == "grid":
        return [
            Parameters(measurement_noise=noise, osc_smoothness=length, sma_fast=fast, sma_slow=slow)
            for noise in (1000.0, 2000.0, 3000.0, 4000.0, 5000.0)
            for length in (10, 15)
            for fast in range(20, 60, 4)
            for slow in range(100, 200, 10)
        ]
    random = np.random.default_rng(1)
    return [
        Parameters(
            measurement_noise=float(random.uniform(500, 5000)),
            osc_smoothness=int(random.integers(5, 21)),
            sma_fast=int(random.integers(20, 60)),
            sma_slow=int(random.integers(100, 200)),
            vol_baseline_window=int(random.integers(60, 200)),
        )
        for _ in range(SETS)
    ]


@pytest.mark.parametrize("kind", list(TARGETS))
def test_shared_series_against_recomputing_them(
    benchmark: BenchmarkFixture, history: dict[str, Bars], kind: str
) -> None:
    """1,000 sets on one core; both loops and the benchmark's own take turns, so that load meets all."""
    wanted = searched(kind)
    market = prepare(history, wanted)
    settings, weights = matrices(wanted)
    out = np.zeros((len(wanted), len(STATISTICS)))
    qqq, tlt = history["QQQ"], history["TLT"]
    legs = np.column_stack([history[s].close for s in ("TQQQ", "QQQ", "TMF", "TMV")])

    def seconds(function: Any, *arguments: Any) -> float:
        begin = time.thread_time()
        function(*arguments)
        return time.thread_time() - begin

    def recompute_loop() -> None:
        for _ in range(len(wanted)):
            floor(qqq.close, qqq.volume, tlt.close, legs, 3000.0, 40, 140, 21, 126, 15)

    def product_loop() -> None:
        run_piece(backtest_sets(), market, settings, weights, 0.05, out)

    product_loop()
    np.testing.assert_array_equal(run_shared(market, settings, weights, 0.05), out)
    times = [(seconds(recompute_loop), seconds(product_loop)) for _ in range(3)]
    benchmark.pedantic(run_shared, args=(market, settings, weights, 0.05), rounds=5)
    shared = sorted(seconds(run_shared, market, settings, weights, 0.05) for _ in range(3))[1]
    floor_time, product = (sorted(column)[1] for column in zip(*times, strict=True))
    benchmark.extra_info["ratio_to_recompute_loop"] = round(shared / floor_time, 3)
    benchmark.extra_info["ratio_to_run_many"] = round(shared / product, 3)
    assert shared / floor_time <= TARGETS[kind] * 1.5


@pytest.fixture(scope="module")
def study() -> Study:
    """10^6 points of a grid around golden, over 16 years."""
    document = {
        "study": {"name": "bench", "strategy": "hierarchical_adaptive_v3_5b"},
        "data": {"prices": "none", "cost_pct": 0.05},
        "space": {
            "measurement_noise": {"range": [500, 5000], "step": 500},
            "osc_smoothness": {"range": [11, 20], "step": 1},
            "sma_fast": {"range": [20, 65], "step": 5},
            "sma_slow": {"range": [100, 190], "step": 10},
            "t_norm_bull_thresh": {"range": [0.05, 0.5], "step": 0.05},
            "t_norm_bear_thresh": {"range": [-0.5, -0.05], "step": 0.05},
        },
    }
    return parse_study(document, "bench")


def test_a_million_sets_stored_and_resumed(
    benchmark: BenchmarkFixture,
    history: dict[str, Bars],
    study: Study,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """10^6 sets on all cores into the database, against the same chunks without engine and database.

    Then the study again, which finds nothing to do.
    """
    trial = trial_of(study.strategy, history, start=None, end=None, cost_pct=0.05)
    identity = Identity("s", "d", "c", "v")
    document = {"name": "bench", "strategy": study.strategy.name, "sessions": len(trial.sessions), "file": {}}
    days = (trial.sessions[0], trial.sessions[-1])
    with open_database(tmp_path_factory.mktemp("bench") / "r.db") as database:
        row = database.begin(identity, document, symbols=("QQQ",), days=days, total=study.total)

        def run() -> None:
            run_study(study, row, trial, database, Threads(cores()), lambda _: None, Limits())

        begin = time.process_time()
        benchmark.pedantic(run, rounds=1)
        busy = time.process_time() - begin
        begin = time.perf_counter()
        run()
        benchmark.extra_info["resume_seconds"] = round(time.perf_counter() - begin, 2)
    begin = time.process_time()
    for first in range(0, 100_000, 4_000):
        tried(trial, study.space, sets(study.space, study.method, 0, first * 10, 4_000), 4_000)
    alone = 10 * (time.process_time() - begin)
    benchmark.extra_info["cores"] = cores()
    benchmark.extra_info["engine_overhead"] = round(busy / alone - 1, 3)


def test_overfitting_of_a_thousand_trials(benchmark: BenchmarkFixture) -> None:
    """CSCV: 12,870 splits of 4,000 days of 1,000 trials."""
    returns = np.random.default_rng(1).normal(0, 0.01, (4_000, 1_000))
    found = benchmark.pedantic(overfitting, args=(returns,), rounds=3)
    assert found.splits == 12_870


def test_bootstrap_of_a_hundred_thousand_paths(benchmark: BenchmarkFixture) -> None:
    """100,000 paths of 4,000 sessions, blocks of 100, against lanes fed by the cheapest draw."""
    returns = np.random.default_rng(1).normal(0.0004, 0.012, 4_000)
    plan = Resampling(paths=100_000, sessions=4_000, block=100.0, seed=7)
    few = replace(plan, paths=10_000)
    lanes = lane_floor()
    resample(returns, replace(plan, paths=32))
    lanes(returns, 1)
    ratios = []
    for _ in range(3):
        begin = time.thread_time()
        outcomes = np.empty((few.paths, 6)), np.empty((few.paths, len(few.marks)))
        compiled()(returns, np.uint64(7), 0, few.decay, few.marks, *outcomes)
        middle = time.thread_time()
        lanes(returns, few.paths // LANES)
        ratios.append((middle - begin) / (time.thread_time() - middle))
    benchmark.pedantic(resample, args=(returns, plan), kwargs={"workers": cores()}, rounds=1)
    benchmark.extra_info["cores"] = cores()
    benchmark.extra_info["ratio_to_lane_floor"] = round(sorted(ratios)[1], 2)
    assert sorted(ratios)[1] <= 1.5 * 1.5


def lane_floor() -> Callable[..., None]:
    """Return a loop over 32 lanes that takes 64 days from anywhere and keeps the same outcomes."""
    import numba

    step = numba.njit(error_model="numpy", nogil=True)(advance)

    @numba.njit(error_model="numpy", nogil=True)
    def run(returns: Any, times: int) -> None:
        tile = np.zeros(64 * 32)
        state = np.ones(8 * 32)
        at = 0
        for _ in range(times * (len(returns) // 64)):
            for lane in range(32):
                at = (at * 1_103_515_245 + 12_345) % (len(returns) - 64)
                for k in range(64):
                    tile[k * 32 + lane] = returns[at + k]
            step(tile, 64, state)

    found: Callable[..., None] = run
    return found
