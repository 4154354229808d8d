"""Old previews and results of schedules go; what a person asked for stays."""

from datetime import timedelta

import pytest

from live.jobs import tidy as module
from live.jobs.model import Job, JobKind
from live.jobs.project import JobsProject
from live.jobs.store import JobStore, insert
from live.jobs.tidy import PREVIEW_AGE, tidy


def ended(project: JobsProject, store: JobStore, kind: JobKind, days: float, schedule: str = "") -> Job:
    at = project.clock.now() - timedelta(days=days)
    with store.alone() as raw:
        job = insert(raw, kind, "{}", "ann", at, schedule=schedule)
    store.take(at)
    store.finish(job.id, "done", at=at)
    project.folder(job.id).mkdir(parents=True)
    (project.folder(job.id) / "result.json").write_text("{}")
    return job


def test_a_preview_goes_after_a_week_with_its_folder(project: JobsProject, store: JobStore) -> None:
    old = ended(project, store, "preview", PREVIEW_AGE.days + 0.1)
    young = ended(project, store, "preview", PREVIEW_AGE.days - 0.1)
    asked = ended(project, store, "backtest", 900)
    waiting = store.add("preview", {}, actor="ann", at=project.clock.now() - timedelta(days=90))
    assert tidy(project, store, project.clock.now()) == (old.id,)
    assert not project.folder(old.id).exists()
    assert {job.id for job in store.newest(9)} == {young.id, asked.id, waiting.id}
    assert project.folder(young.id).exists()
    assert tidy(project, store, project.clock.now()) == ()


def test_of_each_schedule_the_newest_are_kept(
    project: JobsProject, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OF_A_SCHEDULE", 2)
    jobs = [ended(project, store, "backtest", 9 - n, schedule="nightly") for n in range(4)]
    ended(project, store, "backtest", 9, schedule="weekly")
    assert set(tidy(project, store, project.clock.now())) == {job.id for job in jobs[:2]}
