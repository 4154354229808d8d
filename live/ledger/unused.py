"""Whether a ledger remembers anything: one that was just made in the place of one that is gone does not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from live.ledger.database import Database, translated

#: rows that only a session, an order or a person's adoption leaves; a run that was refused leaves none
_TRACES: Final = (
    "SELECT 1 FROM orders LIMIT 1",
    "SELECT 1 FROM positions LIMIT 1",
    "SELECT 1 FROM signal_files LIMIT 1",
    "SELECT 1 FROM shadow_signals LIMIT 1",
    "SELECT 1 FROM run_log WHERE generated_at IS NOT NULL OR executed_at IS NOT NULL LIMIT 1",
)


def unused(database: Database) -> bool:
    """Whether an open ledger knows no session, no order and no position, of any account."""
    return _empty(lambda text: database.rows(text, {}))


def unused_file(path: Path) -> bool:
    """The same of an intact ledger file, which is only read.

    Raises:
        LedgerDamaged, LedgerUnavailable: it cannot be read.
    """
    with (
        translated(str(path)),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as raw,
    ):
        return _empty(lambda text: raw.execute(text).fetchall())


def _empty(rows: Callable[[str], Sequence[Any]]) -> bool:
    return not any(rows(text) for text in _TRACES)
