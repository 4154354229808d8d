"""Errors of the driver in a person's words: each with what to do, damage told from a bad moment."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from live.ledger.errors import LedgerDamaged, LedgerError, LedgerUnavailable, explain


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("database is locked", LedgerUnavailable, "does not finish"),
        ("database table is locked", LedgerUnavailable, "does not finish"),
        ("attempt to write a readonly database", LedgerUnavailable, "read-only"),
        ("database or disk is full", LedgerUnavailable, "disk is full"),
        ("disk I/O error", LedgerUnavailable, "disk reports an error"),
        ("unable to open database file", LedgerUnavailable, "cannot be opened"),
        ("database disk image is malformed", LedgerDamaged, "damaged"),
        ("file is not a database", LedgerDamaged, "not a ledger"),
    ],
)
def test_each_message_of_sqlite_has_its_remedy(text: str, kind: type[LedgerError], words: str) -> None:
    error = explain("state/ledger.db", sqlite3.OperationalError(text))
    assert type(error) is kind
    assert words in error.problem
    assert (error.exit_code, error.where) == (8, "state/ledger.db")
    assert error.remedy


def test_what_nobody_foresaw_is_quoted() -> None:
    error = explain("state/ledger.db", sqlite3.OperationalError("no such table: nowhere"))
    assert type(error) is LedgerError
    assert error.problem == "the database says: no such table: nowhere"


def test_real_errors_of_sqlite_are_recognised(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is not a database\n" * 100)
    cases = {tmp_path / "text.db": LedgerDamaged, tmp_path / "none" / "ledger.db": LedgerUnavailable}
    for path, kind in cases.items():
        with pytest.raises(sqlite3.Error) as caught, closing(sqlite3.connect(path)) as raw:
            raw.execute("SELECT * FROM sqlite_master")
        assert type(explain(str(path), caught.value)) is kind


@pytest.mark.parametrize("text", ["unable to open database file", "attempt to write a readonly database"])
def test_a_read_only_file_system_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    where, raised = str(tmp_path / "none" / "ledger.db"), sqlite3.OperationalError(text)
    assert "file system" not in explain(where, raised).problem
    # mounting one needs rights that a test has not
    mounted = SimpleNamespace(f_flag=os.statvfs(tmp_path).f_flag | os.ST_RDONLY)
    monkeypatch.setattr(os, "statvfs", lambda _: mounted)
    error = explain(where, raised)
    assert type(error) is LedgerUnavailable
    assert "read-only file system" in error.line()
