"""What was read since the last write, for as long as nobody else can write: inside a replay's batch.

A batch holds the database's writer lock from its first to its last statement, so only this connection can
change what was read. Its own writes through the link forget the selects of their tables. Rows changed any
other way show in SQLite's own count of changes and forget everything, and so does a step taken back.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Any

from live.ledger.links import SqliteLink, Values
from live.ledger.tables import Base

_WORDS = re.compile(r"\w+")
_Rows = Sequence[Sequence[Any]]


class BatchLink(SqliteLink):
    """A link that answers a select again from memory while no row of its tables has changed.

    Args:
        raw: a connection inside a transaction that began IMMEDIATE, for as long as this link is used.
    """

    def __init__(self, raw: sqlite3.Connection) -> None:
        super().__init__(raw)
        self._known: dict[str, dict[tuple[Any, ...], _Rows]] = {}
        self._changes = raw.total_changes

    def rows(self, text: str, values: Values) -> _Rows:
        """Return every row of a select."""
        self._follow()
        known = self._known.setdefault(text, {})
        key = tuple(values.items())
        found = known.get(key)
        if found is None:
            found = known[key] = super().rows(text, values)
        return found

    def change(self, text: str, values: Values) -> int:
        """Run an update, delete or insert; return how many rows it touched."""
        self._forget_tables_of(text)
        touched = super().change(text, values)
        self._changes = self.raw.total_changes
        return touched

    def insert(self, text: str, values: Values) -> int:
        """Insert one row; return its `id`."""
        self._forget_tables_of(text)
        key = super().insert(text, values)
        self._changes = self.raw.total_changes
        return key

    def forget(self) -> None:
        """Forget everything: what was written since may have been taken back."""
        self._known.clear()

    def _follow(self) -> None:
        """Forget everything when rows were changed past this link."""
        if self.raw.total_changes != self._changes:
            self._known.clear()
            self._changes = self.raw.total_changes

    def _forget_tables_of(self, text: str) -> None:
        self._follow()
        written = tables_of(text)
        for select in [select for select in self._known if written & tables_of(select)]:
            del self._known[select]


@cache
def tables_of(text: str) -> frozenset[str]:
    """Return the ledger's tables whose names stand in a statement."""
    return frozenset(_WORDS.findall(text)) & {table.__tablename__ for table in Base.__subclasses__()}
