"""Each stage as a whole process, as cron pays it: sixteen years of bars, first and later runs, CSV and store.

The floor is `python -c "import pandas"`, measured between the runs: a daily job that only loads pandas costs
that much before it does anything.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from backtest.data.sources.csv import HEADER
from backtest.data.sources.demo import demo_market
from backtest.data.store import BarStore

PROJECT = Path(__file__).resolve().parents[1]
DAY = "2025-12-30"
ROUNDS = 7
FLOOR = ("-c", "import pandas")


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo market from 2010 on, as CSV files and as a bar store."""
    folder = tmp_path_factory.mktemp("prices")
    store = BarStore(folder / "store")
    (folder / "csv").mkdir()
    for symbol, bars in demo_market(7, date(2025, 12, 31)).items():
        columns = (bars.dates, bars.open, bars.high, bars.low, bars.close, bars.volume)
        rows = (",".join(map(str, row)) for row in zip(*columns, strict=True))
        (folder / "csv" / f"{symbol}.csv").write_text("\n".join([HEADER, *rows, ""]))
        store.write(bars, imported_at=datetime(2026, 1, 1, tzinfo=UTC), source="csv")
    return folder


class Project:
    """Fresh folders of one user, and the two commands of a day."""

    def __init__(self, root: Path, prices: Path, source: str) -> None:
        self.root = root
        self.flags = ["--as-of", DAY, "--state-db", str(root / "state/ledger.db")]
        self.flags += ["--output-dir", str(root / "signals"), "--config", str(PROJECT / "config/live.yaml")]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("JUTSU_")}
        self.environment = {**kept, "JUTSU_PATHS__LOGS": str(root / "logs")}
        if source == "csv":
            self.flags += ["--prices", str(prices / "csv")]
        else:
            self.environment |= {"JUTSU_DATA__SOURCE": "store", "JUTSU_DATA__STORE": str(prices / "store")}

    def run(self, stage: str) -> tuple[float, float]:
        return timed("-m", f"live.{stage}", *self.flags, environment=self.environment)


def timed(*arguments: Any, environment: dict[str, str] | None = None, code: int = 0) -> tuple[float, float]:
    """Run a process to its end; return wall and cpu seconds. It must end with `code`."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=PROJECT, env=environment, check=False, stdout=subprocess.DEVNULL
    )
    assert ended.returncode == code, arguments
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@pytest.mark.benchmark(group="stages")
@pytest.mark.parametrize("source", ["csv", "store"])
@pytest.mark.parametrize("run", ["first", "again"])
@pytest.mark.parametrize("stage", ["signal_generator", "executor"])
def test_stage(
    benchmark: BenchmarkFixture, tmp_path: Path, prices: Path, stage: str, run: str, source: str
) -> None:
    floors, costs, number = [], [], count()

    def prepare() -> tuple[tuple[Project], dict[Any, Any]]:
        project = Project(tmp_path / str(next(number)), prices, source)
        if stage == "executor":
            project.run("signal_generator")
        if run == "again":
            project.run(stage)
        floors.append(timed(*FLOOR))
        return (project,), {}

    benchmark.pedantic(lambda project: costs.append(project.run(stage)), setup=prepare, rounds=ROUNDS)
    for what, index in (("wall", 0), ("cpu", 1)):
        seconds, floor = (median(pair[index] for pair in pairs) for pairs in (costs, floors))
        benchmark.extra_info[f"{what}_ms"] = round(1000 * seconds)
        benchmark.extra_info[f"{what}_to_import_pandas"] = round(seconds / floor, 2)
    assert (tmp_path / "0/signals" / f"trade_signals_{DAY}_golden.json").is_file()
