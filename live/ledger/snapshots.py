"""Equity at the end of each session, with the returns and the drawdown it means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from live.ledger.database import Repository
from live.ledger.statements import Query, matching, select, within
from live.ledger.tables import PerformanceSnapshot

#: stands for the whole account where a variant stands: what the broker says it is worth
WHOLE_ACCOUNT: Final = "*"

_T: Final = PerformanceSnapshot
_OF_VARIANT: Final = matching("account", "variant")
_BEFORE: Final = f"{_OF_VARIANT} AND session < :session"
_EQUITY: Final = ("equity",)
_PEAK: Final = select(_T, _BEFORE, columns=_EQUITY, apply="max")
_LAST: Final = select(_T, _BEFORE, columns=_EQUITY, order="session DESC", limit=1)
_FIRST: Final = select(_T, _BEFORE, columns=_EQUITY, order="session", limit=1)
_GET: Final = select(_T, matching("account", "variant", "session"))
_LATEST: Final = select(_T, _OF_VARIANT, order="session DESC", limit=1)
_VARIANTS: Final = select(_T, matching("account"), columns=("variant",), distinct=True)


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
        key = {"variant": variant, "session": session}
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
            stored = self._one(_GET, key)
        assert stored is not None
        return stored

    def series(
        self, variant: str, since: date | None = None, until: date | None = None
    ) -> tuple[PerformanceSnapshot, ...]:
        """Return snapshots, oldest first."""
        where = within(_OF_VARIANT, since, until)
        query = select(_T, where, order="session")
        return self._all(query, {"variant": variant, "since": since, "until": until})

    def latest(self, variant: str) -> PerformanceSnapshot | None:
        """Return the newest snapshot."""
        return self._one(_LATEST, {"variant": variant})

    def variants(self) -> tuple[str, ...]:
        """Return the variants that have snapshots, sorted."""
        return tuple(sorted(row[0] for row in self._columns(_VARIANTS) if row[0] != WHOLE_ACCOUNT))

    def _number(self, query: Query[PerformanceSnapshot], key: dict[str, Any]) -> float | None:
        rows = self._columns(query, key)
        return rows[0][0] if rows else None
