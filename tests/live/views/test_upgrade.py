"""What an upgrade would do, told without doing it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from live.ledger.opening import REVISIONS
from live.system.lock import single_instance
from live.views.settings import SettingsSource
from live.views.upgrade import read_upgrade
from tests.support.paths import PROJECT
from tests.support.user_world import User, new_user, tree

NOW = datetime(2026, 11, 27, 21, 30, tzinfo=UTC)
RELEASE = PROJECT / "tests/golden/release_0001"


def source(user: User) -> SettingsSource:
    return SettingsSource(user.config, None, {})


@pytest.fixture(params=["funds", "earnings"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> User:
    shutil.copytree(RELEASE / request.param, tmp_path / "old")
    return User(tmp_path / "old")


def test_an_old_project_is_told_everything_and_stays_as_it_is(old: User) -> None:
    before = tree(old.root)
    view = read_upgrade(source(old), NOW)
    assert tree(old.root) == before
    assert view.revision == "0001"
    assert view.newest == REVISIONS[-1]
    assert [line.split()[0] for line in view.migrations] == list(REVISIONS[1:])
    spelled_out = old.root.name == "old" and "max_order_value" in old.config.read_text()
    assert len(view.settings) == (2 if spelled_out else 0)


def test_a_new_project_has_nothing_due(tmp_path: Path) -> None:
    view = read_upgrade(source(new_user(tmp_path / "new")), NOW)
    assert (view.ledger, view.revision, view.migrations, view.settings, view.findings) == (
        None,
        None,
        (),
        (),
        (),
    )


def test_who_is_at_work_is_named(old: User) -> None:
    assert read_upgrade(source(old), NOW).at_work == ""
    with single_instance(old.root / "state", "paper", run_id="2024-07-10_golden"):
        assert "2024-07-10_golden" in read_upgrade(source(old), NOW).at_work


def test_a_manifest_that_does_not_fit_is_a_finding(tmp_path: Path) -> None:
    user = new_user(tmp_path / "new")
    (user.root / "config" / "manifest.json").write_text("{}")
    assert read_upgrade(source(user), NOW).findings
