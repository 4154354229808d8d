"""Equity at the end of each session, with the returns and the drawdown it means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Executable, bindparam, func, select

from live.ledger.database import Repository, table_of
from live.ledger.tables import PerformanceSnapshot

#: stands for the whole account where a variant stands: what the broker says it is worth
WHOLE_ACCOUNT: Final = "*"

_T: Final = table_of(PerformanceSnapshot)
_BEFORE: Final = (
    _T.c.account == bindparam("a"),
    _T.c.variant == bindparam("v"),
    _T.c.session < bindparam("s"),
)
_PEAK: Final = select(func.max(_T.c.equity)).where(*_BEFORE)
_LAST: Final = select(_T.c.equity).where(*_BEFORE).order_by(_T.c.session.desc()).limit(1)
_FIRST: Final = select(_T.c.equity).where(*_BEFORE).order_by(_T.c.session).limit(1)
_GET: Final = select(_T).where(
    _T.c.account == bindparam("a"), _T.c.variant == bindparam("v"), _T.c.session == bindparam("s")
)
_LATEST: Final = (
    select(_T)
    .where(_T.c.account == bindparam("a"), _T.c.variant == bindparam("v"))
    .order_by(_T.c.session.desc())
    .limit(1)
)


class Snapshots(Repository):
    """The `performance_snapshots` table of one account."""

    def add(
        self,
        variant: str,
        session: date,
        *,
        at: datetime,
        mode: str,
        equity: float,
        cash: float,
        residual_cash: float | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> PerformanceSnapshot:
        """Write (or replace) the snapshot of a session.

        Decimal fractions: daily = equity / previous - 1, cumulative = equity / first - 1, drawdown =
        equity / highest so far - 1 (never positive). The first snapshot has no returns and drawdown 0.
        """
        key = {"a": self._account, "v": variant, "s": session}
        with self._db.transaction():
            last, first, peak = (self._number(s, key) for s in (_LAST, _FIRST, _PEAK))
            values = {
                "at": at,
                "mode": mode,
                "equity": equity,
                "cash": cash,
                "daily_return": None if not last else equity / last - 1,
                "cumulative_return": None if not first else equity / first - 1,
                "drawdown": 0.0 if not peak else min(0.0, equity / peak - 1),
                "residual_cash": residual_cash,
                "context": dict(context or {}),
            }
            self._upsert(PerformanceSnapshot, {"variant": variant, "session": session}, values)
            stored = self._one(PerformanceSnapshot, _GET, key)
        assert stored is not None
        return stored

    def series(
        self, variant: str, since: date | None = None, until: date | None = None
    ) -> tuple[PerformanceSnapshot, ...]:
        """Return snapshots, oldest first."""
        statement = select(_T).where(_T.c.account == self._account, _T.c.variant == variant)
        if since is not None:
            statement = statement.where(_T.c.session >= since)
        if until is not None:
            statement = statement.where(_T.c.session <= until)
        return self._all(PerformanceSnapshot, statement.order_by(_T.c.session))

    def latest(self, variant: str) -> PerformanceSnapshot | None:
        """Return the newest snapshot."""
        return self._one(PerformanceSnapshot, _LATEST, {"a": self._account, "v": variant})

    def variants(self) -> tuple[str, ...]:
        """Return the variants that have snapshots, sorted."""
        statement = select(_T.c.variant).where(_T.c.account == self._account).distinct()
        return tuple(sorted(row[0] for row in self._db.rows(statement) if row[0] != WHOLE_ACCOUNT))

    def _number(self, statement: Executable, key: dict[str, Any]) -> float | None:
        rows = self._db.rows(statement, key)
        return rows[0][0] if rows else None
