"""The channels alerts are delivered through: names, addresses, and what of them may be shown."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, get_args

from backtest.core.errors import SettingsError
from backtest.core.files import read_regular, why
from live.ledger.alerts import DIGEST
from live.settings.accounts import common_folder
from live.settings.model import AlertLevel, Settings
from live.system.redaction import MASK, redact, register_secret

Level = AlertLevel


LEVELS: Final[tuple[Level, ...]] = get_args(Level)


URLS_FILE: Final = "alert_urls"
PREFIX: Final = "JUTSU_ALERT_"
RESERVED: Final = (DIGEST,)
_LISTS: Final = ("JUTSU_ALERT_URLS", "JUTSU_ALERT_URLS_FILE")


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


def urls_file(settings: Settings, state: Path) -> Path:
    """Return the file of addresses beside the ledger: an account's own, else the one that all share."""
    own = state / URLS_FILE
    return own if own.exists() else common_folder(state, settings.account) / URLS_FILE


def _default_addresses(settings: Settings, state: Path | None, environ: Mapping[str, str]) -> list[str]:
    name = settings.alerts.urls_env
    text = environ.get(name, "")
    if not text:
        named = environ.get(f"{name}_FILE")
        path = Path(named) if named else None if state is None else urls_file(settings, state)
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


def label(name: str, url: str) -> str:
    """Return a channel for people: its name and kind, everything else may be secret."""
    return f"{name} {url.partition('://')[0]}://{MASK}"


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


def without_secrets(text: str, url: str) -> str:
    """Mask every part of the channel's own URL, however ordinary: this text is about that channel."""
    for part in sorted({url, *_parts(url)}, key=len, reverse=True):
        if len(part) > 3:
            text = text.replace(part, MASK)
    return redact(" ".join(text.split()))[:300]
