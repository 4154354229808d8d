"""What a ledger needs of a database, and SQLite as that."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from live.ledger.column_types import SQLITE, Codec

Values = Mapping[str, Any]
BUSY_MILLISECONDS = 10_000


class Link(Protocol):
    """One open connection; statements are text with `:name` parameters, values are as `codec` makes them."""

    @property
    def codec(self) -> Codec:
        """How this database keeps values."""

    @property
    def raw(self) -> sqlite3.Connection | None:
        """SQLite's own connection, None for another database."""

    def rows(self, text: str, values: Values) -> Sequence[Sequence[Any]]:
        """Return every row of a select."""

    def change(self, text: str, values: Values) -> int:
        """Run an update, delete or insert; return how many rows it touched."""

    def insert(self, text: str, values: Values) -> int:
        """Insert one row; return its `id`."""

    def begun(self) -> AbstractContextManager[None]:
        """Begin a writing transaction, commit it at the end, or roll back when the block fails."""

    def has_table(self, name: str) -> bool:
        """Tell whether a table exists."""

    def create_tables(self, revision: str) -> None:
        """Create every table of the ledger in one transaction and stamp its revision."""

    def close(self) -> None:
        """Give the connection back."""


class SqliteLink:
    """The standard library's connection, without anything in between."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.codec = SQLITE
        self.raw = raw

    def rows(self, text: str, values: Values) -> Sequence[Sequence[Any]]:
        """Return every row of a select."""
        return self.raw.execute(text, values).fetchall()

    def change(self, text: str, values: Values) -> int:
        """Run an update, delete or insert; return how many rows it touched."""
        return self.raw.execute(text, values).rowcount

    def insert(self, text: str, values: Values) -> int:
        """Insert one row; return its `id`."""
        key = self.raw.execute(text, values).lastrowid
        assert key is not None
        return key

    @contextmanager
    def begun(self) -> Iterator[None]:
        """Begin a writing transaction, commit it at the end, or roll back when the block fails.

        The writer's lock is taken at once: upgrading a reader half-way fails where waiting would have helped.
        """
        try:
            self.raw.execute("BEGIN IMMEDIATE")
            yield
            self.raw.execute("COMMIT")
        except BaseException:
            if self.raw.in_transaction:  # SQLite itself takes back what a full disk stopped
                self.raw.execute("ROLLBACK")
            raise

    def has_table(self, name: str) -> bool:
        """Tell whether a table exists."""
        wanted = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name"
        return bool(self.rows(wanted, {"name": name}))

    def create_tables(self, revision: str) -> None:
        """Create every table of the ledger in one transaction and stamp its revision."""
        from live.ledger.sqlite_schema import STATEMENTS

        with self.begun():
            for statement in STATEMENTS:
                self.raw.execute(statement)
            self.raw.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (revision,))

    def close(self) -> None:
        """Close the file; SQLite folds the write-ahead log into it."""
        self.raw.close()


def open_sqlite(path: Path | None) -> SqliteLink:
    """Return a link to a file, or to memory when `path` is None; sqlite3 errors pass through."""
    raw = sqlite3.connect(
        ":memory:" if path is None else path,
        timeout=BUSY_MILLISECONDS / 1000,
        isolation_level=None,  # we say BEGIN ourselves
        check_same_thread=path is not None,
    )
    try:
        for pragma in (
            f"busy_timeout = {BUSY_MILLISECONDS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            raw.execute(f"PRAGMA {pragma}")
    except BaseException:
        raw.close()
        raise
    return SqliteLink(raw)


def open_sqlite_reading(path: Path) -> SqliteLink:
    """Return a link to an existing file that can only look; sqlite3 errors pass through."""
    raw = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_MILLISECONDS / 1000,
        isolation_level=None,
        check_same_thread=False,  # closed by another thread than the one that used it
    )
    try:
        raw.execute("PRAGMA query_only = ON")
    except BaseException:
        raw.close()
        raise
    return SqliteLink(raw)
