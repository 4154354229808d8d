"""Schwab's transactions that are no trades: dividends, interest, fees, transfers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from backtest.calendar.sessions import NEW_YORK
from live.brokers.common import decimal
from live.model.broker import CashKind, CashMovement

_TRANSFERS: Final = frozenset(
    {
        "ACH_RECEIPT",
        "ACH_DISBURSEMENT",
        "CASH_RECEIPT",
        "CASH_DISBURSEMENT",
        "ELECTRONIC_FUND",
        "WIRE_IN",
        "WIRE_OUT",
        "JOURNAL",
    }
)


def parse_movement(row: Mapping[str, Any]) -> CashMovement | None:
    """Return a transaction as a movement of cash, None for a trade or one that moves none."""
    kind, amount = str(row.get("type", "")), decimal(row.get("netAmount"))
    if kind == "TRADE" or not amount:
        return None
    at = datetime.fromisoformat(str(row.get("time") or row["tradeDate"]))
    words = str(row.get("description", ""))
    return CashMovement(
        str(row["activityId"]), at.astimezone(NEW_YORK).date(), _kind(kind, words), amount, words or kind
    )


def _kind(kind: str, words: str) -> CashKind:
    if kind in _TRANSFERS:
        return "deposit"
    said = words.lower()
    if "fee" in said.split() or "fees" in said.split():
        return "fee"
    if kind == "DIVIDEND_OR_INTEREST":
        return "interest" if "interest" in said else "dividend"
    return "other"
