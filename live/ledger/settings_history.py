"""Settings changed by a person, with the time they hold, and every settings snapshot ever used."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from backtest.core.errors import UsageError
from live.ledger.database import Repository
from live.ledger.record_tables import ConfigHistory, ConfigOverride
from live.ledger.statements import matching, select

_ACTIVE: Final = select(
    ConfigOverride,
    "account = :account AND effective_from <= :now",
    columns=("parameter_name", "override_value", "effective_until"),
    order="id",
)
_ALL: Final = select(ConfigOverride, matching("account"), order="id")
_END: Final = (
    "UPDATE config_overrides SET effective_until = :at"
    " WHERE account = :account AND parameter_name = :name"
    " AND (effective_until IS NULL OR effective_until > :at)"
)
_NEWEST: Final = select(
    ConfigHistory, matching("account"), columns=("config_sha256",), order="id DESC", limit=1
)


class Config(Repository):
    """The `config_*` tables. They hold for every account: the settings decide which account is used."""

    def active(self, now: datetime) -> dict[str, Any]:
        """Return name -> value of the overrides that hold at `now`; a later change wins."""
        found: dict[str, Any] = {}
        for name, value, until in self._columns(_ACTIVE, {"now": now}):
            if until is None or until > now:
                found[name] = json.loads(value)
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
        return self._change(_END, {"name": name, "at": at})

    def overrides(self) -> tuple[ConfigOverride, ...]:
        """Return every override ever made, oldest first."""
        return self._all(_ALL)

    def remember(self, sha256: str, snapshot: str, *, by: str, reason: str, at: datetime) -> bool:
        """Keep a settings snapshot when it differs from the last one; return whether it did."""
        with self._db.transaction():
            rows = self._columns(_NEWEST)
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
        return self._all(select(ConfigHistory, matching("account"), order="id DESC", limit=limit))
