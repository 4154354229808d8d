"""What a book of single positions holds, as shares of its equity: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from live.ledger.tables import PositionRow


@dataclass(frozen=True, slots=True)
class Holding:
    """One position; money in account currency.

    Attributes:
        value: shares times the newest price known, None when none is.
        held: decimal fraction of equity, None when value or equity is not known.
        entry_price: average price it was bought at. stop_price: of its stop, None without one.
    """

    symbol: str
    shares: int
    value: float | None
    held: float | None
    entry_price: float
    stop_price: float | None


def holdings_of(rows: Sequence[PositionRow], equity: float | None) -> tuple[Holding, ...]:
    """Return the open positions of a variant, by symbol, given its equity at the newest marking."""
    return tuple(_holding(row, equity) for row in sorted(rows, key=lambda row: row.symbol))


def _holding(row: PositionRow, equity: float | None) -> Holding:
    value = None if row.current_value is None else float(row.current_value)
    return Holding(
        symbol=row.symbol,
        shares=row.quantity,
        value=value,
        held=None if value is None or not equity else value / equity,
        entry_price=float(row.entry_price),
        stop_price=None if row.stop_price is None else float(row.stop_price),
    )
