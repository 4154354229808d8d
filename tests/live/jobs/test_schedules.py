"""Jobs that come again: due once, however often they were missed."""

from datetime import UTC, datetime, timedelta

import pytest

from backtest.core.errors import UsageError
from live.jobs.errors import NoSuchJobError
from live.jobs.schedules import Schedules
from live.jobs.store import JobStore

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
ASKED = {"variant": "golden"}


@pytest.fixture
def store() -> JobStore:
    return JobStore(None)


@pytest.fixture
def schedules(store: JobStore) -> Schedules:
    return Schedules(store)


def test_a_schedule_says_its_next_five_times(schedules: Schedules) -> None:
    found = schedules.add("nightly", "backtest", ASKED, "30 18 * * 1-5", actor="ann", at=AT)
    assert [f"{time:%d %H:%M}" for time in found.next_runs] == [
        "27 18:30",
        "30 18:30",
        "01 18:30",
        "02 18:30",
        "03 18:30",
    ]
    assert found.due_at == found.next_runs[0]


def test_what_was_missed_is_made_up_once(schedules: Schedules, store: JobStore) -> None:
    schedules.add("nightly", "backtest", ASKED, "30 18 * * *", actor="ann", at=AT)
    assert schedules.ask_for_due(AT) == ()
    later = AT + timedelta(days=9)
    (job,) = schedules.ask_for_due(later)
    assert (job.schedule, job.actor, dict(job.request)) == ("nightly", "ann", ASKED)
    assert schedules.ask_for_due(later) == ()
    assert len(store.newest(10)) == 1


def test_one_that_is_off_asks_for_nothing_and_does_not_catch_up(schedules: Schedules) -> None:
    found = schedules.add("nightly", "backtest", ASKED, "30 18 * * *", actor="ann", at=AT)
    assert schedules.change(found.id, at=AT, enabled=False).next_runs == ()
    assert schedules.ask_for_due(AT + timedelta(days=2)) == ()
    on = schedules.change(found.id, at=AT + timedelta(days=2), enabled=True, expression="0 6 * * *")
    assert f"{on.due_at:%d %H:%M}" == "30 06:00"
    assert schedules.ask_for_due(AT + timedelta(days=2)) == ()


def test_what_is_no_time_or_no_schedule_is_refused(schedules: Schedules) -> None:
    with pytest.raises(UsageError):
        schedules.add("x", "backtest", ASKED, "every day", actor="ann", at=AT)
    found = schedules.add("x", "backtest", ASKED, "0 6 * * *", actor="ann", at=AT)
    with pytest.raises(UsageError):
        schedules.change(found.id, at=AT, expression="every day")
    schedules.remove(found.id, AT)
    with pytest.raises(NoSuchJobError, match="there is no schedule"):
        schedules.remove(found.id, AT)
    assert schedules.all(AT) == ()
