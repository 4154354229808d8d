"""SQLite behind the ledger: durable settings, and transactions that are whole whatever fails inside."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from live.ledger.links import BUSY_MILLISECONDS, SqliteLink, open_sqlite


@pytest.fixture
def link(tmp_path: Path) -> Iterator[SqliteLink]:
    with closing(open_sqlite(tmp_path / "ledger.db")) as made:
        made.raw.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE)")
        yield made


def texts(link: SqliteLink) -> list[str]:
    return [row[0] for row in link.rows("SELECT text FROM notes ORDER BY id", {})]


def add(link: SqliteLink, text: str) -> int:
    return link.insert("INSERT INTO notes (text) VALUES (:text)", {"text": text})


def test_a_file_is_durable_and_waits_for_others(link: SqliteLink) -> None:
    found = {
        name: link.raw.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": BUSY_MILLISECONDS,
    }


def test_rows_ids_and_counts(link: SqliteLink) -> None:
    assert [add(link, "a"), add(link, "b")] == [1, 2]
    assert link.change("UPDATE notes SET text = text || '!'", {}) == 2
    assert link.change("DELETE FROM notes WHERE text = :text", {"text": "none"}) == 0
    assert texts(link) == ["a!", "b!"]


def fail_after_writing(link: SqliteLink, error: type[BaseException]) -> None:
    with link.begun():
        add(link, "a")
        if error is sqlite3.IntegrityError:
            add(link, "a")
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, sqlite3.IntegrityError])
def test_what_fails_inside_is_taken_back_whole(link: SqliteLink, error: type[BaseException]) -> None:
    with pytest.raises(error):
        fail_after_writing(link, error)
    assert texts(link) == []
    assert not link.raw.in_transaction
    with link.begun():
        add(link, "b")
    assert texts(link) == ["b"]


def test_the_writers_lock_is_taken_at_once(link: SqliteLink, tmp_path: Path) -> None:
    with closing(open_sqlite(tmp_path / "ledger.db")) as other:
        other.raw.execute("PRAGMA busy_timeout = 0")
        with link.begun():
            with pytest.raises(sqlite3.OperationalError, match="locked"), other.begun():
                pass
            assert texts(other) == []  # readers go on meanwhile
            add(link, "a")
            assert texts(other) == []
        assert texts(other) == ["a"]


def test_all_tables_come_in_one_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from live.ledger import sqlite_schema

    with closing(open_sqlite(None)) as made:
        assert not made.has_table("orders")
        made.create_tables("0001")
        assert made.has_table("orders")
        assert list(made.rows("SELECT version_num FROM alembic_version", {})) == [("0001",)]
    monkeypatch.setattr(sqlite_schema, "STATEMENTS", (*sqlite_schema.STATEMENTS, "CREATE nonsense"))
    with closing(open_sqlite(tmp_path / "half.db")) as made:
        with pytest.raises(sqlite3.OperationalError):
            made.create_tables("0001")
        assert not made.has_table("orders")


def test_a_file_that_is_no_database_leaves_no_connection_open(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("not a database\n" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        open_sqlite(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["text.db"]
