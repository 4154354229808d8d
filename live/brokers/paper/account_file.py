"""The database of a paper account: opened or copied, and written in whole transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from backtest.core.errors import BrokerError
from backtest.core.files import require_regular, why


class AccountFile:
    """One SQLite database; stores of paper accounts add their tables to it.

    Args:
        path: the file, created with its folder at first use; None keeps the account in memory.
        set_up: makes the tables of a new account, or brings those of an older version up to date.
        durable: wait for the disk at every commit. False keeps the same transactions but lets the operating
            system write when it likes: safe against a killed process, not against a power cut (replay).
        scratch: work on a copy in memory, so that nothing that happens reaches the file (dry runs).

    Raises:
        BrokerError: it cannot be opened.
    """

    def __init__(
        self, path: Path | None, set_up: Callable[[], None], *, durable: bool = True, scratch: bool = False
    ) -> None:
        try:
            if path is not None and not scratch:
                path.parent.mkdir(parents=True, exist_ok=True)
            if path is not None:
                require_regular(path)
            target = ":memory:" if path is None or scratch else path
            self._db = sqlite3.connect(target, isolation_level=None, timeout=10.0)
            if scratch and path is not None and path.exists():
                self._copy(path)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL" if durable else "PRAGMA synchronous = OFF")
            self._db.execute("PRAGMA foreign_keys = ON")
            set_up()
        except (OSError, sqlite3.Error) as error:
            raise BrokerError(
                f"the paper account cannot be opened: {why(error)}",
                where=str(path),
                remedy="check the folder, the disk and that the file was not damaged",
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a block as one atomic write; nested blocks join the outer one. BrokerError: it failed."""
        if self._db.in_transaction:
            yield
            return
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._rollback()
            raise BrokerError(f"the paper account could not be written: {error}") from error
        except BaseException:
            self._rollback()
            raise

    def _is_new(self) -> bool:
        return self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'executions'").fetchone() is None

    def _rollback(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _copy(self, path: Path) -> None:
        # Not mode=ro: such a connection leaves the files of the write-ahead log behind.
        source = sqlite3.connect(path, timeout=10.0)
        try:
            source.backup(self._db)
        finally:
            source.close()
