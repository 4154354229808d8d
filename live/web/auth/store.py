"""`state/web.db`: who may log in, which sessions and keys are open. Never in the ledger or its backups.

Of links, sessions, devices, keys and recovery codes only hashes are kept; the file is 0600.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from live.system.side_database import SideDatabase

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


class Store(SideDatabase):
    """The file, and JSON facts in it by name.

    Args:
        path: the file; made, and readable by its owner only, when it is missing.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, _TABLES)

    def fact(self, name: str) -> Any:
        """Return a JSON value by name, None when there is none."""
        found = self.rows("SELECT value FROM facts WHERE name = ?", (name,))
        return json.loads(found[0][0]) if found else None

    def keep(self, name: str, value: Any) -> None:
        """Keep a JSON value under a name."""
        self.change("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))
