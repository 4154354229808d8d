"""Passwords are kept as hashes that differ each time, and short ones are refused."""

import pytest

from backtest.core.errors import UsageError
from live.web.auth import passwords


def test_a_hash_costs_what_it_should(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_COST", passwords.COST)
    kept = passwords.hashed("correct horse battery")
    assert kept.split("$")[:4] == ["scrypt", "65536", "8", "1"]


def test_only_the_password_itself_matches() -> None:
    kept = passwords.hashed("correct horse battery")
    assert "correct" not in kept
    assert passwords.matches("correct horse battery", kept)
    assert not passwords.matches("correct horse batterz", kept)


def test_two_hashes_of_one_password_differ() -> None:
    assert passwords.hashed("correct horse battery") != passwords.hashed("correct horse battery")


def test_without_a_password_nothing_matches() -> None:
    assert not passwords.matches("", None)


def test_a_short_one_is_refused() -> None:
    with pytest.raises(UsageError, match="12 characters"):
        passwords.hashed("elevenchars")
