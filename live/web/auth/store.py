"""`state/web.db`: who may log in, which sessions and keys are open. Never in the ledger or its backups.

Of links, sessions, devices, keys and recovery codes only hashes are kept; the file is 0600.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS links (hash TEXT PRIMARY KEY, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (
  hash TEXT PRIMARY KEY, name TEXT NOT NULL, scopes TEXT NOT NULL, csrf TEXT NOT NULL, address TEXT NOT NULL,
  created REAL NOT NULL, expires REAL NOT NULL, elevated_until REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS devices (
  hash TEXT PRIMARY KEY, name TEXT NOT NULL, created REAL NOT NULL, expires REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS keys (
  id TEXT PRIMARY KEY, hash TEXT NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL,
  created REAL NOT NULL, expires REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS recovery (hash TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS failures (at REAL NOT NULL, address TEXT NOT NULL);
"""


def digest(text: str) -> str:
    """Return what is kept of a random text."""
    return hashlib.sha256(text.encode()).hexdigest()


class Store:
    """One file, one connection behind a lock; every call is a commit of its own.

    Args:
        path: the file; made, and readable by its owner only, when it is missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)
        self._raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
        self._raw.execute("PRAGMA journal_mode = WAL")
        self._raw.executescript(_TABLES)
        self._lock = threading.Lock()

    def rows(self, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return every row of a select."""
        with self._lock:
            return self._raw.execute(text, values).fetchall()

    def change(self, text: str, values: Sequence[Any] = ()) -> int:
        """Run a statement; return how many rows it touched."""
        with self._lock:
            return self._raw.execute(text, values).rowcount

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """Hold the file for several statements that belong together, all or nothing."""
        with self._lock:
            self._raw.execute("BEGIN IMMEDIATE")
            try:
                yield self._raw
                self._raw.execute("COMMIT")
            except BaseException:
                self._raw.execute("ROLLBACK")
                raise

    def fact(self, name: str) -> Any:
        """Return a JSON value by name, None when there is none."""
        found = self.rows("SELECT value FROM facts WHERE name = ?", (name,))
        return json.loads(found[0][0]) if found else None

    def keep(self, name: str, value: Any) -> None:
        """Keep a JSON value under a name."""
        self.change("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))

    def close(self) -> None:
        """Close the file."""
        self._raw.close()
