"""Several brokerage accounts in one installation: the section `accounts:` of the settings file.

    accounts:
      taxable: {broker: {name: schwab, schwab: {account_last4: "1234"}}, books: [{primary: golden}]}
      ira: {broker: {name: schwab, schwab: {account_last4: "5678"}}, channels: {critical: [sms]}}

What an account says holds before the rest of the file, for it alone. Each has a ledger of its own in
`state/<account>/`. Which brokerage account is meant stands in the file and nowhere else, and no two accounts
mean the same one. Without the section there is one account without a name.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from backtest.core.errors import Finding, SettingsError, UsageError
from live.settings.model import Settings

SECTION: Final = "accounts"
#: a name of no account: every one, one after the other
ALL: Final = "all"
#: names of no account: `<KEY>_FILE` names a file with a secret, it is not the key of an account
TAKEN: Final = frozenset({ALL, "file"})
#: settings without any account: those of the installation, of a demo, of a replay
NO_ACCOUNT: Final = "\0"  # no command line can hold it: an empty variable of a shell means no account here
#: names are part of files, variables and order ids: short, and without a sign that separates there
NAME: Final = re.compile(r"[a-z][a-z0-9]{0,15}")
#: what an account may say, and the setting it takes the place of; the rest holds for the installation
PARTS: Final[Mapping[str, str]] = {
    "mode": "mode",
    "broker": "broker",
    "books": "books",
    "approval": "approval",
    "channels": "alerts.channels",
    "execution": "execution",
    "safety": "safety",
    "polling": "polling",
    "paper": "paper",
    "tax": "tax",
}
#: which brokerage account is meant
IDENTITY: Final = frozenset(
    {"broker.name", "broker.schwab.account_last4", "broker.alpaca.paper", "broker.alpaca.account_last4"}
)


class AccountNeeded(SettingsError):  # noqa: N818 - named for what a person reads
    """Exit code 2: there are several accounts, and none of them was named.

    Attributes:
        names: the accounts, in the order of the file; the first is proposed, or the one that is `meant`.
    """

    def __init__(self, names: Iterable[str], meant: str | None = None) -> None:
        self.names = tuple(names)
        proposed = meant if meant in self.names else self.names[0]
        super().__init__(
            f"there are several accounts: {', '.join(self.names)}",
            where="--account",
            remedy=f"name one, as in --account {proposed}",
        )


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of a settings file: name -> what it says, empty without any."""

    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order of the file."""
        return tuple(self.parts)

    def require(self, name: str | None, file: Path | None) -> str:
        """Return the name of the account that is meant, empty for the only one that has none.

        Raises:
            AccountNeeded: 2, none of several was named. UsageError: 2, there is no such account.
        """
        if name == NO_ACCOUNT:
            return ""
        if name is not None and not self.parts:
            raise UsageError(
                f"there is no account {name!r}: the settings have no section `accounts:`",
                where="--account",
                remedy=f"leave it out, or add the section to {file or 'config/live.yaml'}",
            )
        if not self.parts:
            return ""
        if name is None or name == ALL:
            raise AccountNeeded(self.parts)
        if name not in self.parts:
            near = difflib.get_close_matches(name, self.parts, n=1)
            raise UsageError(
                f"there is no account {name!r}: known are {', '.join(self.parts)}",
                where="--account",
                remedy=f"did you mean {near[0]}?" if near else "name one of them",
            )
        return name

    def said_by(self, name: str) -> Iterator[tuple[str, Any]]:
        """Yield the settings an account takes the place of, with their values."""
        for key, value in self.parts.get(name, {}).items():
            yield PARTS[key], value


def read_accounts(section: Any, source: str) -> Accounts:
    """Return the accounts of a settings file. SettingsError 2: every finding at once."""
    if section is None:
        return Accounts()
    if not isinstance(section, Mapping):
        found = [Finding(SECTION, "is a section, not a value", "accounts: {NAME: {broker: …, books: …}}")]
    else:
        found = [finding for name, said in section.items() for finding in _problems(str(name), said)]
    if found:
        raise SettingsError(
            "the accounts are not understood",
            where=source,
            remedy=str(found[0]) if len(found) == 1 else "correct the findings listed",
            findings=found,
        )
    return Accounts({str(name): said or {} for name, said in section.items()})


def _problems(name: str, said: Any) -> Iterator[Finding]:
    where = f"{SECTION}.{name}"
    if not NAME.fullmatch(name) or name in TAKEN:
        yield Finding(
            where, "is no name of an account", "up to 16 small letters and digits, not `all` or `file`"
        )
    if not isinstance(said, Mapping | None):
        yield Finding(where, "is a section, not a value", f"it holds: {', '.join(PARTS)}")
        return
    for key in said or {}:
        if key not in PARTS:
            near = difflib.get_close_matches(str(key), PARTS, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"an account may say: {', '.join(PARTS)}"
            yield Finding(f"{where}.{key}", "is nothing an account may say", remedy)


def misplaced(values: Mapping[str, tuple[Any, str]], inside: Iterable[str]) -> Iterator[Finding]:
    """Yield what says from outside the file which brokerage account is meant: it would hold for every one.

    `values` are dotted name -> (value, source); `inside` the sources that are the file.
    """
    known = set(inside)
    for name in sorted(IDENTITY & values.keys()):
        source = values[name][1]
        if source not in known:
            yield Finding(
                name, f"{source} would change which account is traded", "say it in the settings file alone"
            )


def identity(settings: Settings) -> tuple[str, ...] | None:
    """Return what tells one brokerage account from another; None for the embedded broker, and unsaid."""
    broker = settings.broker
    if settings.mode == "offline_mock":
        return None
    if broker.name == "schwab" and broker.schwab.account_last4:
        return ("schwab", broker.schwab.account_last4)
    if broker.name == "alpaca" and broker.alpaca.account_last4:
        return ("alpaca", "paper" if broker.alpaca.paper else "live", broker.alpaca.account_last4)
    return None


def unclear(settings: Settings, others: Mapping[str, Settings]) -> Iterator[Finding]:
    """Yield why it is not certain which brokerage account is meant.

    Args:
        settings: of the account.
        others: name -> settings of every other account that can be understood.
    """
    where, broker = f"{SECTION}.{settings.account}.broker", settings.broker
    mine = identity(settings)
    if settings.mode == "online_live" and mine is None and broker.name in {"schwab", "alpaca"}:
        yield Finding(
            f"{where}.{broker.name}.account_last4",
            "is needed where there are several accounts",
            "the last four digits or letters of the account",
        )
    for name, other in others.items():
        if mine is not None and identity(other) == mine:
            yield Finding(where, f"means the same account as {name}", "give each its own account_last4")


def own_path(path: Path, account: str) -> Path:
    """Return the ledger of an account for that of the installation: in a folder of its name beside it."""
    return path.parent / account / path.name if account else path


def common_folder(state: Path, account: str) -> Path:
    """Return the state folder of the installation for that of an account: schedule and logins are there."""
    return state.parent if account and state.name == account else state


def account_of(named: str | None) -> str:
    """Return the account a flag names, empty for none, for every one, and for what is no name."""
    return named if named and NAME.fullmatch(named) and named != ALL else ""
