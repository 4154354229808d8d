"""Outbox of alerts: written before sending, so that a crash loses none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import case, select, update

from live.ledger.database import Repository, table_of
from live.ledger.tables import Alert, AlertDelivery

_T: Final = table_of(Alert)
_D: Final = table_of(AlertDelivery)
_NEW_YORK: Final = ZoneInfo("America/New_York")


class Alerts(Repository):
    """The `alerts` table of one account."""

    def add(self, key: str, *, level: str, title: str, body: str, at: datetime) -> Alert:
        """Put an alert into the outbox; `key` names its cause, for quiet rules."""
        return self._insert(
            Alert, {"key": key, "level": level, "title": title, "body": body, "created_at": at}
        )

    def unsent(self, limit: int = 50) -> tuple[Alert, ...]:
        """Return alerts that some channel still has to deliver, critical ones first, then the oldest."""
        statement = select(_T).where(_T.c.account == self._account, _T.c.sent_at.is_(None))
        urgent = case((_T.c.level == "critical", 0), else_=1)
        return self._all(Alert, statement.order_by(urgent, _T.c.id).limit(limit))

    def address(self, alert_id: int, channels: Iterable[str], *, at: datetime) -> None:
        """Note which channels an alert is for; one that is addressed already stays as it is."""
        with self._db.transaction():
            known = {row.channel for row in self.deliveries(alert_id)}
            for name in sorted(set(channels) - known):
                self._insert(AlertDelivery, {"alert_id": alert_id, "channel": name, "last_at": at})

    def deliveries(self, alert_id: int) -> tuple[AlertDelivery, ...]:
        """Return what became of an alert at each channel it is for, by channel."""
        statement = select(_D).where(_D.c.account == self._account, _D.c.alert_id == alert_id)
        return self._all(AlertDelivery, statement.order_by(_D.c.channel))

    def tried(self, alert_id: int, channel: str, *, at: datetime, error: str = "") -> None:
        """Note one try at one channel; without an error it was delivered there and is never tried again."""
        changes: dict[str, datetime | str] = {"last_at": at, "error": error}
        if not error:
            changes["delivered_at"] = at
        mine = (_D.c.account == self._account, _D.c.alert_id == alert_id, _D.c.channel == channel)
        with self._db.transaction() as connection:
            connection.execute(update(_D).where(*mine).values(attempts=_D.c.attempts + 1, **changes))

    def mark_sent(self, alert_id: int, *, at: datetime, note: str = "") -> None:
        """Note that an alert left (or that nobody wants it); `note` says why or which channel failed."""
        self._change(alert_id, sent_at=at, error=note)

    def mark_failed(self, alert_id: int, error: str) -> None:
        """Note a failed try; the alert stays in the outbox."""
        self._change(alert_id, error=error)

    def seen(self, key: str, day: date) -> bool:
        """Return whether an alert with this key was made on that New York day."""
        start = datetime.combine(day, time(), _NEW_YORK)
        statement = select(_T.c.id).where(
            _T.c.account == self._account,
            _T.c.key == key,
            _T.c.created_at >= start,
            _T.c.created_at < datetime.combine(day + timedelta(days=1), time(), _NEW_YORK),
        )
        return bool(self._db.rows(statement.limit(1)))

    def exists(self, key: str, at: datetime) -> bool:
        """Return whether an alert with this key was made at this instant."""
        mine = (_T.c.account == self._account, _T.c.key == key, _T.c.created_at == at)
        return bool(self._db.rows(select(_T.c.id).where(*mine).limit(1)))

    def recent(self, limit: int = 50) -> tuple[Alert, ...]:
        """Return the newest alerts, newest first."""
        return self._all(
            Alert, select(_T).where(_T.c.account == self._account).order_by(_T.c.id.desc()).limit(limit)
        )

    def _change(self, alert_id: int, **changes: datetime | str) -> None:
        with self._db.transaction() as connection:
            connection.execute(
                update(_T)
                .where(_T.c.id == alert_id, _T.c.account == self._account)
                .values(attempts=_T.c.attempts + 1, **changes)
            )
