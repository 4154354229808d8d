"""The file of logins: facts by name, and hashes instead of secrets."""

from pathlib import Path

from live.web.auth.store import Store, digest


def test_facts_are_kept_and_replaced(tmp_path: Path) -> None:
    store = Store(tmp_path / "web.db")
    assert store.fact("a") is None
    store.keep("a", {"b": [1]})
    store.keep("a", 2)
    store.close()
    assert Store(tmp_path / "web.db").fact("a") == 2


def test_a_digest_hides_the_text() -> None:
    assert digest("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
