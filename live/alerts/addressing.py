"""Which channels an alert of the outbox is for, and what became of it as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import SettingsError
from live.alerts.channels import LEVELS, Level, channels
from live.alerts.routing import addressed, first_due

if TYPE_CHECKING:
    from datetime import datetime

    from live.alerts.context import Context
    from live.ledger.alerts import Alerts
    from live.ledger.record_tables import Alert
    from live.settings.model import AlertSettings

GAVE_UP: Final = "gave up: "
FAILED: Final = "failed: "
_SILENT: Final = "not sent: "


def address(context: Context, alert: Alert, *, to: Sequence[str] = (), report: bool = False) -> str:
    """Note which channels an alert is for, or why it is for none; return what keeps that from being known."""
    outbox, now, wanted = context.ledger.alerts, context.clock.now(), context.settings.alerts
    if not context.run.about_now:
        outbox.mark_sent(alert.id, at=now, note=f"{_SILENT}the run was about a past session")
        return ""
    urls, problem = urls_of(context)
    level = level_of(alert)
    names = tuple(to) or addressed(wanted, level, urls, report=report)
    if not names and not problem:
        why = "no channel is configured" if not urls else f"below the level {wanted.minimum_level}"
        outbox.mark_sent(alert.id, at=now, note=_SILENT + why)
        return ""
    try:
        due = first_due(wanted, level, now)
    except SettingsError as error:
        problem = error.line()
    if problem:
        outbox.mark_failed(alert.id, problem)
    else:
        outbox.address(alert.id, dict.fromkeys(names, due), at=now)
    return problem


def level_of(alert: Alert) -> Level:
    """Return the level of an alert; a word nobody knows counts as critical."""
    return next((level for level in LEVELS if level == alert.level), "critical")


def sum_up(outbox: Alerts, alert_id: int, now: datetime) -> None:
    """Note what became of an alert as a whole, after something became of it at a channel."""
    rows = outbox.deliveries(alert_id)
    tried = "; ".join(f"{row.channel}: {row.error}" for row in rows if row.error)
    if any(row.delivered_at is None and row.dead_at is None for row in rows):
        if tried:
            outbox.mark_failed(alert_id, FAILED + tried)
    else:
        dead = any(row.dead_at is not None for row in rows)
        outbox.mark_sent(alert_id, at=now, note=GAVE_UP + tried if dead else "")


def named_channels(wanted: AlertSettings) -> frozenset[str]:
    """Return every channel the settings name; one without an address is a failing channel."""
    levels = (names for level in LEVELS if (names := wanted.channels.of(level)) is not None)
    return frozenset(name for names in (*levels, wanted.digest_channels) for name in names)


def urls_of(context: Context) -> tuple[dict[str, str], str]:
    """Return channel -> URL, and what keeps that from being known."""
    try:
        return channels(context.settings, context.state, context.environ), ""
    except SettingsError as error:
        return {}, error.line()


def when(alert: Alert) -> str:
    """Return when an alert was made, in New York."""
    return f"{alert.created_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"
