"""Alerts: written to the outbox first, then sent through apprise; a failing channel never fails a run.

Each alert reaches each channel once. A stage delivers at its end, in one time box: orders never wait for it.

Rules. One key alerts once per New York day. Alerts below `alerts.minimum_level` are recorded, not sent,
except the execution report when `alerts.execution_report` is on. Runs about a past session record without
sending, dry runs and replays do neither. What could not be delivered stays in the outbox; the next run warns
about it and tries again.

Channels are apprise URLs: `JUTSU_ALERT_<NAME>`, and the list in the variable that `alerts.urls_env` names, of
the environment or the secrets file; else a file of URLs named by the same variable with `_FILE` appended, or
`alert_urls` beside the ledger. They contain secrets: a file must be private, and no text leaves with one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import SettingsError
from live.alerts import plain_outbox
from live.alerts.channels import LEVELS, TIMEBOX_SECONDS, Level, channels, deliver, label
from live.ledger.alerts import Alerts
from live.ledger.record_tables import Alert, AlertDelivery
from live.model.run import Run
from live.settings.model import Settings
from live.system.clock import Clock, SystemClock
from live.system.redaction import redact

LOG = logging.getLogger("jutsu.alerts")

#: waits after the first, second … failed try; the last one repeats
WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
GIVE_UP: Final = timedelta(hours=48)
#: a host that runs once a day still tries often enough
MIN_TRIES: Final = 5
GAVE_UP: Final = "gave up: "
_COLLECTING: Final[ContextVar[bool]] = ContextVar("collecting", default=False)

_FAILED: Final = "failed: "
_SILENT: Final = "not sent: "


class _Ledger(Protocol):
    @property
    def alerts(self) -> Alerts: ...


class Context(Protocol):
    """What alerts need of a run: a `live.runtime.runtime.RunContext` or the whole `Runtime`."""

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
    def environ(self) -> Mapping[str, str]:
        """Environment variables with the project's secrets."""
        ...

    @property
    def run(self) -> Run:
        """The kind of run."""
        ...


def send(
    context: Context, *, key: str, level: Level, title: str, body: str, report: bool = False
) -> tuple[str, ...]:
    """Record an alert and, unless delivering is held back (`collected`), send it to whoever wants to hear it.

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
    outbox.address(alert.id, urls, at=now)
    if _COLLECTING.get():
        return ()
    return _deliver(outbox, alert, urls, now, within=TIMEBOX_SECONDS)


@contextmanager
def collected() -> Iterator[None]:
    """Record alerts inside without delivering them; whoever uses this calls `flush` afterwards."""
    token = _COLLECTING.set(True)
    try:
        yield
    finally:
        _COLLECTING.reset(token)


def flush(context: Context, *, within: float = TIMEBOX_SECONDS) -> tuple[str, ...]:
    """Send what waits in the outbox, critical alerts first, in `within` seconds; the rest waits on.

    Each alert is tried only at channels that have not delivered it, each by itself: after 1, 5, 15 and
    60 minutes, then hourly, for `GIVE_UP` and at least `MIN_TRIES` times.

    Returns:
        Warnings: what earlier tries could not deliver, and channels that fail now.
    """
    if not context.run.alerts:
        return ()
    if context.run.about_now:
        _take_in(context)
    waiting = context.ledger.alerts.unsent()
    if not waiting:
        return ()
    urls, problem = _channels_or_problem(context)
    clock = SystemClock()  # the time box is about this process, also under a simulated clock
    deadline = clock.monotonic() + within
    warnings: list[str] = []
    for alert in waiting:
        left = deadline - clock.monotonic()
        if left <= 0:
            warnings.append("some alerts still wait: `jutsu alerts flush`")
            break
        warnings.extend(_flush_one(context, alert, urls, problem, left))
    return tuple(warnings)


def _take_in(context: Context) -> None:
    try:
        plain_outbox.take_in(context.state, context.ledger.alerts)
    except OSError as error:
        LOG.warning("%s could not be taken in: %s", plain_outbox.FILE, error)


def _flush_one(
    context: Context, alert: Alert, urls: Mapping[str, str], problem: str, within: float
) -> tuple[str, ...]:
    outbox, now = context.ledger.alerts, context.clock.now()
    tried = alert.attempts > 0
    addressed = {row.channel for row in outbox.deliveries(alert.id)}
    if (tried or addressed) and not context.run.about_now:
        return ()  # a run about the present will try again
    because = alert.error.removeprefix(_FAILED)
    failed = (f"alert {alert.key!r} of {_when(alert)} was not delivered: {because}",) if tried else ()
    why_silent = _why_silent(context, _level(alert), report=tried or bool(addressed), urls=urls)
    if problem:
        outbox.mark_failed(alert.id, problem)
        return failed
    if why_silent:
        outbox.mark_sent(alert.id, at=now, note=_SILENT + why_silent)
        return failed
    if not addressed & urls.keys():
        outbox.address(alert.id, urls, at=now)
    return (*failed, *_deliver(outbox, alert, urls, now, within=within, late=tried))


def _deliver(
    outbox: Alerts,
    alert: Alert,
    urls: Mapping[str, str],
    now: datetime,
    *,
    within: float,
    late: bool = False,
) -> tuple[str, ...]:
    """Try every channel whose time has come; return what fails. Channels that are gone count no more."""
    rows = [row for row in outbox.deliveries(alert.id) if row.channel in urls]
    due = {row.channel: urls[row.channel] for row in rows if _due(row, now)}
    if not due and any(row.delivered_at is None for row in rows):
        _give_up(outbox, alert, rows, now)
        return ()
    title = f"{alert.title} (from {_when(alert)})" if late else alert.title
    results = deliver(due, title=title, body=alert.body, level=_level(alert), within=within) if due else {}
    for name, error in results.items():
        outbox.tried(alert.id, name, at=now, error=error)
    errors = [f"{label(name, urls[name])} {error}" for name, error in results.items() if error]
    open_ = [row.channel for row in outbox.deliveries(alert.id) if row.delivered_at is None]
    if any(name in urls for name in open_):
        outbox.mark_failed(alert.id, _FAILED + "; ".join(errors))
    else:
        outbox.mark_sent(alert.id, at=now)
    for error in errors:
        LOG.warning("alert channel failed: %s", error)
    return tuple(f"alert channel failed: {error}" for error in errors)


def _due(row: AlertDelivery, now: datetime) -> bool:
    if row.delivered_at is not None:
        return False
    wait = WAITS[min(row.attempts, len(WAITS)) - 1] if row.attempts else timedelta(0)
    return now >= row.last_at + wait


def _give_up(outbox: Alerts, alert: Alert, rows: Iterable[AlertDelivery], now: datetime) -> None:
    """Stop trying an alert whose every open channel was tried often and for long enough."""
    open_ = [row for row in rows if row.delivered_at is None]
    tired = all(row.attempts >= MIN_TRIES for row in open_)
    if tired and now - alert.created_at > GIVE_UP:
        outbox.mark_sent(alert.id, at=now, note=GAVE_UP + alert.error.removeprefix(_FAILED))


def _level(alert: Alert) -> Level:
    return next((level for level in LEVELS if level == alert.level), "critical")


def _channels_or_problem(context: Context) -> tuple[dict[str, str], str]:
    try:
        return channels(context.settings, context.state, context.environ), ""
    except SettingsError as error:
        return {}, error.line()


def _why_silent(context: Context, level: Level, *, report: bool, urls: Mapping[str, str]) -> str:
    wanted = context.settings.alerts
    loud = LEVELS.index(level) >= LEVELS.index(wanted.minimum_level) or (report and wanted.execution_report)
    if not context.run.about_now:
        return "the run was about a past session"
    if not loud:
        return f"below the level {wanted.minimum_level}"
    return "" if urls else "no channel is configured"


def _when(alert: Alert) -> str:
    return f"{alert.created_at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"
