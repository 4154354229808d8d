"""Running a study: the same sets whatever workers, cuts, deadlines and kills there were."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.core.bars import FloatArray
from backtest.research.database import Database, open_database
from backtest.research.engine import Chunk, Threads
from backtest.research.rule_sets import Trial
from backtest.research.running import CHUNK, Limits, Step, chunk_size, chunks, run_study
from backtest.research.session import OpenStudy
from tests.backtest.research.conftest import Searched, silent


def stored(database: Database, study: str, total: int) -> bytes:
    return database.statistics(study, total).tobytes()


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers_do_not_change_a_bit(
    opened: OpenStudy, searched: Searched, tmp_path: Path, workers: int
) -> None:
    with open_database(tmp_path / "other.db") as other:
        row = opened.begin(other)
        step = run_study(opened.study, row, opened.trial, other, Threads(workers), silent, Limits())
        assert step.stored == step.total == 120
        assert stored(other, row.id, 120) == stored(searched.database, searched.row.id, 120)


def test_a_deadline_stops_early_and_the_next_run_computes_the_rest_only(
    opened: OpenStudy, database: Database, searched: Searched, tmp_path: Path
) -> None:
    with open_database(tmp_path / "cut.db") as other:
        row = opened.begin(other)
        first = run_study(opened.study, row, opened.trial, other, Threads(1), silent, Limits(deadline=1e-9))
        assert 0 < first.stored < 120
        second = run_study(opened.study, row, opened.trial, other, Threads(1), silent, Limits())
        assert second.computed == 120 - first.stored
        assert stored(other, row.id, 120) == stored(searched.database, searched.row.id, 120)


class Poisoned:
    """A trial that cannot compute sets with a slow average of 50."""

    def __init__(self, inner: Trial) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def statistics(self, columns: dict[str, Any], count: int) -> FloatArray:
        if (columns["sma_slow"] == 50).any():
            raise ArithmeticError("slow average of 50")
        return self.inner.statistics(columns, count)


def test_sets_that_fail_are_kept_with_their_reason_and_tried_again(
    opened: OpenStudy, database: Database
) -> None:
    row = opened.begin(database)
    steps: list[Step] = []
    bad: Any = Poisoned(opened.trial)
    step = run_study(opened.study, row, bad, database, Threads(2), steps.append, Limits())
    assert (step.stored, step.failed) == (96, 24)
    reasons = {reason for *_, reason in database.failures(row.id)}
    assert reasons == {"ArithmeticError: slow average of 50"}
    again = run_study(opened.study, row, opened.trial, database, Threads(2), silent, Limits())
    assert (again.computed, again.stored, database.failures(row.id)) == (24, 120, ())
    assert steps[-1].failed == 24


def test_best_so_far_is_the_best_value_of_the_first_objective(searched: Searched) -> None:
    opened, database, row = searched.opened, searched.database, searched.row
    step = run_study(opened.study, row, opened.trial, database, Threads(1), silent, Limits())
    values = opened.trial.figures(database.statistics(row.id, 120))["sharpe"]
    assert step.computed == 0
    assert step.best == np.nanmax(values)


@pytest.mark.parametrize("total", [1, 63, 64, 120, 5_000, 64_000, 10**6])
def test_chunks_cover_every_set_once(total: int) -> None:
    size = chunk_size(total)
    found = list(chunks(iter([(0, total)]), size))
    assert [c.first for c in found] == list(range(0, total, size))
    assert sum(c.count for c in found) == total
    assert size <= CHUNK


def test_ranges_are_cut_apart() -> None:
    assert list(chunks(iter([(5, 3), (10, 5)]), 2)) == [
        Chunk(5, 2),
        Chunk(7, 1),
        Chunk(10, 2),
        Chunk(12, 2),
        Chunk(14, 1),
    ]


def test_a_rate_needs_time() -> None:
    assert Step(0, 10, 0, 0.0, None, 0).eta is None
    assert Step(5, 10, 5, 2.0, None, 0).eta == pytest.approx(2.0)


PROGRAM = """
import sys
from pathlib import Path
from backtest.research.database import open_database
from backtest.research.engine import Threads
from backtest.research.running import Limits, run_study
from backtest.research.session import open_file
say = lambda step: None
opened = open_file(Path(sys.argv[1]), {"search": {"method": "sobol", "budget": int(sys.argv[3])}}, say)
print("opened", flush=True)
with open_database(Path(sys.argv[2])) as database:
    row = opened.begin(database)
    run_study(opened.study, row, opened.trial, database, Threads(2), say, Limits())
"""


def killed(study: Path, path: Path, budget: int, instants: Iterator[float]) -> int:
    """Run the study in processes that are killed a while after they began to work; return how many were."""
    kills = 0
    for seconds in instants:
        command = [sys.executable, "-c", PROGRAM, str(study), str(path), str(budget)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "opened\n"
            time.sleep(seconds)
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
    return kills


def resumed_equals_unbroken(prices: Path, tmp_path: Path, budget: int, instants: list[float]) -> int:
    from backtest.research.session import open_file

    opened = open_file(
        prices.parent / "small.yaml", {"search": {"method": "sobol", "budget": budget}}, silent
    )
    kills = killed(prices.parent / "small.yaml", tmp_path / "killed.db", budget, iter(instants))
    found = []
    for name in ("killed.db", "whole.db"):
        with open_database(tmp_path / name) as database:
            row = opened.begin(database)
            step = run_study(opened.study, row, opened.trial, database, Threads(2), silent, Limits())
            assert step.stored == budget
            found.append(stored(database, row.id, budget))
    assert found[0] == found[1]
    return kills


def test_a_killed_study_goes_on_to_the_same_bytes(opened: OpenStudy, prices: Path, tmp_path: Path) -> None:
    assert resumed_equals_unbroken(prices, tmp_path, 30_000, [0.25]) == 1


@pytest.mark.long
def test_a_study_killed_at_twenty_instants_goes_on_to_the_same_bytes(
    opened: OpenStudy, prices: Path, tmp_path: Path
) -> None:
    random = np.random.default_rng(20)
    instants = random.uniform(0.0, 0.8, 20).tolist()
    assert resumed_equals_unbroken(prices, tmp_path, 100_000, instants) >= 10
