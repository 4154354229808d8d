"""One full backtest over sixteen years, warm, as a ratio to a floor measured in the same run.

The floor is the least that plain Python can do for the same answer: one pass over the sessions that reads the
closes and marks five holdings. What is above it is deciding, sizing, filling and remembering.
"""

import time
import tracemalloc
from datetime import date
from statistics import median
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.execution_rules import ExecutionRules
from backtest.reporting.metrics import summarise
from backtest.simulator.allocation.simulate import simulate
from backtest.strategies.registry import build_strategy

START, END = date(2010, 1, 4), date(2025, 12, 31)
LEGS = {"QQQ": 0.011, "TQQQ": 0.033, "TLT": 0.009, "TMF": 0.027, "TMV": 0.027}


def made_up_history(end: date = END) -> dict[str, Bars]:
    """Random walks on the real sessions: timing does not depend on what the prices are."""
    days = np.array([s.day for s in calendar.sessions(START, end)], dtype="M8[D]")
    random = np.random.default_rng(11)
    history = {}
    for symbol, scale in LEGS.items():
        close = np.round(50 * np.exp(np.cumsum(random.normal(0, scale, len(days)))), 6)
        volume = random.integers(1_000_000, 9_000_000, len(days)).astype(float)
        history[symbol] = Bars(symbol, days, close, close, close, close, volume)
    return history


def floor_seconds(history: dict[str, Bars]) -> float:
    columns = [bars.close.tolist() for bars in history.values()]
    shares = (11, 7, 5, 3, 2)

    def run_once() -> float:
        started = time.perf_counter()
        equity = [
            sum(n * price for n, price in zip(shares, row, strict=True)) for row in zip(*columns, strict=True)
        ]
        assert len(equity) == len(columns[0])
        return time.perf_counter() - started

    return median(run_once() for _ in range(9))


def run(history: dict[str, Bars], end: date = END) -> dict[str, Any]:
    strategy = build_strategy("Hierarchical_Adaptive_v3_5b", "golden", {})
    result = simulate(
        strategy, history, start=START, end=end, cash=100_000.0, rules=ExecutionRules(), benchmark="QQQ"
    )
    return summarise(result)


@pytest.mark.benchmark(group="simulator")
def test_sixteen_years(benchmark: BenchmarkFixture) -> None:
    history = made_up_history()
    run(history)
    metrics = benchmark.pedantic(run, args=(history,), rounds=7, warmup_rounds=1)
    floor = floor_seconds(history)
    benchmark.extra_info["sessions"] = metrics["sessions"]
    benchmark.extra_info["trades"] = metrics["trades"]
    benchmark.extra_info["floor_ms"] = round(1000 * floor, 3)
    benchmark.extra_info["ratio_to_floor"] = round(benchmark.stats.stats.median / floor, 1)
    assert metrics["sessions"] == 4024
    assert metrics["trades"] > 100


@pytest.mark.benchmark(group="simulator")
def test_memory_per_session(benchmark: BenchmarkFixture) -> None:
    """Peak memory of eight and of sixteen years: the difference is what a session costs."""
    history = made_up_history()

    def peak(end: date) -> tuple[int, int]:
        run(history, end)
        tracemalloc.start()
        sessions = run(history, end)["sessions"]
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return sessions, used

    (few, small), (many, large) = benchmark.pedantic(
        lambda: (peak(date(2017, 12, 29)), peak(END)), rounds=1, iterations=1
    )
    per_session = (large - small) / (many - few)
    benchmark.extra_info["bytes_per_session"] = round(per_session)
    benchmark.extra_info["peak_mb"] = round(large / 1e6, 1)
    # linear: the second half costs what the first one did
    assert large / many < 1.3 * small / few
