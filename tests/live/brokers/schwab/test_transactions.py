"""Schwab's transactions as cash movements."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from live.brokers.schwab.transactions import parse_movement


def row(kind: str, amount: float, words: str = "") -> dict[str, Any]:
    time = "2024-03-12T01:30:00+0000"
    return {"activityId": 7, "time": time, "type": kind, "netAmount": amount, "description": words}


@pytest.mark.parametrize(
    ("kind", "words", "meant"),
    [
        ("DIVIDEND_OR_INTEREST", "QQQ ORDINARY DIVIDEND", "dividend"),
        ("DIVIDEND_OR_INTEREST", "BANK INTEREST", "interest"),
        ("DIVIDEND_OR_INTEREST", "ADR FEE", "fee"),
        ("ACH_RECEIPT", "", "deposit"),
        ("WIRE_OUT", "", "deposit"),
        ("JOURNAL", "", "deposit"),
        ("MEMORANDUM", "CASH IN LIEU", "other"),
    ],
)
def test_types(kind: str, words: str, meant: str) -> None:
    moved = parse_movement(row(kind, 12.34, words))
    assert moved is not None
    # half past one in the night of Greenwich is the evening before in New York
    assert (moved.kind, moved.amount, moved.day) == (meant, Decimal("12.34"), date(2024, 3, 11))
    assert moved.movement_id == "7"


def test_trades_and_rows_without_cash_are_none() -> None:
    assert parse_movement(row("TRADE", -100.0)) is None
    assert parse_movement(row("MEMORANDUM", 0)) is None
