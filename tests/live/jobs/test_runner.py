"""The program that runs jobs: children, cancel, windows, one runner at a time."""

import sqlite3
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from backtest.calendar.sessions import NEW_YORK
from live.jobs import runner as module
from live.jobs.model import Job
from live.jobs.project import JobsProject
from live.jobs.runner import Capacity, Runner
from live.jobs.schedules import Schedules
from live.jobs.store import JobStore
from live.system.clock import SimulatedClock
from tests.support.user_world import User

ASKED = {"variant": "golden", "start_date": "2023-12-01"}


def until(runner: Runner, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline
        runner.tick()
        time.sleep(0.02)


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Put a program of one line in the place of the child."""

    def replace(code: str) -> None:
        script = tmp_path / "python"
        script.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n')
        script.chmod(0o755)
        monkeypatch.setattr("sys.executable", str(script))

    return replace


def test_a_job_runs_as_a_child_and_leaves_its_results(project: JobsProject, store: JobStore) -> None:
    changed: list[str] = []
    runner = Runner(project, store, changed.append)
    assert runner.begin()
    job = store.add("backtest", ASKED, actor="ann", at=project.clock.now())
    until(runner, lambda: store.get(job.id).state == "done")
    assert (project.folder(job.id) / "metrics.json").is_file()
    assert store.get(job.id).exit_code == 0
    assert job.id in changed
    runner.stop()


def test_a_failure_has_its_exit_code_and_its_line(
    project: JobsProject, store: JobStore, fast: Callable[[str], None]
) -> None:
    fast("import sys; print('a b'); print('no bars'); sys.exit(5)")
    runner = Runner(project, store)
    job = store.add("backtest", ASKED, actor="ann", at=project.clock.now())
    until(runner, lambda: store.get(job.id).state == "failed")
    assert (store.get(job.id).exit_code, store.get(job.id).problem) == (5, "no bars")


def test_an_end_that_could_not_be_kept_is_kept_at_the_next_look(
    project: JobsProject,
    store: JobStore,
    fast: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fast("pass")
    runner = Runner(project, store)
    job = store.add("backtest", ASKED, actor="ann", at=project.clock.now())
    with monkeypatch.context() as full:
        full.setattr(store, "finish", _disk_is_full)
        with pytest.raises(sqlite3.OperationalError):
            until(runner, lambda: False)
    until(runner, lambda: store.get(job.id).state == "done")
    assert not runner.busy


def _disk_is_full(*_: object, **__: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_cancel_ends_the_child_and_a_deaf_one_is_killed(
    project: JobsProject, store: JobStore, fast: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    fast("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)")
    runner = Runner(project, store)
    job = store.add("backtest", ASKED, actor="ann", at=project.clock.now())
    until(runner, lambda: runner.busy)
    store.cancel(job.id, at=project.clock.now())
    until(runner, lambda: store.get(job.id).state == "cancelled")
    assert not runner.busy


def test_what_runs_when_the_program_ends_is_interrupted(
    project: JobsProject, store: JobStore, fast: Callable[[str], None]
) -> None:
    fast("import time; time.sleep(60)")
    runner = Runner(project, store, capacity=Capacity(1))
    first, second = (store.add("backtest", ASKED, actor="ann", at=project.clock.now()) for _ in range(2))
    until(runner, lambda: runner.busy)
    runner.stop()
    assert [store.get(job.id).state for job in (first, second)] == ["interrupted", "queued"]


def test_nothing_begins_near_a_window_and_waits_for_its_end(
    project: JobsProject, store: JobStore, clock: SimulatedClock, fast: Callable[[str], None]
) -> None:
    fast("pass")
    runner = Runner(project, store)
    clock.set(datetime(2024, 1, 8, 15, 46, tzinfo=NEW_YORK))
    job = store.add("backtest", ASKED, actor="ann", at=clock.now())
    runner.tick()
    assert store.get(job.id).state == "queued"
    clock.set(datetime(2024, 1, 8, 16, 0, tzinfo=NEW_YORK))
    until(runner, lambda: store.get(job.id).state == "done")


def test_with_wrong_settings_nothing_begins(user: User, project: JobsProject, store: JobStore) -> None:
    job = store.add("backtest", ASKED, actor="ann", at=project.clock.now())
    user.config.write_text("mode: never")
    Runner(project, store).tick()
    assert store.get(job.id).state == "queued"


def test_a_schedule_is_run_when_it_is_due(
    project: JobsProject, store: JobStore, clock: SimulatedClock, fast: Callable[[str], None]
) -> None:
    fast("pass")
    Schedules(store).add("nightly", "backtest", ASKED, "30 18 * * *", actor="ann", at=clock.now())
    runner = Runner(project, store)
    runner.tick()
    assert store.newest(5) == ()
    clock.set(datetime(2024, 1, 5, 18, 31, tzinfo=NEW_YORK))
    until(runner, lambda: [job.state for job in store.newest(5)] == ["done"])


def test_one_program_runs_the_jobs_and_takes_over_what_was_left(
    project: JobsProject, store: JobStore
) -> None:
    first, second = Runner(project, store), Runner(project, store)
    assert first.begin()
    assert not second.begin()
    left: Job = store.add("backtest", ASKED, actor="ann", at=project.clock.now())
    store.take(project.clock.now())
    first.stop()
    assert second.begin()
    assert store.get(left.id).state == "interrupted"
    second.stop()
