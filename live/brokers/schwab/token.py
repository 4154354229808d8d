"""Schwab credentials and the token file: read, atomically rewritten 0600, aged, owned by one process.

A refresh token lives seven days from the browser login and nothing prolongs it, so its age is the one
number that decides whether the next scheduled run can trade at all.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from backtest.calendar import sessions as calendar
from backtest.core.errors import AuthenticationFailed, BrokerError, NotSent, SettingsError
from backtest.core.files import read_regular, require_regular, why, write_atomic
from live.system.redaction import register_secret

if TYPE_CHECKING:
    from filelock import BaseFileLock

LIFETIME = timedelta(days=7)
WARN_AFTER = timedelta(days=5)
MARGIN = timedelta(minutes=15)
LOGIN = "run `jutsu auth login`"
#: seconds since 1970 beyond which a login time is nonsense (the year 2096)
_LATEST = 4_000_000_000
Level = Literal["ok", "warning", "critical", "dead"]


class LoginNeeded(AuthenticationFailed):
    """The token is dead or refused: nothing was sent or accepted, and only a person can help."""


class _DamagedFileError(SettingsError):
    """A private file whose content is not a JSON object."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The registered app; secrets never show in a repr."""

    api_key: str = field(repr=False)
    app_secret: str = field(repr=False)
    callback_url: str = "https://127.0.0.1:8182"


@dataclass(frozen=True, slots=True)
class TokenStatus:
    """How long the login lasts.

    Attributes:
        created_at, expires_at, next_run: aware instants.
        age: since the login.
        sessions_left: session closes between now and the expiry.
        level: ok; warning from day five; critical when the next run cannot count on it; dead.
    """

    created_at: datetime
    expires_at: datetime
    next_run: datetime
    age: timedelta
    sessions_left: int
    level: Level

    @property
    def covers_next_run(self) -> bool:
        """Whether the token outlives the next run by the safety margin."""
        return self.expires_at >= self.next_run + MARGIN


def load_credentials(environ: Mapping[str, str], folder: Path) -> Credentials:
    """Read the app's key and secret from the environment or from a 0600 file.

    The file is named by SCHWAB_CREDENTIALS_FILE, else `schwab_credentials.json` in `folder`.

    Raises:
        SettingsError: neither is there, incomplete, or the file cannot be read or is readable by others.
    """
    values: Mapping[str, Any] = environ
    names = ("SCHWAB_API_KEY", "SCHWAB_APP_SECRET", "SCHWAB_CALLBACK_URL")
    path = Path(environ.get("SCHWAB_CREDENTIALS_FILE", folder / "schwab_credentials.json"))
    if not environ.get("SCHWAB_API_KEY") and path.exists():
        try:
            values = _read_private(path)
        except OSError as error:
            raise SettingsError(
                f"cannot be read: {why(error)}", where=str(path), remedy="write it anew, mode 0600"
            ) from error
        names = ("api_key", "app_secret", "callback_url")
    key, secret, callback = (str(values.get(name) or "") for name in names)
    if not key or not secret:
        raise SettingsError(
            "the Schwab app key or secret is missing",
            where="SCHWAB_API_KEY, SCHWAB_APP_SECRET",
            remedy="put both, and SCHWAB_CALLBACK_URL, into state/secrets.env with mode 0600 (cron has no "
            f"variables of your shell; the environment and {path} are read too)",
        )
    register_secret(key)
    register_secret(secret)
    return Credentials(key, secret, callback or "https://127.0.0.1:8182")


def _read_private(path: Path) -> dict[str, Any]:
    require_regular(path)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise SettingsError(
            f"readable by others (mode {mode:04o})", where=str(path), remedy=f"chmod 600 {path}"
        )
    try:
        value = json.loads(read_regular(path))
    except ValueError as error:
        raise _DamagedFileError("is not JSON", where=str(path), remedy="write it anew") from error
    if not isinstance(value, dict):
        raise _DamagedFileError("is not a JSON object", where=str(path), remedy="write it anew")
    return value


class TokenStore:
    """The token file as schwab-py's access functions see it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Any]:
        """Return the wrapped token.

        Raises:
            LoginNeeded: there is none, or the file is damaged or lacks what a refresh needs.
            SettingsError: it is readable by others.
        """
        try:
            value = _read_private(self.path)
        except FileNotFoundError as error:
            raise LoginNeeded("there is no Schwab token", where=str(self.path), remedy=LOGIN) from error
        except OSError as error:
            raise self._unusable(why(error), remedy=f"move it away, then {LOGIN}") from error
        except _DamagedFileError as error:
            raise self._unusable(error.problem) from error
        created, token = value.get("creation_timestamp"), value.get("token")
        if type(created) is not int or not 0 < created < _LATEST:
            raise self._unusable("it does not say when the login was")
        refresh = token.get("refresh_token") if isinstance(token, dict) else None
        if not isinstance(refresh, str) or not refresh:
            raise self._unusable("it has no refresh token")
        _register(value["token"])
        return value

    def _unusable(self, problem: str, remedy: str = LOGIN) -> LoginNeeded:
        text = f"the Schwab token file is not usable: {problem}"
        return LoginNeeded(text, where=str(self.path), remedy=remedy)

    def write(self, token: Mapping[str, Any], **_: Any) -> None:
        """Replace the file in one step, mode 0600; the library hands over creation_timestamp unchanged."""
        _register(token["token"])
        try:
            write_atomic(self.path, json.dumps(token, indent=2).encode() + b"\n", mode=0o600)
        except OSError as error:
            raise NotSent(
                f"cannot write the refreshed token: {error.strerror}",
                where=str(self.path),
                remedy="make the folder writable; nothing was sent",
            ) from error

    def created_at(self) -> datetime:
        """Return the instant of the browser login."""
        return datetime.fromtimestamp(self.read()["creation_timestamp"], UTC)

    def own(self, timeout: float = 5.0) -> BaseFileLock:
        """Take the file for this process; BrokerError when another one holds it."""
        from filelock import FileLock, Timeout

        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path.with_name(self.path.name + ".lock"))
        try:
            lock.acquire(timeout=timeout)
        except Timeout as error:
            raise BrokerError(
                "another process is using the Schwab token",
                where=str(self.path),
                remedy="wait for it to end: two users of one token lock each other out",
            ) from error
        return lock


def _register(token: Mapping[str, Any]) -> None:
    for name in ("access_token", "refresh_token", "id_token"):
        register_secret(token.get(name))


def next_run_after(now: datetime) -> datetime:
    """Return the close of the session the next run is about: today's until an hour before it."""
    today = calendar.session(now.astimezone(calendar.NEW_YORK).date())
    if today is not None and now < today.close - timedelta(hours=1):
        return today.close
    return calendar.next_session(now.astimezone(calendar.NEW_YORK).date()).close


def token_status(created_at: datetime, now: datetime, next_run: datetime | None = None) -> TokenStatus:
    """Judge a login made at `created_at`, seen from `now`."""
    expires_at = created_at + LIFETIME
    upcoming = next_run or next_run_after(now)
    days = calendar.sessions(
        now.astimezone(calendar.NEW_YORK).date(),
        max(now, expires_at).astimezone(calendar.NEW_YORK).date(),
    )
    left = sum(now < day.close <= expires_at for day in days)
    level: Level = "ok"
    if now >= expires_at:
        level = "dead"
    elif expires_at < upcoming + MARGIN:
        level = "critical"
    elif now - created_at >= WARN_AFTER:
        level = "warning"
    return TokenStatus(created_at, expires_at, upcoming, now - created_at, left, level)
