"""The channels alerts are delivered through, and what may stand in their texts."""

from __future__ import annotations

import logging
import os
import re
import stat
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args

from backtest.core.errors import SettingsError
from backtest.core.files import read_regular, why
from live.settings.model import AlertLevel, Settings
from live.system.clock import SystemClock
from live.system.redaction import MASK, redact, register_secret

Level = AlertLevel


LEVELS: Final[tuple[Level, ...]] = get_args(Level)


TIMEBOX_SECONDS = 15.0


URLS_FILE: Final = "alert_urls"
PREFIX: Final = "JUTSU_ALERT_"
RESERVED: Final = ("digest",)
_LISTS: Final = ("JUTSU_ALERT_URLS", "JUTSU_ALERT_URLS_FILE")


_KINDS: Final[Mapping[str, Literal["info", "warning", "failure"]]] = {
    "info": "info",
    "warning": "warning",
    "critical": "failure",
}


# Channels that timed out in this process: asking again would only hold up the run.
_HANGING: set[str] = set()


def channels(
    settings: Settings, state: Path | None = None, environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return channel name -> apprise URL, and register the URLs' secrets for masking.

    `JUTSU_ALERT_<NAME>=URL` is the channel `<name>`; the variable `alerts.urls_env` names (or its file) is
    `default`, its further addresses `default_2`, `default_3` and so on.

    Raises:
        SettingsError: the file of URLs is missing or readable by others, or a channel has a reserved name.
    """
    environ = os.environ if environ is None else environ
    addresses = _default_addresses(settings, state, environ)
    found = {"default" if n == 1 else f"default_{n}": url for n, url in enumerate(addresses, 1)}
    found |= _named(environ, settings.alerts.urls_env)
    for url in found.values():
        register_secret(url)
        for part in _secret_parts(url):
            register_secret(part)
    return found


def _default_addresses(settings: Settings, state: Path | None, environ: Mapping[str, str]) -> list[str]:
    name = settings.alerts.urls_env
    text = environ.get(name, "")
    if not text:
        named = environ.get(f"{name}_FILE")
        path = Path(named) if named else None if state is None else state / URLS_FILE
        text = _private_text(path, required=named is not None) if path is not None else ""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [url.strip(",") for line in lines for url in line.split() if url.strip(",")]


def _named(environ: Mapping[str, str], urls_env: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for variable in sorted(environ):
        name = variable.removeprefix(PREFIX).lower()
        url = environ[variable].strip()
        if not variable.startswith(PREFIX) or variable in {urls_env, f"{urls_env}_FILE", *_LISTS} or not url:
            continue
        if name in RESERVED or re.fullmatch(r"default(_\d+)?", name):
            raise SettingsError(
                f"{name} is not free as the name of a channel", where=variable, remedy="choose another name"
            )
        found[name] = url
    return found


def deliver(
    wanted: Mapping[str, str], *, title: str, body: str, level: Level, within: float = TIMEBOX_SECONDS
) -> dict[str, str]:
    """Send one message to every channel at once, waiting at most `within` seconds.

    `wanted` is channel name -> URL.

    Returns:
        Channel name -> what went wrong, masked; empty text when delivered.
    """
    for talkative in ("apprise", "urllib3"):  # at DEBUG they write whole URLs, and URLs are secrets
        logging.getLogger(talkative).setLevel(logging.WARNING)
    results: dict[str, str] = {}
    asked = sorted({url for url in wanted.values() if url not in _HANGING})
    threads = [
        threading.Thread(target=_notify, args=(url, title, body, level, results), daemon=True)
        for url in asked
    ]
    clock = SystemClock()  # the time box is about this process, also under a simulated clock
    deadline = clock.monotonic() + within
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - clock.monotonic()))
    _HANGING.update(url for url in asked if url not in results)
    silent = f"no answer within {within:.1f} s"
    return {name: results.get(url, silent) for name, url in wanted.items()}


def label(name: str, url: str) -> str:
    """Return a channel for people: its name and kind, everything else may be secret."""
    return f"{name} {url.partition('://')[0]}://{MASK}"


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


def _private_text(path: Path, *, required: bool) -> str:
    try:
        mode = path.stat().st_mode
        text = read_regular(path).decode()
    except FileNotFoundError:
        if not required:
            return ""
        raise SettingsError(
            "no such file", where=str(path), remedy="write one apprise URL per line"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"cannot be read: {why(error)}", where=str(path), remedy="check the file"
        ) from error
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
