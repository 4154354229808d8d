"""The smallest price step of a share: a cent, below one dollar a hundredth of it."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal


def tick(price: Decimal) -> Decimal:
    """Return the price step at `price`, currency per share."""
    return Decimal("0.01") if price >= 1 else Decimal("0.0001")


def to_tick(price: float | Decimal) -> Decimal:
    """Return the nearest price a broker accepts."""
    value = Decimal(repr(price)) if isinstance(price, float) else price
    return Decimal(repr(round(float(value), 2 if value >= 1 else 4))).quantize(tick(value))


def limit_above(price: Decimal, percent: float) -> Decimal:
    """Return the highest price on the tick that is at most `percent` above `price`."""
    most = price * (1 + Decimal(repr(percent)) / 100)
    return most.quantize(tick(most), rounding=ROUND_DOWN)
