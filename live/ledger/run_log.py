"""What was due and what became of it: one row per session and variant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from live.ledger.database import Repository
from live.ledger.statements import matching, select
from live.ledger.tables import RunLog

_GET: Final = select(RunLog, matching("account", "session", "variant"))
_RAN: Final = "account = :account AND (generated_at IS NOT NULL OR executed_at IS NOT NULL)"
_NEWEST: Final = select(RunLog, _RAN, columns=("session",), apply="max")
_NEWEST_OF: Final = select(RunLog, f"{_RAN} AND variant = :variant", columns=("session",), apply="max")
_EXECUTED: Final = select(
    RunLog,
    "account = :account AND variant = :variant AND session BETWEEN :first AND :last"
    " AND executed_at IS NOT NULL",
    columns=("session",),
)
_ACCOUNTS: Final = select(RunLog, matching("variant"), order="account", columns=("account",), distinct=True)
_MISSED: Final = select(RunLog, f"{matching('account')} AND missed", columns=("variant",))


class Runs(Repository):
    """The `run_log` table of one account."""

    def due(
        self,
        session: date,
        variant: str,
        *,
        role: str,
        mode: str,
        due_at: datetime,
        source: str | None = None,
        past: bool | None = None,
    ) -> None:
        """Note that a session has to be traded, on data of `source`, by a run about the past or not."""
        self._put(session, variant, role=role, mode=mode, due_at=due_at, source=source, past=past)

    def generator_failed(
        self, session: date, variant: str, *, mode: str, exit_code: int, why: str, past: bool
    ) -> None:
        """Note that stage 1 stopped; a file that was generated before stays what it is."""
        known = self.get(session, variant)
        if known is None or known.generated_at is None:
            detail = {"error": why}
            self._put(session, variant, mode=mode, generator_exit=exit_code, detail=detail, past=past)

    def generated(
        self,
        session: date,
        variant: str,
        *,
        role: str,
        mode: str,
        at: datetime,
        exit_code: int = 0,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Note that stage 1 ran; `detail` keeps what a person may ask about later."""
        extra = {} if detail is None else {"detail": dict(detail)}
        self._put(session, variant, role=role, mode=mode, generated_at=at, generator_exit=exit_code, **extra)

    def approved(self, session: date, variant: str, *, at: datetime | None) -> None:
        """Note an approval; None takes it back."""
        self._put(session, variant, approved_at=at)

    def executed(
        self,
        session: date,
        variant: str,
        *,
        at: datetime,
        exit_code: int,
        outcome: str,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Note that stage 2 ran."""
        extra = {} if detail is None else {"detail": dict(detail)}
        self._put(
            session, variant, executed_at=at, executor_exit=exit_code, outcome=outcome, missed=False, **extra
        )

    def missed(self, session: date, variant: str, *, role: str = "primary", mode: str = "") -> None:
        """Note that a session passed without being traded."""
        known = self.get(session, variant)
        changes: dict[str, Any] = {"missed": True, "outcome": "missed"}
        if known is None:
            changes |= {"role": role, "mode": mode}
        self._put(session, variant, **changes)

    def get(self, session: date, variant: str) -> RunLog | None:
        """Return one row."""
        return self._one(_GET, {"session": session, "variant": variant})

    def missing_sessions(self, sessions: Iterable[date], variant: str) -> tuple[date, ...]:
        """Return those of `sessions` (from the calendar) in which the variant was not executed, in order."""
        wanted = sorted(sessions)
        if not wanted:
            return ()
        between = {"variant": variant, "first": wanted[0], "last": wanted[-1]}
        done = {row[0] for row in self._columns(_EXECUTED, between)}
        return tuple(day for day in wanted if day not in done)

    def missed_counts(self) -> Mapping[str, int]:
        """Return how many sessions of each variant were not traded; a variant without one is left out."""
        return Counter(str(row[0]) for row in self._columns(_MISSED))

    def last_session(self, variant: str | None = None) -> date | None:
        """Return the newest session this account generated or executed anything for."""
        query = _NEWEST if variant is None else _NEWEST_OF
        found: date | None = self._columns(query, {"variant": variant})[0][0]
        return found

    def accounts(self, variant: str) -> tuple[str, ...]:
        """Return every account in which a variant has sessions, of this ledger as a whole, sorted."""
        return tuple(account for (account,) in self._columns(_ACCOUNTS, {"variant": variant}))

    def recent(self, limit: int = 50, variant: str | None = None) -> tuple[RunLog, ...]:
        """Return the newest sessions, newest first."""
        where = matching("account") if variant is None else matching("account", "variant")
        query = select(RunLog, where, order="session DESC, id DESC", limit=limit)
        return self._all(query, {"variant": variant})

    def _put(self, session: date, variant: str, **changes: Any) -> None:
        known = {"session": session, "variant": variant}
        self._upsert(RunLog, known, changes, new={"role": "primary", "mode": ""})
