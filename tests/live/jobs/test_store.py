"""The queue: what waits, runs and ended, for several programs at once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from live.jobs.errors import JobStateError, NoSuchJobError
from live.jobs.store import JobStore

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
ASKED = {"variant": "golden"}


@pytest.fixture
def store() -> JobStore:
    return JobStore(None)


def test_jobs_are_taken_in_the_order_they_came(store: JobStore) -> None:
    jobs = [store.add("backtest", {"variant": name}, actor="ann", at=AT) for name in ("a", "b")]
    taken = store.take(AT)
    assert taken is not None
    assert (taken.id, taken.state, taken.started_at) == (jobs[0].id, "running", AT)
    assert [job.request["variant"] for job in store.newest(5)] == ["b", "a"]
    store.take(AT)
    assert store.take(AT) is None


def test_two_programs_never_take_the_same_job(tmp_path: Path) -> None:
    one, other = JobStore(tmp_path / "jobs.db"), JobStore(tmp_path / "jobs.db")
    for _ in range(4):
        one.add("backtest", ASKED, actor="ann", at=AT)
    taken = [found.id for store in (one, other) * 2 if (found := store.take(AT)) is not None]
    assert len(set(taken)) == 4
    one.close()
    other.close()


def test_a_key_gives_the_same_job_again(store: JobStore) -> None:
    first = store.add("backtest", ASKED, actor="ann", at=AT, key="k")
    assert store.add("backtest", ASKED, actor="ann", at=AT + timedelta(1), key="k") == first
    with pytest.raises(JobStateError, match="another request"):
        store.add("backtest", {"variant": "titan"}, actor="ann", at=AT, key="k")


def test_a_waiting_job_is_cancelled_at_once_a_running_one_is_told(store: JobStore) -> None:
    waiting = store.add("backtest", ASKED, actor="ann", at=AT)
    assert store.cancel(waiting.id, at=AT).state == "cancelled"
    running = store.add("backtest", ASKED, actor="ann", at=AT)
    store.take(AT)
    assert store.cancel(running.id, at=AT).stopping
    store.finish(running.id, "cancelled", at=AT)
    with pytest.raises(JobStateError, match="nothing to cancel"):
        store.cancel(running.id, at=AT)


@pytest.mark.parametrize("state", ["failed", "cancelled", "interrupted"])
def test_what_did_not_end_well_is_resumed(store: JobStore, state: str) -> None:
    job = store.add("backtest", ASKED, actor="ann", at=AT)
    store.take(AT)
    store.finish(job.id, state, at=AT, exit_code=5, problem="no bars")  # type: ignore[arg-type]
    again = store.resume(job.id)
    assert (again.state, again.problem, again.exit_code, again.ended_at) == ("queued", "", None, None)
    with pytest.raises(JobStateError, match="nothing to resume"):
        store.resume(job.id)


def test_a_job_that_is_done_is_whole(store: JobStore) -> None:
    job = store.add("backtest", ASKED, actor="ann", at=AT)
    store.take(AT)
    store.progress(job.id, 0.4)
    assert store.get(job.id).progress == 0.4
    store.finish(job.id, "done", at=AT, exit_code=0)
    assert store.get(job.id).progress == 1
    with pytest.raises(JobStateError):
        store.resume(job.id)


def test_only_what_has_ended_is_forgotten(store: JobStore) -> None:
    job = store.add("backtest", ASKED, actor="ann", at=AT)
    with pytest.raises(JobStateError, match="cancel it first"):
        store.remove(job.id)
    store.cancel(job.id, at=AT)
    store.remove(job.id)
    with pytest.raises(NoSuchJobError, match="there is no job"):
        store.get(job.id)


def test_running_jobs_of_a_program_that_ended_are_interrupted(store: JobStore) -> None:
    running, waiting = (store.add("backtest", ASKED, actor="ann", at=AT) for _ in range(2))
    store.take(AT)
    assert store.interrupt_running(AT) == 1
    assert [store.get(job.id).state for job in (running, waiting)] == ["interrupted", "queued"]
    assert [job.id for job in store.active()] == [waiting.id]
