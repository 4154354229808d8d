"""The thread that runs jobs: it gives way to another program, and survives a bad look."""

import sqlite3
import time
from pathlib import Path

import pytest

from live.jobs.model import Job
from live.jobs.project import JobsProject
from live.jobs.runner import Runner
from live.jobs.store import JobStore, no_such
from live.views.settings import SettingsSource
from live.web import background
from live.web.background import Jobs
from tests.support.user_world import User
from tests.support.web_world import inside


@pytest.fixture
def project(waiting: User, tmp_path: Path) -> JobsProject:
    user = waiting.copy(tmp_path / "jutsu")
    return JobsProject.of(SettingsSource(user.config, None, {}), inside(time="17:00"))


def test_it_takes_over_when_the_other_program_ends(
    project: JobsProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "_ELSEWHERE", 0.01)
    heard: list[Job] = []
    jobs = Jobs(project, heard.append)
    other = Runner(project, JobStore(None))
    assert other.begin()
    jobs.start()
    asked = jobs.store.add("backtest", {"variant": "nobody"}, actor="ann", at=project.clock.now())
    jobs.wake()
    time.sleep(0.1)
    assert jobs.store.get(asked.id).state == "queued"
    other.stop()
    deadline = time.monotonic() + 60
    while not heard or heard[-1].state != "failed":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert "nobody" in heard[-1].problem
    assert jobs.count >= 3
    jobs.stop()


@pytest.mark.parametrize(
    "problem", [sqlite3.OperationalError("database is locked"), no_such("job", "just forgotten")]
)
def test_what_goes_wrong_in_a_look_is_looked_at_again(
    project: JobsProject, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    looks: list[int] = []

    def tick(_: Runner) -> None:
        looks.append(1)
        if len(looks) == 1:
            raise problem

    monkeypatch.setattr(Runner, "tick", tick)
    monkeypatch.setattr(background, "_IDLE", 0.01)
    jobs = Jobs(project)
    jobs.start()
    deadline = time.monotonic() + 20
    while len(looks) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    jobs.stop()
