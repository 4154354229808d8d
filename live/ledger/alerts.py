"""Outbox of alerts: written before sending, so that a crash loses none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from live.ledger.database import Repository
from live.ledger.record_tables import Alert, AlertDelivery
from live.ledger.statements import matching, select

_NEW_YORK: Final = ZoneInfo("America/New_York")
_SEEN: Final = select(
    Alert,
    "account = :account AND key = :key AND created_at >= :start AND created_at < :end",
    columns=("id",),
    limit=1,
)
_AT: Final = select(Alert, matching("account", "key", "created_at"), columns=("id",), limit=1)
_DELIVERIES: Final = select(AlertDelivery, matching("account", "alert_id"), order="channel")
_TRIED_THERE: Final = (
    "UPDATE alert_deliveries SET attempts = attempts + 1 "
    "WHERE account = :account AND alert_id = :alert_id AND channel = :channel"
)
_TRIED: Final = "UPDATE alerts SET attempts = attempts + 1 WHERE account = :account AND id = :id"


class Alerts(Repository):
    """The `alerts` table of one account."""

    def add(self, key: str, *, level: str, title: str, body: str, at: datetime) -> Alert:
        """Put an alert into the outbox; `key` names its cause, for quiet rules."""
        return self._insert(
            Alert, {"key": key, "level": level, "title": title, "body": body, "created_at": at}
        )

    def unsent(self, limit: int = 50) -> tuple[Alert, ...]:
        """Return alerts that some channel still has to deliver, critical ones first, then the oldest."""
        where = "account = :account AND sent_at IS NULL"
        urgent = "CASE WHEN level = 'critical' THEN 0 ELSE 1 END, id"
        return self._all(select(Alert, where, order=urgent, limit=limit))

    def address(self, alert_id: int, channels: Iterable[str], *, at: datetime) -> None:
        """Note which channels an alert is for; one that is addressed already stays as it is."""
        with self._db.transaction():
            known = {row.channel for row in self.deliveries(alert_id)}
            for name in sorted(set(channels) - known):
                self._insert(AlertDelivery, {"alert_id": alert_id, "channel": name, "last_at": at})

    def deliveries(self, alert_id: int) -> tuple[AlertDelivery, ...]:
        """Return what became of an alert at each channel it is for, by channel."""
        return self._all(_DELIVERIES, {"alert_id": alert_id})

    def tried(self, alert_id: int, channel: str, *, at: datetime, error: str = "") -> None:
        """Note one try at one channel; without an error it was delivered there and is never tried again."""
        changes: dict[str, datetime | str] = {"last_at": at, "error": error}
        if not error:
            changes["delivered_at"] = at
        with self._db.transaction():
            self._update(AlertDelivery, {"alert_id": alert_id, "channel": channel}, changes)
            self._change(_TRIED_THERE, {"alert_id": alert_id, "channel": channel})

    def mark_sent(self, alert_id: int, *, at: datetime, note: str = "") -> None:
        """Note that an alert left (or that nobody wants it); `note` says why or which channel failed."""
        self._tried(alert_id, sent_at=at, error=note)

    def mark_failed(self, alert_id: int, error: str) -> None:
        """Note a failed try; the alert stays in the outbox."""
        self._tried(alert_id, error=error)

    def seen(self, key: str, day: date) -> bool:
        """Return whether an alert with this key was made on that New York day."""
        start = datetime.combine(day, time(), _NEW_YORK)
        end = datetime.combine(day + timedelta(days=1), time(), _NEW_YORK)
        return bool(self._columns(_SEEN, {"key": key, "start": start, "end": end}))

    def exists(self, key: str, at: datetime) -> bool:
        """Return whether an alert with this key was made at this instant."""
        return bool(self._columns(_AT, {"key": key, "created_at": at}))

    def recent(self, limit: int = 50) -> tuple[Alert, ...]:
        """Return the newest alerts, newest first."""
        return self._all(select(Alert, matching("account"), order="id DESC", limit=limit))

    def _tried(self, alert_id: int, **changes: datetime | str) -> None:
        with self._db.transaction():
            if self._update(Alert, {"id": alert_id}, changes):
                self._change(_TRIED, {"id": alert_id})
