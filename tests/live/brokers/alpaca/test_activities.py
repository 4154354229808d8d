"""Alpaca's activities as cash movements: what each type means, over the real client, page by page."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from live.brokers.alpaca.activities import parse_movement
from tests.fakes.alpaca import FakeAlpaca
from tests.support.alpaca_world import AT, broker_at


def row(kind: str, amount: str | None, day: str = "2024-03-11", number: int = 1) -> dict[str, Any]:
    return {"id": f"{day}::{number}", "activity_type": kind, "date": day, "net_amount": amount, "symbol": "T"}


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("DIV", "dividend"), ("DIVNRA", "dividend"), ("DIVFEE", "fee"), ("INT", "interest"), ("FEE", "fee"),
        ("CFEE", "fee"), ("CSD", "deposit"), ("CSW", "deposit"), ("JNLC", "deposit"), ("REORG", "other"),
    ],
)  # fmt: skip
def test_types(kind: str, meant: str) -> None:
    moved = parse_movement(row(kind, "-1.02"))
    assert moved is not None
    assert (moved.kind, moved.amount, moved.day) == (meant, Decimal("-1.02"), date(2024, 3, 11))


@pytest.mark.parametrize("bare", [row("FILL", "5"), row("SPLIT", None), row("MA", "0")])
def test_fills_and_activities_without_cash_are_none(bare: dict[str, Any]) -> None:
    assert parse_movement(bare) is None


def test_every_page_is_read_and_older_days_are_left_out() -> None:
    with FakeAlpaca(AT) as fake:
        fake.app.activities = [row("DIV", "1.00", "2024-03-01", 0)]
        fake.app.activities += [row("DIV", "1.00", "2024-03-11", n) for n in range(1, 251)]
        found = broker_at(fake).cash_movements(date(2024, 3, 10))
    assert len({moved.movement_id for moved in found}) == 250
