"""Settings changed by a person, with the time they hold, and every settings snapshot ever used."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from backtest.core.errors import UsageError
from live.ledger.database import Repository, table_of
from live.ledger.tables import ConfigHistory, ConfigOverride

_T: Final = table_of(ConfigOverride)
_H: Final = table_of(ConfigHistory)
_NEWEST: Final = (
    select(_H.c.config_sha256).where(_H.c.account == bindparam("a")).order_by(_H.c.id.desc()).limit(1)
)


class Config(Repository):
    """The `config_*` tables. They hold for every account: the settings decide which account is used."""

    def active(self, now: datetime) -> dict[str, Any]:
        """Return name -> value of the overrides that hold at `now`; a later change wins."""
        statement = (
            select(_T.c.parameter_name, _T.c.override_value, _T.c.effective_until)
            .where(_T.c.account == self._account, _T.c.effective_from <= now)
            .order_by(_T.c.id)
        )
        found: dict[str, Any] = {}
        for row in self._db.rows(statement):
            if row.effective_until is None or row.effective_until > now:
                found[row.parameter_name] = json.loads(row.override_value)
        return found

    def set(
        self,
        name: str,
        value: Any,
        *,
        at: datetime,
        by: str,
        reason: str = "",
        effective_from: datetime | None = None,
        effective_until: datetime | None = None,
    ) -> ConfigOverride:
        """Add an override.

        Raises:
            UsageError: it would end before it begins.
        """
        start = effective_from or at
        if effective_until is not None and effective_until <= start:
            raise UsageError(
                "the override would end before it begins", where=name, remedy="check --from and --until"
            )
        return self._insert(
            ConfigOverride,
            {
                "parameter_name": name,
                "override_value": json.dumps(value),
                "effective_from": start,
                "effective_until": effective_until,
                "created_by": by[:50],
                "created_at": at,
                "reason": reason,
            },
        )

    def unset(self, name: str, *, at: datetime) -> int:
        """End every override of a name that holds now or later; return how many there were."""
        open_ended = (_T.c.effective_until.is_(None)) | (_T.c.effective_until > at)
        match = (_T.c.account == self._account, _T.c.parameter_name == name, open_ended)
        with self._db.transaction() as connection:
            return connection.execute(update(_T).where(*match), {"effective_until": at}).rowcount

    def overrides(self) -> tuple[ConfigOverride, ...]:
        """Return every override ever made, oldest first."""
        return self._all(ConfigOverride, select(_T).where(_T.c.account == self._account).order_by(_T.c.id))

    def remember(self, sha256: str, snapshot: str, *, by: str, reason: str, at: datetime) -> bool:
        """Keep a settings snapshot when it differs from the last one; return whether it did."""
        with self._db.transaction():
            rows = self._db.rows(_NEWEST, {"a": self._account})
            if rows and rows[0][0] == sha256:
                return False
            self._insert(
                ConfigHistory,
                {
                    "config_sha256": sha256,
                    "config_snapshot": snapshot,
                    "changed_by": by[:50],
                    "change_reason": reason,
                    "created_at": at,
                },
            )
        return True

    def history(self, limit: int = 50) -> tuple[ConfigHistory, ...]:
        """Return the newest settings snapshots, newest first."""
        return self._all(
            ConfigHistory,
            select(_H).where(_H.c.account == self._account).order_by(_H.c.id.desc()).limit(limit),
        )
