"""Alerts: written to the outbox first, then sent through apprise; a failing channel never fails a run.

Rules. One key rings once per New York day. Alerts below `alerts.minimum_level` are recorded but do not ring,
except the execution report when `alerts.execution_report` is on. Runs about a past session record without
sending, replay does neither. What could not be delivered stays in the outbox; the next run warns about it and
tries again.

Channels are apprise URLs, one per line or separated by blanks: from the environment variable named in
`alerts.urls_env`, from the file named by the same variable with `_FILE` appended, or from `alert_urls` beside
the ledger. They contain secrets: a file must be readable by its owner only, and no text leaves with one.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import SettingsError
from live.ledger.alerts import Alerts
from live.ledger.tables import Alert
from live.settings.model import Settings
from live.system.clock import Clock, SystemClock
from live.system.redaction import MASK, redact, register_secret

LOG = logging.getLogger("jutsu.alerts")

Level = Literal["info", "warning", "critical"]
LEVELS: Final[tuple[Level, ...]] = ("info", "warning", "critical")
TIMEBOX_SECONDS = 15.0
MAX_ATTEMPTS = 20
URLS_FILE: Final = "alert_urls"

_KINDS: Final[Mapping[str, Literal["info", "warning", "failure"]]] = {
    "info": "info",
    "warning": "warning",
    "critical": "failure",
}
_FAILED: Final = "failed: "
_SILENT: Final = "not sent: "
# Channels that timed out in this process: asking again would only hold up the run.
_HANGING: set[str] = set()


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
    def simulated(self) -> bool:
        """True inside replay and demo."""
        ...

    @property
    def offline_past(self) -> bool:
        """True when the run is about a past session."""
        ...


def send(
    context: Context, *, key: str, level: Level, title: str, body: str, report: bool = False
) -> tuple[str, ...]:
    """Record an alert and send it if somebody wants to hear it.

    Args:
        context: the runtime.
        key: names the cause; the same key rings once per New York day.
        level: ``info`` (nothing to do), ``warning`` (read today), ``critical`` (act now).
        title: one line.
        body: text; secrets are masked before it is stored.
        report: the execution report of a run; rings below the minimum level when the settings want it.

    Returns:
        Warnings about channels that failed; empty when all is well. Never raises because of a channel.
    """
    outbox, now = context.ledger.alerts, context.clock.now()
    if context.simulated or outbox.seen(key, now.astimezone(NEW_YORK).date()):
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
    if context.simulated:
        return ()
    outbox = context.ledger.alerts
    warnings = () if context.offline_past else _partly_delivered(outbox)
    waiting = outbox.unsent(max_attempts=MAX_ATTEMPTS)
    if not waiting:
        return warnings
    urls, problem = _channels_or_problem(context)
    for alert in waiting:
        warnings = (*warnings, *_flush_one(context, alert, urls, problem))
    return warnings


def _flush_one(context: Context, alert: Alert, urls: Sequence[str], problem: str) -> tuple[str, ...]:
    outbox, now = context.ledger.alerts, context.clock.now()
    tried = alert.attempts > 0
    if tried and context.offline_past:
        return ()  # a run about the present will try again
    because = alert.error.removeprefix(_FAILED)
    told = (f"alert {alert.key!r} of {_when(alert)} was not delivered: {because}",) if tried else ()
    why_silent = _why_silent(context, _level(alert), report=tried, urls=urls)
    if problem:
        outbox.mark_failed(alert.id, problem)
        return told
    if why_silent:
        outbox.mark_sent(alert.id, at=now, note=_SILENT + why_silent)
        return told
    return (*told, *_deliver(outbox, alert, urls, now, late=tried))


def channels(
    settings: Settings, state: Path | None = None, environ: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Return the configured apprise URLs, and register their secrets for masking.

    Raises:
        SettingsError: the file of URLs is missing, or readable by others.
    """
    environ = os.environ if environ is None else environ
    name = settings.alerts.urls_env
    text = environ.get(name, "")
    if not text:
        told = environ.get(f"{name}_FILE")
        path = Path(told) if told else None if state is None else state / URLS_FILE
        text = _private_text(path, required=told is not None) if path is not None else ""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    urls = tuple(url.strip(",") for line in lines for url in line.split() if url.strip(","))
    for url in urls:
        register_secret(url)
        for part in _secret_parts(url):
            register_secret(part)
    return urls


def deliver(urls: Sequence[str], *, title: str, body: str, level: Level) -> dict[str, str]:
    """Send one message to every channel at once, waiting at most `TIMEBOX_SECONDS`.

    Returns:
        URL -> what went wrong, masked; empty text when delivered.
    """
    for talkative in ("apprise", "urllib3"):  # at DEBUG they write whole URLs, and URLs are secrets
        logging.getLogger(talkative).setLevel(logging.WARNING)
    results: dict[str, str] = {}
    asked = [url for url in urls if url not in _HANGING]
    threads = [
        threading.Thread(target=_notify, args=(url, title, body, level, results), daemon=True)
        for url in asked
    ]
    clock = SystemClock()  # the time box is about this process, also under a simulated clock
    deadline = clock.monotonic() + TIMEBOX_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - clock.monotonic()))
    _HANGING.update(url for url in asked if url not in results)
    return {url: results.get(url, f"no answer within {TIMEBOX_SECONDS:g} s") for url in urls}


def label(url: str) -> str:
    """Return a channel for people: its kind only, everything else may be secret."""
    return f"{url.partition('://')[0]}://{MASK}"


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


def _notify(url: str, title: str, body: str, level: Level, results: dict[str, str]) -> None:
    """Send through one channel and note the outcome; runs in its own thread."""
    said: list[str] = []

    def listen(entry: Any, _service: Any) -> None:
        said.append(str(entry.message))

    try:
        import apprise

        service = apprise.Apprise(asset=apprise.AppriseAsset(app_id="jutsu", app_desc="jutsu"))
        if not service.add(url):
            results[url] = "is not a URL that apprise understands"
            return
        delivered = service.notify(
            body=body or title,
            title=title,
            notify_type=_KINDS[level],
            log_callback=listen,
            log_level=logging.WARNING,
        )
    except Exception as error:  # noqa: BLE001 - third-party code; an alert must never fail a run
        results[url] = _without_secrets(f"{type(error).__name__}: {error}", url)
        return
    results[url] = "" if delivered else _without_secrets("; ".join(said) or "was refused", url)


def _channels_or_problem(context: Context) -> tuple[tuple[str, ...], str]:
    try:
        return channels(context.settings, context.state), ""
    except SettingsError as error:
        return (), error.line()


def _why_silent(context: Context, level: Level, *, report: bool, urls: Sequence[str]) -> str:
    wanted = context.settings.alerts
    loud = LEVELS.index(level) >= LEVELS.index(wanted.minimum_level) or (report and wanted.execution_report)
    if context.offline_past:
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


def _private_text(path: Path, *, required: bool) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if not required:
            return ""
        raise SettingsError(
            "no such file", where=str(path), remedy="write one apprise URL per line"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot be read: {error}", where=str(path), remedy="check the file") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            "alert URLs contain secrets and others can read this file",
            where=str(path),
            remedy=f"chmod 600 {path}",
        )
    return text


def _parts(url: str) -> list[str]:
    return [part for part in re.split(r"[/:@?&=,]+", url.partition("://")[2]) if part]


def _secret_parts(url: str) -> list[str]:
    """Return the parts that look like tokens; masking short plain words would eat ordinary text."""
    return [p for p in _parts(url) if len(p) >= 16 or (len(p) >= 8 and re.search(r"\d", p) and "." not in p)]


def _without_secrets(text: str, url: str) -> str:
    """Mask every part of the channel's own URL, however ordinary: this text is about that channel."""
    for part in sorted({url, *_parts(url)}, key=len, reverse=True):
        if len(part) > 3:
            text = text.replace(part, MASK)
    return redact(" ".join(text.split()))[:300]
