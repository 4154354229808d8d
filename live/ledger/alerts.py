"""Outbox of alerts: written before sending, so that a crash loses none; one row for each channel of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from live.ledger.database import Repository
from live.ledger.record_tables import Alert, AlertDelivery
from live.ledger.statements import matching, select

#: the channel whose rows wait for the daily mail
DIGEST: Final = "digest"
_NEW_YORK: Final = ZoneInfo("America/New_York")
_SEEN: Final = select(
    Alert,
    "account = :account AND key = :key AND created_at >= :start AND created_at < :end",
    columns=("id",),
    limit=1,
)
_AT: Final = select(Alert, matching("account", "key", "created_at"), columns=("id",), limit=1)
_KNOWN: Final = select(Alert, matching("account", "key"), columns=("id",), limit=1)
_BY_ID: Final = select(Alert, matching("account", "id"))
_DELIVERIES: Final = select(AlertDelivery, matching("account", "alert_id"), order="channel")
_OPEN: Final = "alert_deliveries.account = :account AND delivered_at IS NULL AND dead_at IS NULL"
_URGENT_FIRST: Final = "CASE WHEN alerts.level = 'critical' THEN 0 ELSE 1 END, alerts.id, channel"
_OF_ALERTS: Final = "JOIN alerts ON alerts.id = alert_deliveries.alert_id"
_DUE: Final = select(
    AlertDelivery,
    f"{_OPEN} AND due_at <= :now AND channel <> '{DIGEST}'",
    join=_OF_ALERTS,
    order=_URGENT_FIRST,
)
_FAILING: Final = select(AlertDelivery, f"{_OPEN} AND alert_deliveries.attempts > 0", order="id")
_FOR_DIGEST: Final = select(AlertDelivery, f"{_OPEN} AND channel = '{DIGEST}'", order="alert_id")
_DEAD: Final = select(
    AlertDelivery, "account = :account AND dead_at IS NOT NULL AND dead_at >= :since", order="id"
)
_UNADDRESSED: Final = select(
    Alert,
    "account = :account AND sent_at IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM alert_deliveries WHERE alert_deliveries.alert_id = alerts.id)",
    order="id",
)
_UNACKNOWLEDGED: Final = select(
    Alert,
    "account = :account AND level = 'critical' AND acknowledged_at IS NULL AND created_at < :before "
    "AND error NOT LIKE 'not sent: %' AND (sent_at IS NOT NULL OR EXISTS (SELECT 1 FROM alert_deliveries "
    "WHERE alert_deliveries.alert_id = alerts.id AND delivered_at IS NOT NULL))",
    order="id",
)
_TRIED_THERE: Final = (
    "UPDATE alert_deliveries SET attempts = attempts + 1 "
    "WHERE account = :account AND alert_id = :alert_id AND channel = :channel"
)
_FORGET: Final = (
    "DELETE FROM alert_deliveries WHERE account = :account AND alert_id = :alert_id AND channel = :channel"
)
_TRIED: Final = "UPDATE alerts SET attempts = attempts + 1 WHERE account = :account AND id = :id"


class Alerts(Repository):
    """The `alerts` and `alert_deliveries` tables of one account."""

    def add(
        self,
        key: str,
        *,
        level: str,
        title: str,
        body: str,
        at: datetime,
        html: str | None = None,
        run: str | None = None,
    ) -> Alert:
        """Put an alert into the outbox; `key` names its cause, `run` the run that says it."""
        values = {"key": key, "level": level, "title": title, "body": body, "created_at": at}
        return self._insert(Alert, {**values, "html": html, "run": run})

    def together(self) -> AbstractContextManager[None]:
        """Write everything inside or nothing."""
        return self._db.transaction()

    def get(self, alert_id: int) -> Alert | None:
        """Return one alert, None when this account has none of this number."""
        return self._one(_BY_ID, {"id": alert_id})

    def unsent(self, limit: int = 50) -> tuple[Alert, ...]:
        """Return alerts that some channel still has to deliver, critical ones first, then the oldest."""
        where = "account = :account AND sent_at IS NULL"
        urgent = "CASE WHEN level = 'critical' THEN 0 ELSE 1 END, id"
        return self._all(select(Alert, where, order=urgent, limit=limit))

    def unaddressed(self) -> tuple[Alert, ...]:
        """Return alerts that are for no channel yet, oldest first."""
        return self._all(_UNADDRESSED)

    def address(self, alert_id: int, channels: Mapping[str, datetime], *, at: datetime) -> None:
        """Note the channels an alert is for and when each is due; one that is addressed stays as it is."""
        with self._db.transaction():
            known = {row.channel for row in self.deliveries(alert_id)}
            for name in sorted(channels.keys() - known):
                row = {"alert_id": alert_id, "channel": name, "last_at": at, "due_at": channels[name]}
                self._insert(AlertDelivery, row)

    def forget(self, alert_id: int, channel: str) -> None:
        """Drop a channel that an alert was for and that is gone."""
        self._change(_FORGET, {"alert_id": alert_id, "channel": channel})

    def deliveries(self, alert_id: int) -> tuple[AlertDelivery, ...]:
        """Return what became of an alert at each channel it is for, by channel."""
        return self._all(_DELIVERIES, {"alert_id": alert_id})

    def due(self, now: datetime) -> tuple[AlertDelivery, ...]:
        """Return what is to be tried now, critical alerts first, then the oldest; the digest is not asked."""
        return self._all(_DUE, {"now": now})

    def failing(self) -> tuple[AlertDelivery, ...]:
        """Return what was tried, was not delivered and will be tried again."""
        return self._all(_FAILING)

    def for_digest(self) -> tuple[AlertDelivery, ...]:
        """Return what waits for the daily mail, oldest first."""
        return self._all(_FOR_DIGEST)

    def dead(self, since: datetime) -> tuple[AlertDelivery, ...]:
        """Return what was given up since an instant."""
        return self._all(_DEAD, {"since": since})

    def unacknowledged(self, before: datetime) -> tuple[Alert, ...]:
        """Return the critical alerts of before an instant that people were told and nobody acknowledged."""
        return self._all(_UNACKNOWLEDGED, {"before": before})

    def acknowledge(self, alert_id: int, *, by: str, at: datetime) -> None:
        """Note that a person knows of an alert."""
        self._update(Alert, {"id": alert_id}, {"acknowledged_at": at, "acknowledged_by": by[:64]})

    def delivered(self, alert_id: int, channel: str, *, at: datetime) -> None:
        """Note that a channel delivered; it is never tried again."""
        self._tried_there(alert_id, channel, {"last_at": at, "error": "", "delivered_at": at, "due_at": None})

    def failed(self, alert_id: int, channel: str, *, at: datetime, error: str, due: datetime | None) -> None:
        """Note a failed try and when the next one is due; None: given up."""
        ending = {"due_at": due, "dead_at": at if due is None else None}
        self._tried_there(alert_id, channel, {"last_at": at, "error": error, **ending})

    def mark_sent(self, alert_id: int, *, at: datetime, note: str = "") -> None:
        """Note that nothing is left to do for an alert; `note` says why or which channel failed."""
        self._tried(alert_id, sent_at=at, error=note)

    def mark_failed(self, alert_id: int, error: str) -> None:
        """Note a failed try; the alert stays in the outbox."""
        self._tried(alert_id, error=error)

    def seen(self, key: str, day: date) -> bool:
        """Return whether an alert with this key was made on that New York day."""
        start = datetime.combine(day, time(), _NEW_YORK)
        end = datetime.combine(day + timedelta(days=1), time(), _NEW_YORK)
        return bool(self._columns(_SEEN, {"key": key, "start": start, "end": end}))

    def known(self, key: str) -> bool:
        """Return whether an alert with this key was ever made."""
        return bool(self._columns(_KNOWN, {"key": key}))

    def exists(self, key: str, at: datetime) -> bool:
        """Return whether an alert with this key was made at this instant."""
        return bool(self._columns(_AT, {"key": key, "created_at": at}))

    def recent(self, limit: int = 50) -> tuple[Alert, ...]:
        """Return the newest alerts, newest first."""
        return self._all(select(Alert, matching("account"), order="id DESC", limit=limit))

    def digested(self, rows: Iterable[AlertDelivery], *, at: datetime) -> None:
        """Note that the daily mail took these in."""
        with self._db.transaction():
            for row in rows:
                self.delivered(row.alert_id, row.channel, at=at)

    def _tried_there(self, alert_id: int, channel: str, changes: Mapping[str, datetime | str | None]) -> None:
        with self._db.transaction():
            self._update(AlertDelivery, {"alert_id": alert_id, "channel": channel}, changes)
            self._change(_TRIED_THERE, {"alert_id": alert_id, "channel": channel})

    def _tried(self, alert_id: int, **changes: datetime | str) -> None:
        with self._db.transaction():
            if self._update(Alert, {"id": alert_id}, changes):
                self._change(_TRIED, {"id": alert_id})
