"""What jobs know of a project: folders, and stored bars up to the last closed session."""

from datetime import date
from pathlib import Path

import pytest

from backtest.core.errors import DataError
from live.jobs.project import JobsProject, StoredFeed, stored_history, stored_symbols
from live.views.settings import SettingsSource
from tests.support.user_world import User


def test_results_lie_below_the_project_jobs_beside_the_ledger(user: User, project: JobsProject) -> None:
    assert project.folder("x") == user.root / "out/jobs/x"
    assert project.state == user.root / "state"


def test_later_bars_are_not_read(project: JobsProject) -> None:
    now = project.clock.now()
    bars = stored_history(project.source.load(now), ["QQQ", "XYZ"], now.replace(hour=15))
    assert list(bars) == ["QQQ"]
    assert bars["QQQ"].last == date(2024, 1, 4)
    other = stored_history(project.source.load(now), ["QQQ"], now, seed=8)
    assert other["QQQ"].last == date(2024, 1, 5)
    assert other["QQQ"].close[-1] != bars["QQQ"].close[-1]


def test_a_feed_of_stored_bars_has_no_quotes(project: JobsProject) -> None:
    now = project.clock.now()
    feed = StoredFeed(project.source.load(now))
    assert (feed.name, feed.quotes(["QQQ"], now)) == ("demo", {})
    assert feed.history(["QQQ"], now)["QQQ"].last == date(2024, 1, 5)


def test_without_a_store_the_command_that_fills_it_is_named(user: User, project: JobsProject) -> None:
    user.set(data={"source": "store"})
    now = project.clock.now()
    with pytest.raises(DataError, match="jutsu data import"):
        stored_history(SettingsSource(user.config, None, {}).load(now), ["QQQ"], now)
    (user.root / "data/bars").mkdir(parents=True)
    assert stored_history(SettingsSource(user.config, None, {}).load(now), ["QQQ"], now) == {}


def test_the_symbols_that_have_bars(user: User, project: JobsProject) -> None:
    now = project.clock.now()
    assert stored_symbols(project.source.load(now)) == ("PSQ", "QQQ", "TLT", "TMF", "TMV", "TQQQ")
    user.set(data={"source": "store"})
    assert stored_symbols(SettingsSource(user.config, None, {}).load(now)) == ()


def test_the_folder_of_a_job_is_never_outside(project: JobsProject) -> None:
    assert project.folder("20240105-180000-abcd").parent == Path(project.root) / "out/jobs"
