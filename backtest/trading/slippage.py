"""Slippage of a fill against the price it was meant for."""

from __future__ import annotations

from decimal import Decimal


def slippage_pct(side: str, fill: Decimal, reference: Decimal | None) -> float | None:
    """Return how much worse than `reference` a fill was, percent; negative when it was better."""
    if not reference:
        return None
    paid = float(fill / reference - 1) * 100
    return paid if side == "buy" else -paid
