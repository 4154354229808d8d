"""Alpaca's activities that are no trades: dividends, interest, fees, transfers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from live.brokers.common import decimal
from live.model.broker import CashKind, CashMovement

#: beginnings of activity types; whatever else moves cash is `other`
_KINDS: Final[tuple[tuple[str, CashKind], ...]] = (
    ("DIVFEE", "fee"),
    ("DIV", "dividend"),
    ("INT", "interest"),
    ("FEE", "fee"),
    ("CFEE", "fee"),
    ("PTC", "fee"),
    ("CSD", "deposit"),
    ("CSW", "deposit"),
    ("JNL", "deposit"),
    ("TRANS", "deposit"),
    ("ACATC", "deposit"),
)


def parse_movement(row: Mapping[str, Any]) -> CashMovement | None:
    """Return an activity as a movement of cash, None for a fill or one that moves none."""
    kind, amount = str(row.get("activity_type", "")), decimal(row.get("net_amount"))
    if kind == "FILL" or not amount:
        return None
    named: CashKind = next((name for start, name in _KINDS if kind.startswith(start)), "other")
    day = date.fromisoformat(str(row["date"])[:10])
    note = " ".join(str(row[key]) for key in ("activity_type", "symbol", "description") if row.get(key))
    return CashMovement(str(row["id"]), day, named, amount, note)
