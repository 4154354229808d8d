"""Alerts: written to the outbox first, then sent through apprise; a failing channel never fails a run.

Rules. One key alerts once per New York day. Alerts below `alerts.minimum_level` are recorded, not sent,
except the execution report when `alerts.execution_report` is on. Runs about a past session record without
sending, dry runs and replays do neither. What could not be delivered stays in the outbox; the next run warns
about it and tries again.

Channels are apprise URLs, one per line or separated by blanks: from the environment variable named in
`alerts.urls_env`, from the file named by the same variable with `_FILE` appended, or from `alert_urls` beside
the ledger. They contain secrets: a file must be readable by its owner only, and no text leaves with one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import SettingsError
from live.alerts import plain_outbox
from live.alerts.channels import LEVELS, Level, channels, deliver, label
from live.ledger.alerts import Alerts
from live.ledger.tables import Alert
from live.model.run import Run
from live.settings.model import Settings
from live.system.clock import Clock
from live.system.redaction import redact

LOG = logging.getLogger("jutsu.alerts")

MAX_ATTEMPTS = 20

_FAILED: Final = "failed: "
_SILENT: Final = "not sent: "


class _Ledger(Protocol):
    @property
    def alerts(self) -> Alerts: ...


class Context(Protocol):
    """What alerts need of a `live.runtime.open.Runtime`."""

    @property
    def settings(self) -> Settings:
        """The settings."""
        ...

    @property
    def clock(self) -> Clock:
        """The clock of the run."""
        ...

    @property
    def ledger(self) -> _Ledger:
        """The ledger with the outbox."""
        ...

    @property
    def state(self) -> Path:
        """Folder of the ledger."""
        ...

    @property
    def run(self) -> Run:
        """The kind of run."""
        ...


def send(
    context: Context, *, key: str, level: Level, title: str, body: str, report: bool = False
) -> tuple[str, ...]:
    """Record an alert and send it if somebody wants to hear it.

    Args:
        context: the runtime.
        key: names the cause; the same key alerts once per New York day.
        level: ``info`` (nothing to do), ``warning`` (read today), ``critical`` (act now).
        title: one line.
        body: text; secrets are masked before it is stored.
        report: the execution report of a run; sent below the minimum level when the settings want it.

    Returns:
        Warnings about channels that failed; empty when all is well. Never raises because of a channel.
    """
    outbox, now = context.ledger.alerts, context.clock.now()
    if not context.run.alerts or outbox.seen(key, now.astimezone(NEW_YORK).date()):
        return ()
    urls, problem = _channels_or_problem(context)
    alert = outbox.add(key, level=level, title=redact(title), body=redact(body), at=now)
    why_silent = _why_silent(context, level, report=report, urls=urls)
    if why_silent and not problem:
        outbox.mark_sent(alert.id, at=now, note=_SILENT + why_silent)
        return ()
    if problem:
        outbox.mark_failed(alert.id, problem)
        return (f"alert {key!r} was not sent: {problem}",)
    return _deliver(outbox, alert, urls, now)


def flush(context: Context) -> tuple[str, ...]:
    """Send what waits in the outbox; a run calls it at its start and at its end.

    Returns:
        Warnings: what earlier tries could not deliver, and channels that fail now.
    """
    if not context.run.alerts:
        return ()
    outbox = context.ledger.alerts
    _take_in(context)
    warnings = _partly_delivered(outbox) if context.run.about_now else ()
    waiting = outbox.unsent(max_attempts=MAX_ATTEMPTS)
    if not waiting:
        return warnings
    urls, problem = _channels_or_problem(context)
    for alert in waiting:
        warnings = (*warnings, *_flush_one(context, alert, urls, problem))
    return warnings


def _take_in(context: Context) -> None:
    try:
        plain_outbox.take_in(context.state, context.ledger.alerts)
    except OSError as error:
        LOG.warning("%s could not be taken in: %s", plain_outbox.FILE, error)


def _flush_one(context: Context, alert: Alert, urls: Sequence[str], problem: str) -> tuple[str, ...]:
    outbox, now = context.ledger.alerts, context.clock.now()
    tried = alert.attempts > 0
    if tried and not context.run.about_now:
        return ()  # a run about the present will try again
    because = alert.error.removeprefix(_FAILED)
    failed = (f"alert {alert.key!r} of {_when(alert)} was not delivered: {because}",) if tried else ()
    why_silent = _why_silent(context, _level(alert), report=tried, urls=urls)
    if problem:
        outbox.mark_failed(alert.id, problem)
        return failed
    if why_silent:
        outbox.mark_sent(alert.id, at=now, note=_SILENT + why_silent)
        return failed
    return (*failed, *_deliver(outbox, alert, urls, now, late=tried))


def _deliver(
    outbox: Alerts, alert: Alert, urls: Sequence[str], now: datetime, *, late: bool = False
) -> tuple[str, ...]:
    title = f"{alert.title} (from {_when(alert)})" if late else alert.title
    level: Level = (
        "critical" if alert.level == "critical" else "warning" if alert.level == "warning" else "info"
    )
    results = deliver(urls, title=title, body=alert.body, level=level)
    errors = [f"{label(url)} {error}" for url, error in results.items() if error]
    note = _FAILED + "; ".join(errors) if errors else ""
    if len(errors) == len(urls):
        outbox.mark_failed(alert.id, note)
    else:
        outbox.mark_sent(alert.id, at=now, note=note)
    for error in errors:
        LOG.warning("alert channel failed: %s", error)
    return tuple(f"alert channel failed: {error}" for error in errors)


def _level(alert: Alert) -> Level:
    return next((level for level in LEVELS if level == alert.level), "critical")


def _channels_or_problem(context: Context) -> tuple[tuple[str, ...], str]:
    try:
        return channels(context.settings, context.state), ""
    except SettingsError as error:
        return (), error.line()


def _why_silent(context: Context, level: Level, *, report: bool, urls: Sequence[str]) -> str:
    wanted = context.settings.alerts
    loud = LEVELS.index(level) >= LEVELS.index(wanted.minimum_level) or (report and wanted.execution_report)
    if not context.run.about_now:
        return "the run was about a past session"
    if not loud:
        return f"below the level {wanted.minimum_level}"
    return "" if urls else "no channel is configured"


def _partly_delivered(outbox: Alerts) -> tuple[str, ...]:
    """Return a warning when the newest alert that left reached some channels only."""
    newest = next((a for a in outbox.recent(20) if a.sent_at and not a.error.startswith(_SILENT)), None)
    if newest is None or not newest.error:
        return ()
    return (f"alert {newest.key!r} of {_when(newest)}: {newest.error.removeprefix(_FAILED)}",)


def _when(alert: Alert) -> str:
    return f"{alert.created_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"
