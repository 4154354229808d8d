"""What was said: alerts with what became of them at each channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from live.ledger.alerts import DIGEST

if TYPE_CHECKING:
    from datetime import datetime

    from live.ledger.ledger import Ledger
    from live.ledger.record_tables import Alert, AlertDelivery

ChannelState = Literal["delivered", "waiting", "failing", "dead", "digest"]


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """An alert at one channel.

    Attributes:
        state: `digest` waits for the daily mail, `failing` was tried and will be again, `dead` will not.
        attempts: tries so far.
        due_at: of the next try, None when there is none.
        error: of the last try, masked.
    """

    channel: str
    state: ChannelState
    attempts: int
    due_at: datetime | None
    error: str

    def words(self) -> str:
        """Return the state in words."""
        if self.state == "failing":
            return f"{self.channel} failing, next {self.due_at:%H:%M}: {self.error}"
        return f"{self.channel} {self.state}" + (f": {self.error}" if self.error else "")


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert; `sent_at` is when nothing was left to do for it, `error` says what went wrong or why not.

    `html` is whether it has an HTML part.
    """

    id: int
    key: str
    level: str
    title: str
    body: str
    html: bool
    run: str | None
    created_at: datetime
    sent_at: datetime | None
    attempts: int
    error: str
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    channels: tuple[ChannelLine, ...]

    def outcome(self) -> str:
        """Return what became of it, channel by channel."""
        states = "; ".join(line.words() for line in self.channels)
        return states or self.error or ("delivered" if self.sent_at else "waiting")


def alert_lines(ledger: Ledger, limit: int) -> tuple[AlertLine, ...]:
    """Return the newest alerts of an account, newest first."""
    return tuple(_line(ledger, alert) for alert in ledger.alerts.recent(limit))


def _line(ledger: Ledger, alert: Alert) -> AlertLine:
    return AlertLine(
        id=alert.id,
        key=alert.key,
        level=alert.level,
        title=alert.title,
        body=alert.body,
        html=alert.html is not None,
        run=alert.run,
        created_at=alert.created_at,
        sent_at=alert.sent_at,
        attempts=alert.attempts,
        error=alert.error,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by,
        channels=tuple(_channel(row) for row in ledger.alerts.deliveries(alert.id)),
    )


def _channel(row: AlertDelivery) -> ChannelLine:
    return ChannelLine(row.channel, _state(row), row.attempts, row.due_at, row.error)


def _state(row: AlertDelivery) -> ChannelState:
    if row.delivered_at is not None:
        return "delivered"
    if row.dead_at is not None:
        return "dead"
    if row.channel == DIGEST:
        return "digest"
    return "failing" if row.attempts else "waiting"
