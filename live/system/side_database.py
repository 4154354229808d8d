"""A small SQLite file beside the ledger that is no part of it: logins, jobs. For its owner only (0600)."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class SideDatabase:
    """One file, one connection behind a lock; every call is a commit of its own.

    Args:
        path: the file; made, and readable by its owner only, when it is missing. None: one in memory.
        tables: statements that make its tables where they are missing.
    """

    def __init__(self, path: Path | None, tables: str) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.chmod(0o600)
        self._raw = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False, timeout=5
        )
        self._raw.execute("PRAGMA journal_mode = WAL")
        self._raw.executescript(tables)
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

    def close(self) -> None:
        """Close the file."""
        self._raw.close()
