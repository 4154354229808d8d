"""Generated signal files: the original, the approval, what was executed, and the strategy's memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal

from backtest.core.errors import UsageError
from live.ledger.database import Repository
from live.ledger.statements import matching, select
from live.ledger.tables import SignalRow

Outcome = Literal["pending", "placed", "completed", "partial", "skipped", "expired", "gated", "failed"]
_GET: Final = select(SignalRow, matching("account", "variant", "session"))
_MEMORY: Final = select(
    SignalRow,
    f"{matching('account', 'variant', 'outcome')} AND session < :before",
    columns=("memory",),
    order="session DESC",
    limit=1,
)
_PREVIOUS: Final = select(
    SignalRow,
    "account = :account AND variant = :variant AND session < :session",
    order="session DESC",
    limit=1,
)
_OF_SESSION: Final = select(SignalRow, matching("account", "session"), order="role, variant")


@dataclass(frozen=True, slots=True)
class GeneratedSignal:
    """A signal file as the generator wrote it.

    Attributes:
        content: the whole file. seal: digest inside it. bytes_sha256: SHA-256 of the file's bytes.
        memory: what the strategy is given back once this file was carried out.
    """

    session: date
    variant: str
    role: str
    path: str
    content: str
    seal: str
    bytes_sha256: str
    generated_at: datetime
    memory: Mapping[str, Any] = field(default_factory=dict)


class Signals(Repository):
    """The `signal_files` table of one account."""

    def record(self, signal: GeneratedSignal) -> SignalRow:
        """Write the original; a second one for the session replaces it and voids the approval.

        The outcome starts at `pending` again.
        """
        fresh = {
            "approved_sha256": None,
            "approved_at": None,
            "approved_by": None,
            "approval_expires_at": None,
            "answer": None,
            "executed_sha256": None,
            "executed_content": None,
            "outcome": "pending",
        }
        values = {**asdict(signal), "memory": dict(signal.memory), **fresh}
        keys = {"session": values.pop("session"), "variant": values.pop("variant")}
        with self._db.transaction():
            self._upsert(SignalRow, keys, values)
            return self._existing(signal.session, signal.variant)

    def get(self, session: date, variant: str) -> SignalRow | None:
        """Return the record of one session."""
        return self._one(_GET, {"variant": variant, "session": session})

    def approve(
        self, session: date, variant: str, *, sha256: str, by: str, at: datetime, expires_at: datetime | None
    ) -> SignalRow:
        """Bind an approval to the exact bytes with this SHA-256."""
        return self._set(
            session,
            variant,
            approved_sha256=sha256,
            approved_at=at,
            approved_by=by,
            approval_expires_at=expires_at,
            answer="approve",
        )

    def answer(self, session: date, variant: str, answer: Literal["approve", "skip"] | None) -> SignalRow:
        """Remember what the person said; `skip` (or None: nothing any more) takes an approval back."""
        changes: dict[str, Any] = {"answer": answer}
        if answer != "approve":
            changes |= {"approved_sha256": None, "approved_at": None, "approval_expires_at": None}
        return self._set(session, variant, **changes)

    def executed(self, session: date, variant: str, *, sha256: str, content: str) -> SignalRow:
        """Keep the bytes that are being executed."""
        return self._set(session, variant, executed_sha256=sha256, executed_content=content)

    def finish(self, session: date, variant: str, outcome: Outcome) -> SignalRow:
        """Set what became of the file; only `completed` moves the strategy's memory on."""
        return self._set(session, variant, outcome=outcome)

    def last_memory(self, variant: str, *, before: date) -> dict[str, Any]:
        """Return the memory of the newest completed file of an earlier session, {} for a new account."""
        rows = self._columns(_MEMORY, {"variant": variant, "outcome": "completed", "before": before})
        return dict(rows[0][0]) if rows else {}

    def previous(self, session: date, variant: str) -> SignalRow | None:
        """Return the newest record before a session."""
        return self._one(_PREVIOUS, {"variant": variant, "session": session})

    def recent(self, limit: int = 20, variant: str | None = None) -> tuple[SignalRow, ...]:
        """Return the newest records, newest session first."""
        where = matching("account") if variant is None else matching("account", "variant")
        query = select(SignalRow, where, order="session DESC, id DESC", limit=limit)
        return self._all(query, {"variant": variant})

    def of_session(self, session: date) -> tuple[SignalRow, ...]:
        """Return the records of one session, primaries first, then by variant."""
        return self._all(_OF_SESSION, {"session": session})

    def _existing(self, session: date, variant: str) -> SignalRow:
        row = self.get(session, variant)
        if row is None:
            raise UsageError(
                "the ledger knows no signal file of this session",
                where=f"{session} {variant}",
                remedy="run the signal generator first",
            )
        return row

    def _set(self, session: date, variant: str, **changes: Any) -> SignalRow:
        with self._db.transaction():
            self._update(SignalRow, {"session": session, "variant": variant}, changes)
            return self._existing(session, variant)
