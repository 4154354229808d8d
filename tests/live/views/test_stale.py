"""What is older than it should be is named, and nothing else."""

from datetime import date, timedelta

import pytest

from live.views.settings import SettingsSource
from live.views.stale import bars_are_old, read_stale
from live.views.status import read_status
from live.web.world import World
from tests.support.user_world import FIRST, SECOND, THIRD, User, new_user
from tests.support.web_world import inside


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> User:
    """One session that was traded."""
    user = new_user(tmp_path_factory.mktemp("stale") / "jutsu")
    user.trade(FIRST)
    user.change("update run_log set past = 0")  # as if cron had done it on the day
    return user


def stale(user: User, day: str, time: str, doctor_hours: float | None = None) -> tuple[str, ...]:
    clock = inside(day, time)
    doctor = None if doctor_hours is None else clock.now() - timedelta(hours=doctor_hours)
    with World(SettingsSource(user.config, None, {}), clock).reading() as inputs:
        return read_stale(inputs, read_status(inputs), doctor)


def test_what_is_of_now_says_nothing(traded: User) -> None:
    assert stale(traded, FIRST, "17:00", 11.9) == ()


@pytest.mark.parametrize(("time", "late"), [("15:58", False), ("16:03", False), ("16:04", True)])
def test_a_session_that_did_not_run_five_minutes_after_its_window(
    traded: User, time: str, late: bool
) -> None:
    found = stale(traded, SECOND, time)
    assert found == ((f"golden: the session of {SECOND} was due and is not carried out",) if late else ())


def test_the_doctor_looks_every_half_day(traded: User) -> None:
    assert stale(traded, FIRST, "17:00") == ()
    (line,) = stale(traded, FIRST, "17:00", 12.1)
    assert "12 hours ago" in line


def test_values_of_an_old_close(traded: User) -> None:
    traded.set(data={"source": "store"})
    found = stale(traded, "2024-01-10", "12:00")
    traded.set(data={"source": "demo"})
    assert f"golden: its values are of {FIRST}; `jutsu validate` marks newer closes" in found
    assert all("its values" not in line for line in stale(traded, "2024-01-10", "12:00"))


def test_bars_may_be_a_session_late() -> None:
    thursday = inside(THIRD, "18:00").now()
    assert not bars_are_old(date(2024, 1, 4), thursday)
    assert not bars_are_old(date(2024, 1, 3), thursday)
    assert bars_are_old(date(2024, 1, 2), thursday)
