"""The dead man's switch: a service outside this machine is told of every run, and alerts when none comes.

`<url>/start`, then `<url>/<exit code>` (the Healthchecks convention); an address with `{exit}` in it gets
one request at the end, with the exit code in that place. Nothing here ever fails a run: a ping that did not
arrive is remembered in `pings.json` beside the ledger, and the next run warns.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, get_args
from urllib.parse import quote, urlsplit, urlunsplit

from backtest.core.files import read_regular, why, write_atomic
from live.system.redaction import redact, register_secret

Watched = Literal["generator", "executor", "validate", "doctor"]
WATCHED: Final[tuple[Watched, ...]] = get_args(Watched)
COMMON: Final = "JUTSU_PING_URL"
SECONDS: Final = 3.0
TRIES: Final = 2
FILE: Final = "pings.json"
PLACEHOLDER: Final = "{exit}"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Ping:
    """The last end that was told.

    Attributes:
        at: when, in UTC, ISO 8601.
        code: exit code that was told.
        problem: what went wrong, without the address; empty text when it arrived.
    """

    at: str
    code: int
    problem: str = ""


def variable(program: Watched) -> str:
    """Return the name of a program's own address."""
    return f"JUTSU_PING_{program.upper()}_URL"


def address(program: Watched, secret: Callable[[str], str | None]) -> str | None:
    """Return where a program's starts and ends are told, None when nowhere; `secret` looks a name up."""
    return secret(variable(program)) or secret(COMMON) or None


def addresses(secret: Callable[[str], str | None]) -> dict[Watched, str]:
    """Return program -> where its starts and ends are told, for those that are told somewhere."""
    return {program: url for program in WATCHED if (url := address(program, secret)) is not None}


def tell_start(url: str) -> str:
    """Tell that a run starts; return what went wrong, empty text when nothing did."""
    return "" if PLACEHOLDER in url else _get(_with_path(url, "start"))


def tell_end(url: str, code: int) -> str:
    """Tell how a run ended; return what went wrong, empty text when nothing did."""
    if PLACEHOLDER in url:
        return _get(url.replace(PLACEHOLDER, str(code)))
    return _get(_with_path(url, str(code)))


def tell_test(url: str) -> str:
    """Ask an address without counting as a run (`<url>/log`); return what went wrong."""
    if PLACEHOLDER in url:
        return f"not tried: a request to an address with {PLACEHOLDER} would count as a run"
    return _get(_with_path(url, "log"))


def remember(state: Path, program: Watched, ping: Ping) -> None:
    """Keep what became of the last end of a program; a folder that cannot be written is one log line."""
    kept = {**recall(state), program: ping}
    text = json.dumps({name: asdict(one) for name, one in kept.items()}, indent=2)
    try:
        if state.is_dir():
            write_atomic(state / FILE, f"{text}\n".encode(), 0o600)
    except OSError as error:
        logging.getLogger("jutsu").warning("the last ping cannot be kept: %s", why(error))


def recall(state: Path) -> Mapping[str, Ping]:
    """Return program -> its last end that was told; nothing where the file is missing or damaged."""
    try:
        rows = json.loads(read_regular(state / FILE))
        return {name: Ping(**row) for name, row in rows.items() if name in WATCHED}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def report_end(state: Path, program: Watched, url: str, code: int, at: datetime) -> str:
    """Tell how a run ended and remember it; return what went wrong."""
    problem = tell_end(url, code)
    remember(state, program, Ping(at.isoformat(timespec="seconds"), code, problem))
    return problem


def _with_path(url: str, last: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{quote(last)}"))


def unusable(url: str) -> str:
    """Return why an address can be no dead man's switch, empty when it can; nothing is asked."""
    parts = urlsplit(url)
    here = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if here or (parts.scheme == "https" and parts.hostname):
        return ""
    return "the address of the dead man's switch must begin with https://"


def _get(url: str) -> str:
    """Ask an address once or twice; return what went wrong, masked."""
    import urllib.request
    from http.client import HTTPException

    register_secret(url)
    problem = unusable(url)
    if problem:
        return problem
    for _ in range(TRIES):
        try:
            request = urllib.request.Request(url, headers={"User-Agent": "jutsu"})  # noqa: S310 - judged above
            with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310 - judged above
                return ""
        except (OSError, HTTPException, ValueError) as error:
            problem = redact(f"{type(error).__name__}: {error}").replace(url, "the address")
    return problem
