"""What is said once a day: the digest of what nobody must do anything about, and the open criticals."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from backtest.core.errors import SettingsError
from live.alerts.addressing import address, sum_up, urls_of
from live.alerts.causes import key_of
from live.alerts.routing import digest_channels, newest_daily, zone_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from live.alerts.context import Context
    from live.ledger.record_tables import Alert

#: a critical alert is repeated at the daily time, but not within so many hours of the first time
_AGE: Final = timedelta(hours=20)
_BY_ITSELF: Final = "jutsu"


def make_daily(context: Context) -> None:
    """Put the digest and the reminder of open criticals into the outbox when their time has come.

    A time zone that does not exist is said by whoever addresses an alert.
    """
    try:
        day, at = newest_daily(context.settings.alerts, context.clock.now())
    except SettingsError:
        return
    _make_digest(context, day, at)
    _remind(context, day, at)


def _make_digest(context: Context, day: date, at: datetime) -> None:
    """Put everything that waits for the digest, when something of it was there at its time, into one mail."""
    outbox, now = context.ledger.alerts, context.clock.now()
    rows = outbox.for_digest()
    alerts = [alert for row in rows if (alert := outbox.get(row.alert_id)) is not None]
    key = key_of("digest", session=day)
    if not any(alert.created_at <= at for alert in alerts) or outbox.known(key):
        return
    urls, problem = urls_of(context)
    if problem:
        return
    with outbox.together():
        title = f"jutsu: {len(alerts)} message(s) up to {day}"
        made = outbox.add(key, level="info", title=title, body=_listed(context, alerts), at=now)
        address(context, made, to=digest_channels(context.settings.alerts, urls))
        outbox.digested(rows, at=now)
        for row in rows:
            sum_up(outbox, row.alert_id, now)


def _remind(context: Context, day: date, at: datetime) -> None:
    """Remind of criticals that nobody acknowledged; the reminder itself needs no acknowledgement."""
    outbox, now = context.ledger.alerts, context.clock.now()
    open_ = outbox.unacknowledged(at - _AGE)
    key = key_of("unacknowledged", session=day)
    if not open_ or outbox.known(key):
        return
    zone = zone_of(context.settings.alerts)
    lines = [
        f"{alert.id}  {alert.created_at.astimezone(zone):%Y-%m-%d %H:%M}  {alert.title}" for alert in open_
    ]
    body = "\n".join((*lines, "", f"jutsu alerts ack {' '.join(str(alert.id) for alert in open_)}"))
    title = f"{len(open_)} critical alert(s) nobody acknowledged"
    with outbox.together():
        made = outbox.add(key, level="critical", title=title, body=body, at=now)
        outbox.acknowledge(made.id, by=_BY_ITSELF, at=now)
        address(context, made)


def _listed(context: Context, alerts: Sequence[Alert]) -> str:
    zone = zone_of(context.settings.alerts)
    blocks = [
        "\n".join(
            (f"{alert.created_at.astimezone(zone):%Y-%m-%d %H:%M}  {alert.title}", *_indented(alert.body))
        )
        for alert in alerts
    ]
    return "\n\n".join(blocks)


def _indented(body: str) -> list[str]:
    return [f"  {line}".rstrip() for line in body.splitlines()]
