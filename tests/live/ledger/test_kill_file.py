"""The kill switch outlives its ledger."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from live.ledger.kill_file import kill_file, read_kill_file
from live.ledger.ledger import Ledger
from tests.support.review_world import NOW


def opened(path: Path) -> Ledger:
    """Open the ledger of an account."""
    return Ledger.open(path, account="paper", now=NOW)


def test_a_restored_ledger_does_not_forget_the_switch(tmp_path: Path) -> None:
    path, backup = tmp_path / "ledger.db", tmp_path / "backup.db"
    with opened(path):
        pass
    shutil.copy(path, backup)
    with opened(path) as ledger:
        ledger.state.set_kill("all", reason="mine", by="me", at=NOW)
    for rest in tmp_path.glob("ledger.db-*"):
        rest.unlink()
    shutil.copy(backup, path)
    with opened(path) as ledger:
        assert ledger.state.kill_switch().level == "all"
        assert ledger.state.kill_switch().reason == "mine"
        # what a recovery does with it: the lower level of a program does not lower it
        assert ledger.state.set_kill("entries", reason="recovered", by="jutsu", at=NOW).level == "all"
        ledger.state.clear_kill(by="me", at=NOW)
        assert ledger.state.kill_level() == "none"
    assert not kill_file(path).exists()


def test_a_deleted_ledger_does_not_forget_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with opened(path) as ledger:
        ledger.state.set_kill("entries", reason="a look", by="me", at=NOW)
    assert stat.S_IMODE(kill_file(path).stat().st_mode) == 0o600
    for file in tmp_path.glob("ledger.db*"):
        if file != kill_file(path):
            file.unlink()
    with opened(path) as ledger:
        assert ledger.state.kill_level() == "entries"
        ledger.state.set_kill("all", reason="more", by="me", at=NOW)
    assert read_kill_file(path) == {"level": "all", "reason": "more", "by": "me", "at": NOW.isoformat()}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"level": "none"}', '{"level": "odd", "reason": "x"}'])
def test_a_file_that_cannot_be_read_is_all(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ledger.db"
    with opened(path) as ledger:
        kill_file(path).write_text(content)
        assert ledger.state.kill_level() == "all"
        ledger.state.clear_kill(by="me", at=NOW)
        assert ledger.state.kill_level() == "none"


def test_a_ledger_in_memory_has_no_file() -> None:
    with Ledger.open("sqlite://", account="paper", now=NOW) as ledger:
        ledger.state.set_kill("all", reason="x", by="me", at=NOW)
        ledger.state.clear_kill(by="me", at=NOW)
        assert ledger.state.kill_level() == "none"
