"""One project whose jobs are asked for; nothing of it is traded."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from backtest.calendar.sessions import NEW_YORK
from live.jobs.project import JobsProject
from live.jobs.store import NAME, JobStore
from live.system.clock import SimulatedClock
from live.views.settings import SettingsSource
from tests.support.user_world import User, new_user


@pytest.fixture
def user(tmp_path: Path) -> User:
    return new_user(tmp_path / "jutsu")


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(datetime(2024, 1, 5, 18, tzinfo=NEW_YORK))


@pytest.fixture
def project(user: User, clock: SimulatedClock) -> JobsProject:
    return JobsProject.of(SettingsSource(user.config, None, {}), clock)


@pytest.fixture
def store(project: JobsProject) -> Iterator[JobStore]:
    found = JobStore(project.state / NAME)
    yield found
    found.close()
