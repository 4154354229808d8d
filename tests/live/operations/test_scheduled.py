"""What a project schedules: its books, the flags of its starts, and what a book still needs."""

from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import UsageError
from live.model.run import Reading
from live.operations.schedule import EXECUTOR, Project, ScheduledBook, import_starts
from live.operations.scheduled import Kind, breakout_needs, import_lines, planned, project_of, scheduled_books
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
    books, needs = scheduled_books(opened(user).context)
    assert ScheduledBook("golden", "close") in books
    assert needs == ()


def test_a_start_repeats_only_flags_that_mean_another_project(user: Path) -> None:
    runtime = opened(user)
    assert project_of(runtime.loaded.root, user, None).flags == ""
    assert project_of(runtime.loaded.root, user, Path("/a b/l.db")).flags == "--state-db '/a b/l.db'"
    moved = user.with_name("other.yaml")
    assert project_of(runtime.loaded.root, moved, None).flags == f"--config {moved}"


def test_systemd_is_given_the_time_of_the_exchange(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = opened(user)
    books, _ = scheduled_books(runtime.context)
    times = {f"{s.at.at:%H:%M}" for s in planned(runtime.context, "systemd", books) if s.command == EXECUTOR}
    assert times == {"15:55", "12:55"}


@pytest.mark.parametrize("name", ["new\nline", "tab\tin", "bell\a"])
def test_a_folder_that_no_line_can_hold_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    runtime = opened(new_user(tmp_path / name).config)
    with pytest.raises(UsageError, match="line break") as refused:
        project_of(runtime.loaded.root, None, None)
    assert "\n" not in refused.value.line()
    fine = opened(new_user(tmp_path / "fine").config)
    with pytest.raises(UsageError, match="line break"):
        project_of(fine.loaded.root, None, tmp_path / name / "ledger.db")


@pytest.mark.parametrize("kind", ["cron", "launchd", "container"])
def test_local_times_need_a_zone_that_exists(user: Path, monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    runtime = opened(user)
    books, _ = scheduled_books(runtime.context)
    monkeypatch.setenv("TZ", "Nonsense")
    with pytest.raises(UsageError, match="no time zone"):
        planned(runtime.context, kind, books)
    assert planned(runtime.context, "systemd", books)  # in New York time, whatever the machine says


def test_who_trades_on_stored_bars_is_given_the_lines_that_bring_them_in(user: Path) -> None:
    runtime = opened(user)
    project, books = project_of(runtime.loaded.root, None, None), scheduled_books(runtime.context)[0]
    assert import_lines(runtime.context, project, books, "cron") == ()
    user.write_text(user.read_text().replace("source: demo", "source: store"))
    runtime = opened(user)
    first, *lines = import_lines(runtime.context, project, books, "cron")
    assert "DIR" in first
    assert all("jutsu data import DIR" in line.replace("/jutsu", "jutsu") for line in lines)
    assert "data import" in import_lines(runtime.context, project, books, "systemd")[0]


def test_bars_come_before_the_decision_and_when_they_are_final() -> None:
    day = date(2026, 11, 30)

    def times(book: ScheduledBook) -> set[str]:
        return {f"{start.at.at:%H:%M}" for start in import_starts([book], NEW_YORK, day)}

    assert times(ScheduledBook("golden", "close")) == {"12:30", "13:10", "15:30", "16:10"}
    assert times(ScheduledBook("morning", "open")) == {"13:10", "16:10"}
    assert times(ScheduledBook("morning", "15min_after_open")) == {"13:10", "16:10"}


def test_only_cron_is_told_of_a_book_of_breakouts() -> None:
    book, none = Project(Path("/p"), breakouts=True), Project(Path("/p"))
    assert breakout_needs(book, "cron") == breakout_needs(none, "systemd") == ()
    for kind in get_args(Kind):
        if kind != "cron":
            assert "each minute yourself" in breakout_needs(book, kind)[0]
