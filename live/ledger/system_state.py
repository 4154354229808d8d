"""Small facts: key and value, the kill switch, the confirmation of online_live, the cash estimate."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

from backtest.core.errors import UsageError
from live.ledger.column_types import round_amount
from live.ledger.database import Repository
from live.ledger.kill_file import forget_kill, keep_kill, read_kill_file
from live.ledger.record_tables import SystemState
from live.ledger.statements import matching, select
from live.model.broker import Execution

RaisedLevel = Literal["entries", "all"]
KillLevel = Literal["none"] | RaisedLevel
EVERY_ACCOUNT: Final = "*"
"""Account key of what holds for the whole installation: the kill switch and changed settings."""

CONFIRMATION: Final = "trade real money"
_SEVERITY: Final[dict[str, int]] = {"none": 0, "entries": 1, "all": 2}
_KILL: Final = "kill_switch"
_ONLINE: Final = "online_confirmed"
_CASH: Final = "cash_estimate"

_GET: Final = select(SystemState, matching("account", "key"), columns=("value",))
_FORGET: Final = "DELETE FROM system_state WHERE account = :account AND key = :key"


def drift_key(variant: str) -> str:
    """Return the key under which the newest drift of a book is kept: cause -> bps of the backtest."""
    return f"drift_{variant}"


@dataclass(frozen=True, slots=True)
class KillSwitch:
    """The switch as it stands. `at` is ISO 8601; empty texts when it is off."""

    level: KillLevel = "none"
    reason: str = ""
    by: str = ""
    at: str = ""


class State(Repository):
    """The `system_state` table of one account; the kill switch is shared by all accounts."""

    def get(self, key: str) -> str | None:
        """Return a value, None when it was never set."""
        return self._value(self._account, key)

    def set(self, key: str, value: str | None, *, at: datetime) -> None:
        """Set a value."""
        self._upsert(SystemState, {"key": key}, {"value": value, "updated_at": at})

    def kill_switch(self) -> KillSwitch:
        """Return level, reason, author and time of the kill switch: the ledger's, or the file's if higher."""
        text = self._value(EVERY_ACCOUNT, _KILL)
        known = KillSwitch() if text is None else KillSwitch(**json.loads(text))
        beside = None if self._db.path is None else read_kill_file(self._db.path)
        if beside is None or _SEVERITY.get(beside["level"], 2) <= _SEVERITY[known.level]:
            return known
        level: RaisedLevel = "entries" if beside["level"] == "entries" else "all"
        return KillSwitch(level, beside["reason"], beside["by"], beside["at"])

    def kill_level(self) -> KillLevel:
        """Return `none`, `entries` (no new entries) or `all` (nothing leaves)."""
        return self.kill_switch().level

    def set_kill(self, level: RaisedLevel, *, reason: str, by: str, at: datetime) -> KillSwitch:
        """Raise the switch and return it; a program never lowers what is already on."""
        with self._db.transaction():
            known = self.kill_switch()
            if _SEVERITY[known.level] >= _SEVERITY[level]:
                return known
            switch = KillSwitch(level, reason, by, at.isoformat())
            self._shared().set(_KILL, json.dumps(asdict(switch)), at=at)
            if self._db.path is not None:
                keep_kill(self._db.path, asdict(switch))
        return switch

    def clear_kill(self, *, by: str, at: datetime) -> KillSwitch:
        """Take the switch back (only a person does) and return what it was."""
        with self._db.transaction():
            known = self.kill_switch()
            self._shared().set(_KILL, None, at=at)
            self._shared().set("kill_cleared", json.dumps({"by": by, "was": asdict(known)}), at=at)
            if self._db.path is not None:
                forget_kill(self._db.path)
        return known

    def online_confirmed(self) -> bool:
        """Whether a person once typed the confirmation for this account."""
        return self.get(_ONLINE) is not None

    def confirm_online(self, typed: str, *, by: str, at: datetime, missing: Sequence[str] = ()) -> None:
        """Remember the confirmation, with the criteria of readiness that it overrode.

        Raises:
            UsageError: what was typed is not the confirmation.
        """
        if " ".join(typed.split()).lower() != CONFIRMATION:
            raise UsageError(
                "not confirmed, nothing was changed",
                where="online_live",
                remedy=f"type exactly: {CONFIRMATION}",
            )
        known = {"by": by, "at": at.isoformat(), "missing": list(missing)}
        self.set(_ONLINE, json.dumps(known), at=at)

    def withdraw_online(self, *, at: datetime) -> None:
        """Forget the confirmation: the next online run asks again."""
        with self._db.transaction():
            self._change(_FORGET, {"key": _ONLINE})
            self.set("online_withdrawn", at.isoformat(), at=at)

    def _shared(self) -> State:
        return State(self._db, EVERY_ACCOUNT)

    def _value(self, account: str, key: str) -> str | None:
        rows = self._columns(_GET, {"account": account, "key": key})
        return rows[0][0] if rows else None


@dataclass(frozen=True, slots=True)
class CashEstimate:
    """What the ledger believes the account's cash to be, and since when."""

    cash: Decimal
    at: datetime


class Cash(Repository):
    """The ledger's own idea of cash: the last reconciled figure plus everything booked since."""

    def estimate(self) -> CashEstimate | None:
        """Return the estimate, None before the first reconcile."""
        rows = self._columns(_GET, {"key": _CASH})
        if not rows or rows[0][0] is None:
            return None
        found: dict[str, Any] = json.loads(rows[0][0])
        return CashEstimate(Decimal(found["cash"]), datetime.fromisoformat(found["at"]))

    def reconciled(self, cash: Decimal, *, at: datetime) -> None:
        """Take the broker's figure as the new starting point."""
        text = json.dumps({"cash": str(round_amount(cash)), "at": at.isoformat()})
        self._upsert(SystemState, {"key": _CASH}, {"value": text, "updated_at": at})

    def booked(self, executions: Iterable[Execution], *, at: datetime) -> None:
        """Move the estimate by newly booked executions; nothing happens before the first reconcile."""
        change = sum((_cash_flow(e) for e in executions), Decimal(0))
        if not change:
            return
        with self._db.transaction():
            known = self.estimate()
            if known is not None:
                self.reconciled(known.cash + change, at=at)


def _cash_flow(execution: Execution) -> Decimal:
    gross = execution.price * execution.quantity
    return (gross if execution.side == "sell" else -gross) - execution.commission
