"""The file of logins: for its owner only, with hashes instead of secrets."""

import stat
from pathlib import Path

import pytest

from live.web.auth.store import Store, digest


def test_the_file_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "web.db"
    Store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    Store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_facts_are_kept_and_replaced(tmp_path: Path) -> None:
    store = Store(tmp_path / "web.db")
    assert store.fact("a") is None
    store.keep("a", {"b": [1]})
    store.keep("a", 2)
    store.close()
    assert Store(tmp_path / "web.db").fact("a") == 2


def test_statements_that_belong_together_are_all_or_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "web.db")

    def fail() -> None:
        with store.alone() as raw:
            raw.execute("INSERT INTO recovery VALUES ('x')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.rows("SELECT * FROM recovery") == []


def test_a_digest_hides_the_text() -> None:
    assert digest("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
