"""Values that rules exchange: a ledger's row as a position, a book as shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from backtest.core.decision import Book, OpenPosition

DAY = date(2024, 1, 2)


@dataclass
class Row:
    """A row as a ledger keeps it."""

    symbol: str = "AAA"
    quantity: int = 10
    entry_price: Decimal | float = Decimal("50.25")
    entry_session: date = DAY
    stop_price: Decimal | float | None = Decimal("45.10")
    details: dict[str, Any] = field(default_factory=lambda: {"score": 80})


@pytest.mark.parametrize(("stop", "expected"), [(Decimal("45.10"), 45.1), (None, None), (0.0, 0.0)])
def test_a_row_becomes_a_position_of_plain_numbers(
    stop: Decimal | float | None, expected: float | None
) -> None:
    made = OpenPosition.of(Row(stop_price=stop))
    assert made == OpenPosition("AAA", 10, 50.25, DAY, expected, {"score": 80})
    assert type(made.entry_price) is float


def test_a_book_names_its_shares_in_order() -> None:
    positions = {s: OpenPosition(s, n, 1.0, DAY) for s, n in (("QQQ", 3), ("AAA", 1))}
    assert list(Book(5.0, positions).shares().items()) == [("AAA", 1), ("QQQ", 3)]
    assert Book(5.0).shares() == {}
