"""Which account the settings mean: the key of its rows in the ledger."""

from __future__ import annotations

import os

from live.settings.model import Settings


def account_key(settings: Settings) -> str:
    """Return the account key: paper and live books never share memory."""
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

        return ibkr_key(os.environ)
    return name
