"""Which account the settings mean: the key of its rows in the ledger, and that the ledger is its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path, PurePath
from typing import Final, TypeVar

from backtest.core.errors import SettingsError
from live.ledger.ledger import Ledger
from live.ledger.system_state import EVERY_ACCOUNT
from live.settings.model import Settings
from live.settings.secrets import Whose, of_account


def account_key(settings: Settings, environ: Mapping[str, str] | None = None) -> str:
    """Return the account key: paper and live books never share memory.

    `environ` is where the account of Interactive Brokers is named; None: the environment of this process.
    """
    if settings.mode == "offline_mock":
        return "paper"
    name = settings.broker.name
    if name == "schwab":
        return f"schwab-{settings.broker.schwab.account_last4 or 'unknown'}"
    if name == "alpaca":
        alpaca = settings.broker.alpaca
        kind = "paper" if alpaca.paper else "live"
        return f"alpaca-{kind}-{alpaca.account_last4}" if alpaca.account_last4 else f"alpaca-{kind}"
    if name == "ibkr":
        from live.brokers.ibkr.access import account_key as ibkr_key

        known = os.environ if environ is None else environ
        return ibkr_key(of_account(known, Whose(settings.account)))
    return name


def is_paper(account: str) -> bool:
    """Tell whether no money is at stake in the account of this key."""
    return account == "paper" or account.startswith(("alpaca-paper", "ibkr-paper"))


def named_account(name: str, key: str) -> str:
    """Return what a person calls an account: its key, after its name where there are several."""
    return f"{name} ({key})" if name else key


PlacedPath = TypeVar("PlacedPath", bound=PurePath)
#: key of the rows of the book of breakouts in the ledger: on paper, whatever the other books are
ORB_ACCOUNT: Final = "paper-orb"


def orb_paper_file(state_db: PlacedPath) -> PlacedPath:
    """Return the file of the paper account of breakouts beside a ledger."""
    return state_db.with_name(f"{state_db.stem}.orb.db")


def orb_day_folder(state: Path, day: str) -> Path:
    """Return the folder of a trading day's bars and events below the folder of the ledger."""
    return state / "orb" / day


#: whose ledger it is, where there are several accounts
_NAME: Final = "account_name"


def require_own(ledger: Ledger, account: str, *, at: datetime | None) -> None:
    """Refuse the ledger of another account; one that belongs to nobody yet is taken.

    Args:
        ledger: just opened; closed when it is refused.
        account: name of one of several accounts, empty without any: then every ledger is right.
        at: the instant that is kept beside the name, None: nothing is written.

    Raises:
        SettingsError: 2, the ledger belongs to another account.
    """
    if not account:
        return
    state = ledger.for_account(EVERY_ACCOUNT).state
    owner = state.get(_NAME)
    if owner is None and at is not None:
        state.set(_NAME, account, at=at)
    if owner not in {None, account}:
        where = str(ledger.where)
        ledger.close()
        raise SettingsError(
            f"this is the ledger of the account {owner}, not of {account}",
            where=where,
            remedy="leave out --state-db, or name the right account (--account)",
        )
