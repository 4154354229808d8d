"""A file beside the ledger: its owner's alone, all or nothing."""

import stat
from pathlib import Path

import pytest

from live.system.side_database import SideDatabase

TABLE = "CREATE TABLE IF NOT EXISTS words (word TEXT PRIMARY KEY)"


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "x.db"
    SideDatabase(path, TABLE).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    SideDatabase(path, TABLE).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_statements_that_belong_together_are_all_or_nothing(tmp_path: Path) -> None:
    store = SideDatabase(tmp_path / "x.db", TABLE)

    def fail() -> None:
        with store.alone() as raw:
            raw.execute("INSERT INTO words VALUES ('x')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.rows("SELECT * FROM words") == []
    assert store.change("INSERT INTO words VALUES ('y')") == 1
    store.close()
    assert SideDatabase(tmp_path / "x.db", TABLE).rows("SELECT * FROM words") == [("y",)]


def test_one_in_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = SideDatabase(None, TABLE)
    assert store.change("INSERT INTO words VALUES ('y')") == 1
    store.close()
    assert list(tmp_path.iterdir()) == []
