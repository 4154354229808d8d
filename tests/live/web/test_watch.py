"""What the watcher sees."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from live.views.settings import SettingsSource
from live.web.watch import Watcher
from live.web.world import World
from tests.support.user_world import FIRST, User
from tests.support.web_world import inside


@pytest.fixture
def user(waiting: User, tmp_path: Path) -> User:
    return waiting.copy(tmp_path / "jutsu")


@pytest.fixture
def watcher(user: User) -> Watcher:
    found = Watcher(World(SettingsSource(user.config, None, {}), inside()))
    found.look()
    found.look()
    return found


def seen(watcher: Watcher) -> set[str]:
    topics: set[str] = set()
    watcher.listen(topics.update)
    watcher.look()
    return topics


def test_nothing_is_nothing(watcher: Watcher) -> None:
    before = watcher.count
    assert seen(watcher) == set()
    assert watcher.count == before


def test_a_commit(watcher: Watcher, user: User) -> None:
    with closing(sqlite3.connect(user.db)) as raw, raw:
        raw.execute("update run_log set outcome = 'failed'")
    assert seen(watcher) == {"ledger"}


def test_an_edit_in_place(watcher: Watcher, user: User) -> None:
    with user.file(FIRST).open("a") as stream:
        stream.write(" ")
    assert seen(watcher) == {"signals"}


def test_a_new_settings_file(watcher: Watcher, user: User) -> None:
    user.config.write_text(user.config.read_text() + "\n")
    assert seen(watcher) == {"config"}


def test_the_kill_file(watcher: Watcher, user: User) -> None:
    user.db.with_name("ledger.db.kill").write_text("{}")
    assert seen(watcher) == {"state"}


def test_a_ledger_that_went_away_and_came_back(watcher: Watcher, user: User) -> None:
    user.db.rename(user.db.with_suffix(".old"))
    watcher.look()
    user.db.with_suffix(".old").rename(user.db)
    watcher.look()
    assert seen(watcher) == set()


def test_settings_that_cannot_be_read_end_nothing(watcher: Watcher, user: User) -> None:
    text = user.config.read_text()
    user.config.write_text("mode: [")
    assert seen(watcher) == set()
    user.config.write_text(text + "\n# again\n")
    assert "config" in seen(watcher)
