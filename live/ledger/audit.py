"""What people did, in an append-only table whose rows are chained by their hashes.

A row changed, taken out or put between others breaks the chain from there on. Rows cut off at the end
cannot be seen in the chain itself: compare its head with the one in a backup.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from live.ledger.database import Repository
from live.ledger.record_tables import AuditEntry
from live.ledger.statements import select

FIRST: Final = "0" * 64
"""Hash before the first row."""
_SEALED: Final = ("account", "actor", "via", "address", "action", "subject", "before", "after", "outcome")
_LAST: Final = select(AuditEntry, "1 = 1", columns=("hash",), order="id DESC", limit=1)
_ALL: Final = select(AuditEntry, "1 = 1", order="id")


@dataclass(frozen=True, slots=True)
class Action:
    """What was done, or refused.

    Attributes:
        name: `approve`, `kill`, `config set` and so on.
        actor: who.
        via: program it came through: `jutsu` or `web`.
        address: network address it came from, empty for this machine.
        subject: what it was done to: a file, a setting, an account.
        before, after: how the subject was and is, in words; empty where that says nothing.
        outcome: `done`, or `refused: ` and why.
    """

    name: str
    actor: str
    subject: str
    via: str = "jutsu"
    address: str = ""
    before: str = ""
    after: str = ""
    outcome: str = "done"


class Audit(Repository):
    """The `audit_log` table: one chain for all accounts of a ledger."""

    def append(self, action: Action, *, at: datetime) -> AuditEntry:
        """Add a row at the end of the chain; inside a transaction it is kept or lost with the rest."""
        with self._db.transaction():
            rows = self._columns(_LAST)
            values = {
                "at": at,
                "actor": action.actor[:64],
                "via": action.via,
                "address": action.address[:64],
                "action": action.name,
                "subject": action.subject,
                "before": action.before,
                "after": action.after,
                "outcome": action.outcome,
                "previous_hash": rows[0][0] if rows else FIRST,
            }
            sealed = seal({**values, "account": self._account}, at)
            return self._insert(AuditEntry, {**values, "hash": sealed})

    def newest(self, limit: int) -> tuple[AuditEntry, ...]:
        """Return the newest rows, newest first."""
        return self._all(select(AuditEntry, "1 = 1", order="id DESC", limit=limit))

    def all(self) -> tuple[AuditEntry, ...]:
        """Return every row, oldest first."""
        return self._all(_ALL)


def seal(values: dict[str, object], at: datetime) -> str:
    """Return the hash of a row: SHA-256 over its words, its instant in UTC and the hash before, as JSON."""
    words = {name: values[name] for name in (*_SEALED, "previous_hash")}
    text = json.dumps(
        {**words, "at": at.astimezone(UTC).isoformat()}, sort_keys=True, separators=(",", ":"), default=repr
    )
    return hashlib.sha256(text.encode()).hexdigest()


def broken(entries: Iterable[AuditEntry]) -> tuple[AuditEntry, str] | None:
    """Return the first row at which the chain is broken and what is wrong there, None when it holds.

    Args:
        entries: every row, oldest first.
    """
    previous = FIRST
    for number, entry in enumerate(entries, 1):
        if entry.id != number:
            return entry, f"row {number} is missing before it"
        if entry.previous_hash != previous:
            return entry, "it does not follow the row before it"
        values = {name: getattr(entry, name) for name in (*_SEALED, "previous_hash")}
        if entry.hash != seal(values, entry.at):
            return entry, "its words are not those that were sealed"
        previous = entry.hash
    return None
