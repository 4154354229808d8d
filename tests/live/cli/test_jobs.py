"""`jutsu jobs`: the list, one job, cancel and resume, and a run of what is due."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from live.cli import jobs as module
from live.jobs.runner import Runner
from live.jobs.store import JobStore
from tests.support.user_world import User, new_user, unchanged

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def user(tmp_path: Path) -> User:
    return new_user(tmp_path / "jutsu")


@pytest.fixture
def store(user: User) -> JobStore:
    return JobStore(user.root / "state" / "jobs.db")


def test_who_only_looks_makes_nothing(user: User) -> None:
    with unchanged(user.root):
        assert "no jobs yet" in user.jutsu("jobs", "list").out
        assert json.loads(user.jutsu("jobs", "list", "--json").out) == []
        ran = user.jutsu("jobs", "show", "x")
    assert (ran.code, "there is no job 'x'" in ran.err) == (2, True)


def test_a_job_is_listed_shown_cancelled_and_resumed(user: User, store: JobStore) -> None:
    job = store.add("backtest", {"variant": "golden", "seed": None, "commission": 2.0}, actor="ann", at=AT)
    assert job.id in user.jutsu("jobs", "list").out
    shown = user.jutsu("jobs", "show", job.id).out
    assert "commission: 2.0" in shown
    assert "seed" not in shown
    assert str(user.root / "out/jobs" / job.id) in shown
    assert json.loads(user.jutsu("jobs", "show", job.id, "--json").out)["state"] == "queued"
    assert user.jutsu("jobs", "cancel", job.id).out == f"{job.id}: cancelled\n"
    assert user.jutsu("jobs", "cancel", job.id).code == 7
    assert user.jutsu("jobs", "resume", job.id).out == f"{job.id}: queued\n"


def test_run_due_runs_what_waits_and_ends(
    user: User, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def done(self: Runner) -> None:
        job = store.take(AT)
        if job is not None:
            store.finish(job.id, "failed", at=AT, exit_code=5, problem="no bars")

    monkeypatch.setattr(Runner, "tick", done)
    job = store.add("backtest", {"variant": "golden"}, actor="ann", at=AT)
    assert user.jutsu("jobs", "run-due").out == f"{job.id}: failed: no bars\n"
    assert user.jutsu("jobs", "run-due").out == "no job is due\n"


def test_run_due_says_when_a_window_is_near(
    user: User, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.jobs.runner.quiet_for_books", lambda *_: AT)
    store.add("backtest", {"variant": "golden"}, actor="ann", at=AT)
    assert user.jutsu("jobs", "run-due").out == "1 job(s) wait: an execution window is near\n"


def test_run_due_leaves_it_to_the_program_that_runs_them(
    user: User, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Runner, "begin", lambda _: False)
    assert "another program runs the jobs" in user.jutsu("jobs", "run-due").out
    assert module._EVERY_SECONDS > 0
