"""`jutsu upgrade` on a project of an earlier release."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from live.ledger.opening import REVISIONS
from live.system.lock import single_instance
from tests.support.paths import PROJECT
from tests.support.user_world import User, called, jutsu, tree


@pytest.fixture
def old(tmp_path: Path) -> User:
    shutil.copytree(PROJECT / "tests/golden/release_0001/funds", tmp_path / "old")
    return User(tmp_path / "old")


def revision(user: User) -> str:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(user.db)) as raw:
        return str(raw.execute("select version_num from alembic_version").fetchone()[0])


def test_check_tells_and_upgrade_does_with_a_copy_before(old: User) -> None:
    before = old.db.read_bytes()
    shown = old.jutsu("upgrade", "--check")
    assert "will be migrated" in shown.out, shown.text
    assert (revision(old), old.db.read_bytes()) == ("0001", before)
    done = old.jutsu("upgrade")
    assert "was migrated" in done.out, done.text
    assert revision(old) == REVISIONS[-1]
    assert (old.root / "state" / "ledger.before_0002.db").exists()
    assert "up to date" in old.jutsu("upgrade").out
    assert json.loads(old.jutsu("upgrade", "--json").out)["migrations"] == []


def test_while_a_run_is_at_work_nothing_is_migrated(old: User) -> None:
    with single_instance(old.db.parent, "paper", run_id="a run"):
        assert "not now" in old.jutsu("upgrade", "--check").out
        refused = old.jutsu("upgrade")
        assert refused.code == 7, refused.text
        assert old.generate("2024-07-10").code == 7  # neither do the programs
    assert revision(old) == "0001"
    assert old.jutsu("upgrade").code in {0, 2}
    assert revision(old) == REVISIONS[-1]


def test_the_settings_file_is_migrated_with_its_comments_after_a_yes(
    old: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = old.config.read_text()

    def answered(text: str) -> object:
        import io

        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        return called(lambda: jutsu(["config", "check", "--migrate", str(old.config)]))

    refused = answered("n\n")
    assert refused.code == 2  # type: ignore[attr-defined]
    assert old.config.read_text() == before
    done = answered("y\n")
    assert "+    max_orders_per_minute: 10" in done.out  # type: ignore[attr-defined]
    assert old.config.with_name("live.yaml.bak").read_text() == before
    assert old.config.read_text().count("#") == before.count("#")
    kept = tree(old.root / "config")
    assert "nothing to change" in answered("").err  # type: ignore[attr-defined]
    assert tree(old.root / "config") == kept
