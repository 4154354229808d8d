"""Numbers as text for a person."""

from __future__ import annotations

from decimal import Decimal


def money(value: float | Decimal | None) -> str:
    """Return an amount with thousands separators and cents, empty for None."""
    return "" if value is None else f"{float(value):,.2f}"


def percent(value: float | None, digits: int = 2) -> str:
    """Return a fraction as percent, empty for None."""
    return "" if value is None else f"{value * 100:.{digits}f} %"
