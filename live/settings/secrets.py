"""Keys, passwords and addresses that every program of ours finds, also when cron starts it without a login.

`<root>/state/secrets.env`, or the file that `JUTSU_SECRETS_FILE` names: `KEY=VALUE` lines, comments after `#`
at the beginning of a line, nothing expanded; a value may stand in quotes. Readable by its owner only.

A value is taken from the environment, else from the file that `<KEY>_FILE` names, else from here; older files
(alert addresses, Schwab app) come after. Runs about the past, the demo and `--prices` never read it.

Of several accounts each may have its own: `<KEY>_<ACCOUNT>` in capitals (`APCA_API_KEY_ID_IRA`) takes the
place of `<KEY>` for that one. The account at Interactive Brokers is named in this way only.
"""

from __future__ import annotations

import difflib
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backtest.core.errors import Finding, SettingsError
from backtest.core.files import read_regular, why
from live.system.redaction import register_secret

FILE: Final = Path("state/secrets.env")
NAMED_BY: Final = "JUTSU_SECRETS_FILE"
KNOWN: Final = (
    "ALPHAVANTAGE_API_KEY",
    "APCA_API_KEY_ID",
    "APCA_API_SECRET_KEY",
    "IBKR_ACCOUNT",
    "IBKR_CLIENT_ID",
    "IBKR_HOST",
    "IBKR_PORT",
    "JUTSU_ALERT_URLS",
    "JUTSU_PING_DOCTOR_URL",
    "JUTSU_PING_EXECUTOR_URL",
    "JUTSU_PING_GENERATOR_URL",
    "JUTSU_PING_URL",
    "JUTSU_PING_VALIDATE_URL",
    "MASSIVE_API_KEY",
    "SCHWAB_API_KEY",
    "SCHWAB_APP_SECRET",
    "SCHWAB_CALLBACK_URL",
)
#: any name of an alert channel
CHANNEL: Final = re.compile(r"JUTSU_ALERT_[A-Z0-9_]+")
_IBKR: Final = "IBKR_ACCOUNT"
#: keys that each of several accounts may have for itself
OWN: Final = tuple(name for name in KNOWN if not name.startswith("JUTSU_ALERT_"))
#: no secrets: where a Gateway listens, and which account is meant
_PLAIN: Final = "IBKR_"
_KEY: Final = re.compile(r"[A-Z_][A-Z0-9_]*")


def secrets_path(root: Path, environ: Mapping[str, str]) -> Path:
    """Return where the secrets of a project lie, whether or not there are any."""
    named = environ.get(NAMED_BY)
    return root / (named or FILE)


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose secrets are wanted.

    Attributes:
        account: name of one of several accounts, empty without any.
        accounts: every account of the installation.
    """

    account: str = ""
    accounts: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that belong to one account."""
        return tuple(own_key(key, name) for name in self.accounts for key in OWN)


def own_key(key: str, account: str) -> str:
    """Return what a key is called for one of several accounts."""
    return f"{key}_{account.upper()}"


def of_account(values: Mapping[str, str], whose: Whose) -> dict[str, str]:
    """Return keys and values as an account sees them: its own in the place of the common ones.

    Raises:
        SettingsError: 2, two accounts name the same account at Interactive Brokers.
    """
    if not whose.account:
        return dict(values)
    found = {key: value for key, value in values.items() if key != _IBKR}
    for key in OWN:
        own = values.get(own_key(key, whose.account))
        if own:
            found[key] = own
    mine = found.get(_IBKR)
    for name in whose.accounts:
        if mine and name != whose.account and values.get(own_key(_IBKR, name)) == mine:
            raise SettingsError(
                f"{whose.account} and {name} mean the same account",
                where=own_key(_IBKR, whose.account),
                remedy="name another account for one of them",
            )
    return found


def with_secrets(
    root: Path, environ: Mapping[str, str], also: tuple[str, ...] = (), whose: Whose | None = None
) -> dict[str, str]:
    """Return the environment with what it lacks taken from `<KEY>_FILE` files and from the secrets file.

    Args:
        root: the project folder.
        environ: environment variables.
        also: further keys the settings name (`alerts.urls_env`).
        whose: one of several accounts; None: there is one without a name.

    Raises:
        SettingsError: 2; a file is readable by others, missing although it was named, or holds what nobody
            reads; every finding at once.
    """
    path, whose = secrets_path(root, environ), whose or Whose()
    also = (*also, *whose.keys)
    found = read_secrets(path, also) if NAMED_BY in environ or path.exists() else {}
    for name in (*KNOWN, *also):
        named = environ.get(f"{name}_FILE")
        # alert addresses keep their reader
        if named and not environ.get(name) and not name.endswith("_URLS"):
            found[name] = private_text(Path(named)).strip()
    for name, value in found.items():
        if not name.startswith(_PLAIN) and value:
            register_secret(value)
    given = {name: value for name, value in environ.items() if value or name not in found}
    return of_account({**found, **given}, whose)


def secret(root: Path, environ: Mapping[str, str], name: str, account: str = "") -> str | None:
    """Return one secret, None when there is none. What is wrong with the others is no reason to miss it.

    It comes from the environment, the file that `<NAME>_FILE` names, or the secrets file; of several accounts
    the own one before the common one.
    """
    if account and name in OWN and (own := secret(root, environ, own_key(name, account))):
        return own
    named, path = environ.get(f"{name}_FILE"), secrets_path(root, environ)
    value = environ.get(name)
    try:
        if not value and named:
            value = private_text(Path(named)).strip()
        if not value and path.exists():
            lines = (line.strip().removeprefix("export ") for line in private_text(path).splitlines())
            rows = (line.partition("=") for line in lines)
            value = next((_unquoted(text.strip()) for key, _, text in rows if key.strip() == name), None)
    except SettingsError:
        return None
    if value:
        register_secret(value)
    return value or None


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for a program that needs no secret; those of every account are left out too."""
    keys = tuple(f"{name}_" for name in KNOWN)  # `<KEY>_FILE`, `<KEY>_<ACCOUNT>`, `<KEY>_<ACCOUNT>_FILE`
    return {
        name: value
        for name, value in environ.items()
        if not f"{name}_".startswith(keys)
        and name != NAMED_BY
        and not CHANNEL.fullmatch(name.removesuffix("_FILE"))
    }


def read_secrets(path: Path, also: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the keys of a secrets file. SettingsError: see `with_secrets`."""
    found: dict[str, str] = {}
    findings: list[Finding] = []
    for number, line in enumerate(private_text(path).splitlines(), 1):
        text = line.strip().removeprefix("export ").strip()
        if not text or text.startswith("#"):
            continue
        key, equals, value = (part.strip() for part in text.partition("="))
        problem = _problem(key, equals, found, also)
        if problem is None:
            found[key] = _unquoted(value)
        else:
            findings.append(Finding(f"line {number}", *problem))
    if findings:
        raise SettingsError(
            f"{len(findings)} line(s) are not understood",
            where=str(path),
            remedy=str(findings[0]) if len(findings) == 1 else "correct the lines listed",
            findings=findings,
        )
    return found


def private_text(path: Path) -> str:
    """Return the text of a file only its owner may read. SettingsError 2: it cannot be, or others can too."""
    try:
        mode = path.stat().st_mode
        text = read_regular(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise SettingsError("no such file", where=str(path), remedy="write it, and chmod 600 it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"cannot be read: {why(error)}", where=str(path), remedy="check the file"
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            "holds secrets and others can read it", where=str(path), remedy=f"chmod 600 {path}"
        )
    return text


def _problem(
    key: str, equals: str, found: Mapping[str, str], also: tuple[str, ...]
) -> tuple[str, str] | None:
    """Return what is wrong with a line and what to do; the value is never part of it."""
    if not equals or not _KEY.fullmatch(key):
        return "is not KEY=VALUE", "one secret per line, the key in capitals"
    if key in found:
        return f"{key} stands there twice", "remove one of them"
    if key in KNOWN or key in also or CHANNEL.fullmatch(key):
        return None
    near = difflib.get_close_matches(key, (*KNOWN, *also, "JUTSU_ALERT_PHONE"), n=1, cutoff=0.6)
    return (
        f"{key} is a key nobody reads",
        f"did you mean {near[0]}?" if near else f"known: {', '.join(KNOWN)}",
    )


def _unquoted(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value
