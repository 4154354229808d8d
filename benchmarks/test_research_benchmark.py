"""Speed of research as ratios to loops measured in the same run."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from backtest.core.bars import Bars
from backtest.research.hierarchical_adaptive.compiled import STATISTICS, backtest_sets
from backtest.research.hierarchical_adaptive.parameter_sets import matrices, prepare, run_piece
from backtest.research.hierarchical_adaptive.shared_sets import run_shared
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
    sets = searched(kind)
    market = prepare(history, sets)
    settings, weights = matrices(sets)
    out = np.zeros((len(sets), len(STATISTICS)))
    qqq, tlt = history["QQQ"], history["TLT"]
    legs = np.column_stack([history[s].close for s in ("TQQQ", "QQQ", "TMF", "TMV")])

    def seconds(function: Any, *arguments: Any) -> float:
        begin = time.thread_time()
        function(*arguments)
        return time.thread_time() - begin

    def recompute_loop() -> None:
        for _ in range(len(sets)):
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
