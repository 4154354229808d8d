"""How fast a replay goes through both real stages, and what it keeps of every session."""

import gc
import time
import tracemalloc
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from backtest.calendar import sessions as calendar
from live.model.run import Demo
from live.replay.replay import Replayed, replay
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.system.clock import SimulatedClock

CONFIG = Path(__file__).resolve().parents[1] / "config/live.yaml"
END = date(2025, 12, 31)
TEN_YEARS = 2_500


def run(folder: Path, sessions: int, on_session: Callable[..., Any] | None = None) -> Replayed:
    """Replay the last `sessions` sessions of sixteen years of the demo market."""
    days = calendar.sessions(date(2015, 1, 2), END)[-sessions:]
    options = Options(
        config=CONFIG,
        state_db=folder / "ledger.db",
        output_dir=folder / "signals",
        cash=100_000,
        mode="offline_mock",
    )
    with open_runtime("replay", options, Demo(), SimulatedClock(days[0].open)) as runtime:
        return replay(runtime, start=days[0].day, end=END, on_session=on_session)


@pytest.fixture(autouse=True)
def logs_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTSU_PATHS__LOGS", str(tmp_path / "logs"))
    monkeypatch.setenv("JUTSU_LOGGING__LEVEL", "WARNING")  # pytest would keep every line in memory


@pytest.mark.benchmark(group="replay")
def test_sessions_per_second(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """The last sessions of ten years: those with the longest history."""
    sessions, cpu = 250, []
    folders = iter(tmp_path / str(n) for n in range(9))

    def run_once(folder: Path) -> Replayed:
        started = time.process_time()
        done = run(folder, sessions)
        cpu.append(time.process_time() - started)
        return done

    result = benchmark.pedantic(run_once, setup=lambda: ((next(folders),), {}), rounds=3)
    for what, seconds in (("wall", benchmark.stats.stats.median), ("cpu", median(cpu))):
        benchmark.extra_info[f"{what}_ms_per_session"] = round(1000 * seconds / sessions, 1)
        benchmark.extra_info[f"{what}_seconds_for_2500"] = round(TEN_YEARS * seconds / sessions, 1)
    assert result.sessions == sessions
    assert result.failures == ()


@pytest.mark.benchmark(group="replay")
def test_memory_per_session(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """What stays in use from the 100th session on: the caches of the libraries are full by then."""
    used: list[Any] = []

    def watch(_: date) -> None:
        if len(used) % 100 == 99:
            gc.collect()  # or the figure says when the collector ran last
        used.append(tracemalloc.get_traced_memory()[0])

    def traced() -> Replayed:
        tracemalloc.start()
        try:
            return run(tmp_path, 200, watch)
        finally:
            tracemalloc.stop()

    result = benchmark.pedantic(traced, rounds=1, iterations=1)
    benchmark.extra_info["bytes_per_session"] = round((used[-1] - used[99]) / (len(used) - 100))
    benchmark.extra_info["mb_in_use"] = round(used[-1] / 1e6, 1)
    assert result.sessions == len(used) == 200
