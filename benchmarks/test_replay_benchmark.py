"""How fast a replay goes through both real stages, and what it keeps of every session."""

import tracemalloc
from datetime import date
from pathlib import Path

import pytest

from backtest import calendar
from live.clock import SimulatedClock
from live.replay import replay
from live.wiring import Options, open_runtime

CONFIG = Path(__file__).resolve().parents[1] / "config/live.yaml"
END = date(2025, 12, 31)
TEN_YEARS = 2_500


def run(folder, sessions, on_session=None):
    """Replay the last `sessions` sessions of sixteen years of the demo market."""
    days = calendar.sessions(date(2015, 1, 2), END)[-sessions:]
    options = Options(
        config=CONFIG,
        state_db=folder / "ledger.db",
        output_dir=folder / "signals",
        cash=100_000,
        mode="offline_mock",
        replay=True,
        demo=True,
    )
    with open_runtime("replay", options, SimulatedClock(days[0].open)) as runtime:
        return replay(runtime, start=days[0].day, end=END, on_session=on_session)


@pytest.fixture(autouse=True)
def logs_aside(tmp_path, monkeypatch):
    monkeypatch.setenv("JUTSU_PATHS__LOGS", str(tmp_path / "logs"))


@pytest.mark.benchmark(group="replay")
def test_sessions_per_second(benchmark, tmp_path):
    """The last sessions of ten years: those with the longest history."""
    sessions = 250
    folders = iter(tmp_path / str(n) for n in range(9))
    result = benchmark.pedantic(run, setup=lambda: ((next(folders), sessions), {}), rounds=3)
    each = benchmark.stats.stats.median / sessions
    benchmark.extra_info["ms_per_session"] = round(1000 * each, 1)
    benchmark.extra_info["sessions_per_second"] = round(1 / each)
    benchmark.extra_info["seconds_for_2500_sessions"] = round(TEN_YEARS * each, 1)
    assert result.sessions == sessions
    assert result.failures == ()


@pytest.mark.benchmark(group="replay")
def test_memory_per_session(benchmark, tmp_path):
    """What is in use after each session, from the 100th on: the caches of the libraries are full by then."""
    used = []

    def watch(_):
        used.append(tracemalloc.get_traced_memory()[0])

    def traced():
        tracemalloc.start()
        try:
            return run(tmp_path, 300, watch)
        finally:
            tracemalloc.stop()

    result = benchmark.pedantic(traced, rounds=1, iterations=1)
    benchmark.extra_info["bytes_per_session"] = round((used[-1] - used[99]) / (len(used) - 100))
    benchmark.extra_info["mb_in_use"] = round(used[-1] / 1e6, 1)
    assert result.sessions == len(used) == 300
