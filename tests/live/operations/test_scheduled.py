"""What a project schedules: its books, the flags of its starts, and what a book still needs."""

from pathlib import Path

import pytest

from live.model.run import Reading
from live.operations.schedule import EXECUTOR, ScheduledBook
from live.operations.scheduled import planned, project_of, scheduled_books
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.runtime.runtime import Runtime
from tests.support.user_world import new_user


@pytest.fixture
def user(tmp_path: Path) -> Path:
    return new_user(tmp_path / "jutsu").config


def opened(config: Path) -> Runtime:
    with open_runtime("jutsu", Options(config=config), Reading()) as runtime:
        return runtime


def test_the_daily_books_have_their_windows(user: Path) -> None:
    books, needs = scheduled_books(opened(user))
    assert ScheduledBook("golden", "close") in books
    assert needs == ()


def test_a_start_repeats_only_flags_that_mean_another_project(user: Path) -> None:
    runtime = opened(user)
    assert project_of(runtime, user, None).flags == ""
    assert project_of(runtime, user, Path("/a b/l.db")).flags == "--state-db '/a b/l.db'"
    moved = user.with_name("other.yaml")
    assert project_of(runtime, moved, None).flags == f"--config {moved}"


def test_systemd_is_given_the_time_of_the_exchange(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = opened(user)
    books, _ = scheduled_books(runtime)
    times = {f"{s.at.at:%H:%M}" for s in planned(runtime, "systemd", books) if s.command == EXECUTOR}
    assert times == {"15:55", "12:55"}
