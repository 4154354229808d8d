"""Which accounts of Interactive Brokers may be traded: paper ones only, until live is proven."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backtest.core.errors import SettingsError

#: TWS and Gateway listen here for live accounts
LIVE_PORTS: Final = frozenset({7496, 4001})
PAPER_PREFIX: Final = "D"
#: of TWS for paper accounts: the default
PAPER_PORT: Final = "7497"


def require_paper(port: int, account: str) -> str:
    """Return the account id.

    Raises:
        SettingsError: a port of live accounts, no account named, or one that is no paper account.
    """
    if port in LIVE_PORTS:
        raise SettingsError(
            f"port {port} serves live accounts, and Interactive Brokers is not offered for live money",
            where="IBKR_PORT",
            remedy="use a paper account: port 7497 (TWS) or 4002 (Gateway)",
        )
    if not account:
        raise SettingsError(
            "no account is named", where="IBKR_ACCOUNT", remedy="name the account that may trade"
        )
    if not account.startswith(PAPER_PREFIX):
        raise SettingsError(
            "this is no paper account, and Interactive Brokers is not offered for live money",
            where="IBKR_ACCOUNT",
            remedy=f"name a paper account; their ids start with {PAPER_PREFIX}",
        )
    return account


def require_offered(environ: Mapping[str, str]) -> tuple[int, str]:
    """Return port and account that the environment names. SettingsError: as `require_paper`, or no number."""
    text = environ.get("IBKR_PORT", PAPER_PORT)
    if not text.isdecimal():
        raise SettingsError(f"{text!r} is not a number", where="IBKR_PORT", remedy=f"e.g. {PAPER_PORT}")
    return int(text), require_paper(int(text), environ.get("IBKR_ACCOUNT", ""))


def account_key(environ: Mapping[str, str]) -> str:
    """Return the ledger's account key: paper and live accounts share neither memory nor confirmation."""
    account = environ.get("IBKR_ACCOUNT", "")
    if not account:
        return "ibkr-unknown"
    return f"ibkr-{'paper' if account.startswith(PAPER_PREFIX) else 'live'}-{account[-4:]}"
