"""Positions as shares of their book: every one is named, and what is not known is no figure."""

from __future__ import annotations

from decimal import Decimal

from live.books.holdings import Holding, holdings_of
from live.ledger.tables import PositionRow


def row(symbol: str, quantity: int, worth: int | None, stop: int | None) -> PositionRow:
    return PositionRow.of(
        {
            "symbol": symbol,
            "quantity": quantity,
            "current_value": None if worth is None else Decimal(worth),
            "entry_price": Decimal(100),
            "stop_price": None if stop is None else Decimal(stop),
        }
    )


def test_positions_come_by_symbol_with_their_share_of_equity() -> None:
    rows = [row("MSFT", 10, 1_100, 90), row("AAPL", 5, None, None)]
    assert holdings_of(rows, 10_000.0) == (
        Holding("AAPL", 5, None, None, 100.0, None),
        Holding("MSFT", 10, 1_100.0, 0.11, 100.0, 90.0),
    )


def test_without_equity_no_share_is_known() -> None:
    assert [one.held for one in holdings_of([row("MSFT", 10, 1_100, 90)], None)] == [None]
    assert [one.held for one in holdings_of([row("MSFT", 10, 1_100, 90)], 0.0)] == [None]
