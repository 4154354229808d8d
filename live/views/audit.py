"""What people did, and whether the chain of its rows holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from live.ledger.audit import FIRST, broken

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action: when, who and through what, what was done to what, and what came of it."""

    at: datetime
    account: str
    actor: str
    via: str
    address: str
    action: str
    subject: str
    before: str
    after: str
    outcome: str


@dataclass(frozen=True, slots=True)
class AuditState:
    """How many rows the log has, the hash of the last one, and what is wrong first (None: nothing)."""

    rows: int
    head: str
    problem: str | None


def read_actions(ledger: Ledger, limit: int) -> tuple[ActionRow, ...]:
    """Return the newest actions of every account, newest first."""
    return tuple(
        ActionRow(
            at=row.at,
            account=row.account,
            actor=row.actor,
            via=row.via,
            address=row.address,
            action=row.action,
            subject=row.subject,
            before=row.before,
            after=row.after,
            outcome=row.outcome,
        )
        for row in ledger.audit.newest(limit)
    )


def verify_actions(ledger: Ledger) -> AuditState:
    """Return whether the chain holds from its first row to its last."""
    rows = ledger.audit.all()
    found = broken(rows)
    problem = None if found is None else f"row {found[0].id} of {found[0].at:%Y-%m-%d %H:%M}: {found[1]}"
    return AuditState(len(rows), rows[-1].hash if rows else FIRST, problem)
