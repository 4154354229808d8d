"""Prices a person has looked at and confirmed: for one symbol, one session, one price to the cent."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from backtest.core.errors import DataError

CENT = Decimal("0.01")
#: no price is this high
HIGHEST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class ConfirmedPrice:
    """A confirmation; `price` is rounded to the cent.

    Raises:
        DataError: the price is not a positive amount below `HIGHEST`.
    """

    symbol: str
    session: date
    price: Decimal

    def __post_init__(self) -> None:
        if not (self.price.is_finite() and 0 < self.price < HIGHEST):
            raise DataError(
                f"{self.price} is not a price", where=f"{self.symbol} {self.session}", remedy="give an amount"
            )
        object.__setattr__(self, "symbol", self.symbol.upper())
        object.__setattr__(self, "price", to_cent(self.price))

    def line(self) -> str:
        """Return one line of JSON, as `parse_confirmations` reads it."""
        return json.dumps(
            {"symbol": self.symbol, "session": self.session.isoformat(), "price": str(self.price)}
        )


class Confirmations:
    """A set of confirmed prices, asked price by price."""

    def __init__(self, confirmed: Iterable[ConfirmedPrice] = ()) -> None:
        self._known = frozenset((item.symbol, item.session, item.price) for item in confirmed)

    def cover(self, symbol: str, session: date, price: float | None) -> bool:
        """Tell whether a person confirmed this price of this session, compared to the cent."""
        if not self._known or price is None or not (math.isfinite(price) and abs(price) < HIGHEST):
            return False
        return (symbol, session, to_cent(Decimal(repr(price)))) in self._known


def to_cent(price: Decimal) -> Decimal:
    """Return the price to two decimals, half to even."""
    return price.quantize(CENT, ROUND_HALF_EVEN)


def parse_confirmations(text: str, where: str) -> tuple[ConfirmedPrice, ...]:
    """Read the lines of a confirmations file; keys besides symbol, session and price are left alone.

    Raises:
        DataError: a line that is not a confirmation, named by its number.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            price = Decimal(str(row["price"]))
            found.append(ConfirmedPrice(str(row["symbol"]), date.fromisoformat(row["session"]), price))
        except (ValueError, KeyError, TypeError, InvalidOperation, DataError) as error:
            raise DataError(
                "not a confirmed price", where=f"{where}:{number}", remedy="remove the line, confirm again"
            ) from error
    return tuple(found)
