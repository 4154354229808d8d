"""Speed of the rules as ratios to a floor measured in the same run.

The floor is a compiled loop with nothing in it but the arithmetic the rules cannot do without: the filter and
its oscillator, running sums for the averages and volatilities, the state machine, one multiplication per leg.
"""

import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from backtest.core.bars import Bars
from backtest.core.decision import Book, Situation
from backtest.research.hierarchical_adaptive.compiled import backtest_sets
from backtest.research.hierarchical_adaptive.parameter_sets import (
    cores,
    matrices,
    prepare,
    run_many,
    run_piece,
)
from backtest.strategies.hierarchical_adaptive.parameters import Parameters
from backtest.strategies.hierarchical_adaptive.strategy import build

SESSIONS = 16 * 252
SETS = 1000


def walk(symbol: str, seed: int, scale: float) -> Bars:
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0.0003, scale, SESSIONS)))
    dates = np.busday_offset("2009-01-02", np.arange(SESSIONS), roll="forward").astype("M8[D]")
    return Bars(symbol, dates, close, close, close, close, random.uniform(1e6, 5e6, SESSIONS))


@pytest.fixture(scope="module")
def history() -> dict[str, Bars]:
    legs = (("QQQ", 0.012), ("TLT", 0.008), ("TQQQ", 0.036), ("TMF", 0.024), ("TMV", 0.024))
    return {symbol: walk(symbol, seed, scale) for seed, (symbol, scale) in enumerate(legs)}


@numba.njit(nogil=True, error_model="numpy")
def floor(
    close: Any,
    volume: Any,
    bonds: Any,
    legs: Any,
    noise: Any,
    fast: Any,
    slow: Any,
    rv: Any,
    bw: Any,
    osc: Any,
) -> Any:
    n = len(close)
    y = np.zeros(n)
    r = np.zeros(n)
    sigma = np.zeros(n)
    oscillator = np.zeros(n)
    queue = np.zeros(n, dtype=np.int64)
    head = tail = 0
    p, v, a, b, d = close[0], 0.0, 1.0, 0.0, 1.0
    sum_fast = sum_slow = bond_fast = bond_slow = s1 = s2 = z1 = z2 = 0.0
    high, equity, held, cell = False, 1.0, 0, 0
    for t in range(1, n):
        p, a, b, d = p + v, a + 2 * b + d + 0.01, b + d, d + 0.01
        s = a + noise * (volume[t - 1] / max(volume[t - 1], volume[t]))
        k1, k2 = a / s, b / s
        y[t] = close[t] - p
        p, v = p + k1 * y[t], v + k2 * y[t]
        a, b, d = (1 - k1) * a, (1 - k1) * b, d - k2 * b
        while tail > head and abs(y[queue[tail - 1]]) <= abs(y[t]):
            tail -= 1
        queue[tail] = t
        tail += 1
        if queue[head] <= t - 500:
            head += 1
        oscillator[t] = 100 * y[t] / abs(y[queue[head]])
        r[t] = math.log(close[t] / close[t - 1])
        s1 += r[t]
        s2 += r[t] * r[t]
        sum_fast += close[t]
        sum_slow += close[t]
        bond_fast += bonds[t]
        bond_slow += bonds[t]
        if t >= fast:
            sum_fast -= close[t - fast]
        if t >= 20:
            bond_fast -= bonds[t - 20]
        if t >= 60:
            bond_slow -= bonds[t - 60]
        if t > rv:
            s1 -= r[t - rv]
            s2 -= r[t - rv] * r[t - rv]
            sigma[t] = math.sqrt(max(0.0, 252 * (s2 - s1 * s1 / rv) / (rv - 1)))
            z1 += sigma[t]
            z2 += sigma[t] * sigma[t]
        if t >= slow:
            sum_slow -= close[t - slow]
        if t > rv + bw:
            z1 -= sigma[t - bw]
            z2 -= sigma[t - bw] * sigma[t - bw]
            g = 0.0
            for i in range(osc):
                g += (i + 1) * oscillator[t - osc + 1 + i]
            trend = g / (osc * (osc + 1) / 2) / 50
            sd = math.sqrt(max(1e-18, (z2 - z1 * z1 / bw) / (bw - 1)))
            z = (sigma[t] - z1 / bw) / sd
            high = z > 1.0 or (high and z >= 0.2)
            bull = sum_fast / fast > sum_slow / slow
            cell = 0 if bull and trend > 0.2 else (2 if not bull and trend < -0.3 else 1)
            if sigma[t] / sigma[t - 5] - 1 < -0.15:
                high = False
            held = 2 * cell + high + (bond_fast / 20 > bond_slow / 60)
            change = 0.0
            for leg in range(legs.shape[1]):
                change += (0.1 + 0.1 * ((held + leg) % 3)) * (legs[t, leg] / legs[t - 1, leg] - 1)
            equity *= 1 + change
    return equity


def median_time(function: Callable[..., Any], rounds: int) -> Any:
    function()
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


@pytest.fixture(scope="module")
def floor_seconds(history: dict[str, Bars]) -> Any:
    qqq, tlt = history["QQQ"], history["TLT"]
    legs = np.column_stack([history[s].close for s in ("TQQQ", "QQQ", "TMF", "TMV")])
    return median_time(
        lambda: floor(qqq.close, qqq.volume, tlt.close, legs, 3000.0, 40, 140, 21, 126, 15), 200
    )


def test_one_full_backtest(benchmark: BenchmarkFixture, history: dict[str, Bars], floor_seconds: Any) -> None:
    """Indicators, decisions and equity of one parameter set over 16 years, warm."""
    parameters = [Parameters()]
    market = prepare(history, parameters)
    settings, weights = matrices(parameters)
    out = np.zeros((1, 7))
    run = backtest_sets()
    benchmark(run_piece, run, market, settings, weights, 0.05, out)
    benchmark.extra_info["floor_ms"] = round(floor_seconds * 1e3, 3)
    benchmark.extra_info["ratio_to_floor"] = round(benchmark.stats.stats.median / floor_seconds, 2)


def test_a_thousand_parameter_sets(
    benchmark: BenchmarkFixture, history: dict[str, Bars], floor_seconds: Any
) -> None:
    """1,000 sets on all cores, everything recomputed; the floor is 1,000 single floors shared out."""
    random = np.random.default_rng(1)
    sets = [
        Parameters(
            measurement_noise=float(random.uniform(500, 5000)),
            osc_smoothness=int(random.integers(5, 21)),
            sma_fast=int(random.integers(20, 60)),
            sma_slow=int(random.integers(100, 200)),
            vol_baseline_window=int(random.integers(60, 200)),
        )
        for _ in range(SETS)
    ]
    run_many(history, sets[:2])
    benchmark.pedantic(run_many, args=(history, sets), rounds=5)
    shared = floor_seconds * SETS / cores()
    benchmark.extra_info["cores"] = cores()
    benchmark.extra_info["floor_ms"] = round(shared * 1e3, 1)
    benchmark.extra_info["ratio_to_floor"] = round(benchmark.stats.stats.median / shared, 2)


def test_interpreted_evaluation_as_a_stage_pays_it(
    benchmark: BenchmarkFixture, history: dict[str, Bars], floor_seconds: Any
) -> None:
    """All columns over 16 years without a compiler, and the decision of the last session."""
    strategy = build("golden", {})
    day = history["QQQ"].last

    def decide() -> Any:
        return strategy.evaluate(history).decide(Situation(day, day, Book(0.0), {}))

    benchmark(decide)
    benchmark.extra_info["ratio_to_floor"] = round(benchmark.stats.stats.median / floor_seconds, 1)
