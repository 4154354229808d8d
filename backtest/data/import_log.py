"""The log of imports, `imports.jsonl`: line n is batch n. Lines are added, never changed.

A line is written before the rows of its batch: a number is never used twice. After a kill in between the
log says more than the files hold, and the same import ends the work under the next number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from backtest.core.errors import DataError
from backtest.core.files import append_line, read_regular, why

NAME: Final = "imports.jsonl"
_MAX_BYTES: Final = 256 * 1024 * 1024


class ImportLog:
    """The log of a bar store; who writes holds the lock of imports."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / NAME

    def add(self, entry: Mapping[str, Any], at: datetime) -> int:
        """Append a line, on the disk when this returns; return its number, that of the batch."""
        batch = len(self._lines()) + 1
        stamp = at.astimezone(UTC).isoformat(timespec="seconds")
        append_line(self.path, json.dumps({"batch": batch, "imported_at": stamp, **entry}).encode())
        return batch

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield every line that can be read, oldest first."""
        for line in self._lines():
            try:
                entry = json.loads(line)
            except ValueError:  # torn by a kill: its number is used up
                continue
            if isinstance(entry, dict):
                yield entry

    def last_batch(self, known_at: datetime) -> int:
        """Return the newest batch that was imported at or before `known_at`, 0 for none."""
        found = 0
        for entry in self.entries():
            try:
                if datetime.fromisoformat(entry["imported_at"]) <= known_at:
                    found = max(found, int(entry["batch"]))
            except (KeyError, TypeError, ValueError):
                continue
        return found

    def _lines(self) -> list[bytes]:
        try:
            return read_regular(self.path, _MAX_BYTES).splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DataError(
                f"cannot be read: {why(error)}", where=str(self.path), remedy="put back a readable file"
            ) from error
