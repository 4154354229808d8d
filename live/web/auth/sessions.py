"""Logins: a one-time link on this machine, a password beyond it, a second factor, sessions, devices, keys."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from live.web.auth import passwords, totp
from live.web.auth.store import Store, digest
from live.web.problems import ProblemError

if TYPE_CHECKING:
    from live.system.clock import Clock

Scope = Literal["read", "jobs", "approve", "settings", "control", "metrics"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
#: what a remembered device may do without logging in again
DEVICE_SCOPES: Final[tuple[Scope, ...]] = ("read", "approve")

LINK_SECONDS: Final = 600.0
SESSION_SECONDS: Final = 12 * 3600.0
DEVICE_SECONDS: Final = 90 * 86400.0
ELEVATED_SECONDS: Final = 300.0
LONGEST_KEY_SECONDS: Final = 366 * 86400.0
_FAILURE_SECONDS: Final = 900.0
_PER_ADDRESS, _IN_ALL = 5, 20
_WRONG: Final = "link, password or code is wrong, was used, or is too old"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks.

    Attributes:
        name: for the audit log. scopes: what they may do. kind: how they came in.
        csrf: text an unsafe request of a browser repeats, empty for programs.
        elevated_until: Unix time until which they proved themselves again.
        session: hash of the session, empty for programs.
    """

    name: str
    scopes: frozenset[str]
    kind: Literal["browser", "key", "token"]
    csrf: str = ""
    elevated_until: float = 0.0
    session: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was opened: its secret id, and of the device when it is remembered."""

    secret: str
    visitor: Visitor
    device: str | None = None


class Logins:
    """The rules of coming in.

    Args:
        store: where they are kept.
        clock: source of time.
        alarm: called with the address when so many logins failed that the next one has to wait.
    """

    def __init__(self, store: Store, clock: Clock, alarm: Callable[[str], None] = lambda _: None) -> None:
        self._store = store
        self._clock = clock
        self._alarm = alarm

    # links

    def new_link(self) -> str:
        """Return a secret that opens one session within ten minutes."""
        secret = secrets.token_urlsafe(32)
        self._store.change("INSERT INTO links VALUES (?, ?)", (digest(secret), self._now() + LINK_SECONDS))
        return secret

    def by_link(self, link: str, address: str, *, remember: bool = False) -> Opened:
        """Open a session by a one-time link.

        Raises:
            ProblemError: 401, the link is wrong, used or old; 429, too many were.
        """
        self._require_patience(address)
        taken = self._store.change(
            "DELETE FROM links WHERE hash = ? AND expires > ?", (digest(link), self._now())
        )
        if not taken:
            raise self._failed(address)
        return self._open("local", SCOPES, address, remember=remember)

    # passwords and codes

    @property
    def has_password(self) -> bool:
        """Whether a password was set."""
        return self._store.fact("password") is not None

    @property
    def has_totp(self) -> bool:
        """Whether a second factor was set."""
        return self._store.fact("totp") is not None

    def set_password(self, password: str) -> None:
        """Keep a password and end every session. UsageError 2: it is too short."""
        self._store.keep("password", passwords.hashed(password))
        self._store.change("DELETE FROM sessions")
        self._store.change("DELETE FROM devices")

    def set_totp(self, secret: str) -> tuple[str, ...]:
        """Keep the secret of the second factor; return ten codes for a lost device."""
        codes = totp.recovery_codes()
        self._store.keep("totp", {"secret": secret, "step": 0})
        with self._store.alone() as raw:
            raw.execute("DELETE FROM recovery")
            raw.executemany("INSERT INTO recovery VALUES (?)", [(digest(code),) for code in codes])
        return codes

    def by_password(self, password: str, code: str, address: str, *, remember: bool = False) -> Opened:
        """Open a session by a password, and a code where a second factor was set.

        Raises:
            ProblemError: 401, something is wrong (the answer never says what); 429, too many were.
        """
        self._require_patience(address)
        right = passwords.matches(password, self._store.fact("password"))
        if not right or (self.has_totp and not self._take_code(code)):
            raise self._failed(address)
        return self._open("owner", SCOPES, address, remember=remember)

    def by_device(self, device: str, address: str) -> Opened:
        """Open a session of a remembered device: it may read and approve. ProblemError 401: unknown."""
        rows = self._store.rows(
            "SELECT name FROM devices WHERE hash = ? AND expires > ?", (digest(device), self._now())
        )
        if not rows:
            raise self._failed(address)
        return self._open(str(rows[0][0]), DEVICE_SCOPES, address)

    def require_code(self, code: str) -> None:
        """Take a code of the second factor. ProblemError 403: it is wrong or was used."""
        if not self._take_code(code):
            raise ProblemError(
                403, "code-needed", "the code is wrong or was used", remedy="wait for the next one"
            )

    def elevate(self, visitor: Visitor, password: str, code: str, address: str) -> Opened:
        """Prove oneself again for five minutes; the session gets a new id.

        Raises:
            ProblemError: 401, something is wrong; 429, too many were.
        """
        self._require_patience(address)
        right = not self.has_password or passwords.matches(password, self._store.fact("password"))
        if not right or (self.has_totp and not self._take_code(code)):
            raise self._failed(address)
        self.end(visitor)
        return self._open(visitor.name, sorted(visitor.scopes), address, elevated=True)

    # sessions

    def visitor(self, secret: str) -> Visitor | None:
        """Return whose session this is, None when it is unknown or over."""
        rows = self._store.rows(
            "SELECT name, scopes, csrf, elevated_until, hash FROM sessions WHERE hash = ? AND expires > ?",
            (digest(secret), self._now()),
        )
        if not rows:
            return None
        name, scopes, csrf, elevated, session = rows[0]
        return Visitor(name, frozenset(scopes.split()), "browser", csrf, elevated, session)

    def sessions(self) -> list[dict[str, Any]]:
        """Return the open sessions, newest first."""
        rows = self._store.rows(
            "SELECT hash, name, scopes, address, created, expires FROM sessions"
            " WHERE expires > ? ORDER BY created DESC",
            (self._now(),),
        )
        names = ("id", "name", "scopes", "address", "created", "expires")
        return [
            dict(zip(names, (row[0][:12], row[1], row[2].split(), *row[3:]), strict=True)) for row in rows
        ]

    def end(self, visitor: Visitor) -> None:
        """End a session."""
        self._store.change("DELETE FROM sessions WHERE hash = ?", (visitor.session,))

    # devices

    def remember(self, visitor: Visitor) -> str:
        """Return the secret of a device that may read and approve without logging in, for ninety days."""
        device, now = secrets.token_urlsafe(32), self._now()
        self._store.change(
            "INSERT INTO devices VALUES (?, ?, ?, ?)",
            (digest(device), visitor.name, now, now + DEVICE_SECONDS),
        )
        return device

    def devices(self) -> list[dict[str, Any]]:
        """Return the remembered devices, newest first."""
        rows = self._store.rows(
            "SELECT hash, name, created, expires FROM devices WHERE expires > ? ORDER BY created DESC",
            (self._now(),),
        )
        names = ("id", "name", "created", "expires")
        return [dict(zip(names, (row[0][:12], *row[1:]), strict=True)) for row in rows]

    def forget(self, ident: str) -> bool:
        """Forget a device and end every session that a device opened (known ones open another).

        Returns:
            Whether there was one.
        """
        with self._store.alone() as raw:
            raw.execute("DELETE FROM sessions WHERE scopes = ?", (_kept(DEVICE_SCOPES),))
            return raw.execute("DELETE FROM devices WHERE substr(hash, 1, 12) = ?", (ident,)).rowcount > 0

    # keys of programs

    def new_key(self, name: str, scopes: Iterable[str], seconds: float) -> str:
        """Return a new key `jk_<id>_<secret>`; it is shown once."""
        ident, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        now = self._now()
        expires = now + min(seconds, LONGEST_KEY_SECONDS)
        self._store.change(
            "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?)",
            (ident, digest(secret), name, _kept(scopes), now, expires),
        )
        return f"jk_{ident}_{secret}"

    def by_key(self, key: str) -> Visitor | None:
        """Return who a key belongs to, None when it is unknown, revoked or over."""
        parts = key.split("_", 2)
        if len(parts) != 3 or parts[0] != "jk":
            return None
        rows = self._store.rows(
            "SELECT hash, name, scopes FROM keys WHERE id = ? AND expires > ?", (parts[1], self._now())
        )
        if not rows or not hmac.compare_digest(rows[0][0], digest(parts[2])):
            return None
        return Visitor(f"key {rows[0][1]}", frozenset(rows[0][2].split()), "key")

    def keys(self) -> list[dict[str, Any]]:
        """Return the keys without their secrets."""
        rows = self._store.rows("SELECT id, name, scopes, created, expires FROM keys ORDER BY created")
        names = ("id", "name", "scopes", "created", "expires")
        return [dict(zip(names, (*row[:2], row[2].split(), *row[3:]), strict=True)) for row in rows]

    def revoke(self, ident: str) -> bool:
        """Take a key away; return whether there was one."""
        return self._store.change("DELETE FROM keys WHERE id = ?", (ident,)) > 0

    # inside

    def _open(
        self,
        name: str,
        scopes: Iterable[str],
        address: str,
        *,
        remember: bool = False,
        elevated: bool = False,
    ) -> Opened:
        now = self._now()
        secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
        until = now + ELEVATED_SECONDS if elevated else 0.0
        visitor = Visitor(name, frozenset(scopes), "browser", csrf, until, digest(secret))
        with self._store.alone() as raw:
            raw.execute("DELETE FROM sessions WHERE expires <= ?", (now,))
            raw.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (visitor.session, name, _kept(scopes), csrf, address, now, now + SESSION_SECONDS, until),
            )  # fmt: skip
        device = self.remember(visitor) if remember else None
        return Opened(secret, visitor, device)

    def _take_code(self, given: str) -> bool:
        """Take a code of the second factor, or one of the codes for a lost device; each works once."""
        with self._store.alone() as raw:  # two requests with one code: one of them
            rows = raw.execute("SELECT value FROM facts WHERE name = 'totp'").fetchall()
            if not rows:
                return False
            kept = json.loads(rows[0][0])
            step = totp.step_of(kept["secret"], given, self._now(), kept["step"])
            if step is not None:
                raw.execute(
                    "UPDATE facts SET value = ? WHERE name = 'totp'", (json.dumps({**kept, "step": step}),)
                )
                return True
            return raw.execute("DELETE FROM recovery WHERE hash = ?", (digest(given.strip()),)).rowcount > 0

    def _require_patience(self, address: str) -> None:
        """Raise ProblemError 429 while too many logins failed: twice as long for each further one."""
        now = self._now()
        self._store.change("DELETE FROM failures WHERE at < ?", (now - _FAILURE_SECONDS,))
        rows = self._store.rows("SELECT at, address FROM failures ORDER BY at")
        own = [at for at, of in rows if of == address]
        for times, allowed in ((own, _PER_ADDRESS), ([at for at, _ in rows], _IN_ALL)):
            over = len(times) - allowed
            wait = 0.0 if over < 0 else times[-1] + min(_FAILURE_SECONDS, 2.0**over) - now
            if wait > 0:
                raise ProblemError(
                    429,
                    "too-many-logins",
                    "too many logins failed",
                    remedy="wait, then try again",
                    headers={"Retry-After": str(int(wait) + 1)},
                )

    def _failed(self, address: str) -> ProblemError:
        self._store.change("INSERT INTO failures VALUES (?, ?)", (self._now(), address))
        every = [of for (of,) in self._store.rows("SELECT address FROM failures")]
        if every.count(address) == _PER_ADDRESS or len(every) == _IN_ALL:
            self._alarm(address)
        return ProblemError(401, "wrong", _WRONG, remedy="`jutsu dashboard link` makes another link")

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _kept(scopes: Iterable[str]) -> str:
    """Return the text that is kept of scopes."""
    return " ".join(sorted(scopes))
