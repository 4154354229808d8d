"""What was due and what became of it: one row per session and variant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import bindparam, func, select

from live.ledger.database import Repository, table_of
from live.ledger.tables import RunLog

_T: Final = table_of(RunLog)
_GET: Final = select(_T).where(
    _T.c.account == bindparam("a"), _T.c.session == bindparam("s"), _T.c.variant == bindparam("v")
)
_NEWEST: Final = select(func.max(_T.c.session)).where(
    _T.c.account == bindparam("a"), _T.c.generated_at.is_not(None) | _T.c.executed_at.is_not(None)
)
_NEWEST_OF: Final = _NEWEST.where(_T.c.variant == bindparam("v"))


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
        return self._one(RunLog, _GET, {"a": self._account, "s": session, "v": variant})

    def missing_sessions(self, sessions: Iterable[date], variant: str) -> tuple[date, ...]:
        """Return those of `sessions` (from the calendar) in which the variant was not executed, in order."""
        wanted = sorted(sessions)
        if not wanted:
            return ()
        statement = select(_T.c.session).where(
            _T.c.account == self._account,
            _T.c.variant == variant,
            _T.c.session.between(wanted[0], wanted[-1]),
            _T.c.executed_at.is_not(None),
        )
        done = {row[0] for row in self._db.rows(statement)}
        return tuple(day for day in wanted if day not in done)

    def last_session(self, variant: str | None = None) -> date | None:
        """Return the newest session this account generated or executed anything for."""
        statement = _NEWEST if variant is None else _NEWEST_OF
        found: date | None = self._db.rows(statement, {"a": self._account, "v": variant})[0][0]
        return found

    def recent(self, limit: int = 50, variant: str | None = None) -> tuple[RunLog, ...]:
        """Return the newest sessions, newest first."""
        statement = select(_T).where(_T.c.account == self._account)
        if variant is not None:
            statement = statement.where(_T.c.variant == variant)
        return self._all(RunLog, statement.order_by(_T.c.session.desc(), _T.c.id.desc()).limit(limit))

    def _put(self, session: date, variant: str, **changes: Any) -> None:
        known = {"session": session, "variant": variant}
        self._upsert(RunLog, known, changes, new={"role": "primary", "mode": ""})
