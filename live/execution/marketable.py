"""Buys with a limit just above the quote: what they may pay. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from live.handoff.model import LIMIT_ABOVE_QUOTE, SignalOrder
from live.model.ticks import limit_above

if TYPE_CHECKING:
    from live.settings.model import SafetySettings


def above_quote_pct(order: SignalOrder, safety: SafetySettings) -> float:
    """Return how much more than its quote a buy may pay, percent; 0 for a market order."""
    if order.order_type != "marketable_limit":
        return 0.0
    return float(order.details.get(LIMIT_ABOVE_QUOTE, safety.slippage_abort_pct))


def limit_of(order: SignalOrder, mid: float | None, safety: SafetySettings) -> Decimal | None:
    """Return the most a buy may pay per share now, None for a market order.

    Args:
        order: of the file.
        mid: middle of a usable quote; without one (before the open, or for an instant) the limit follows the
            price the decision was made at.
        safety: `slippage_abort_pct` is the distance of an order whose file does not say.
    """
    if order.order_type != "marketable_limit":
        return None
    base = order.reference_price if mid is None else mid
    return limit_above(Decimal(repr(base)), above_quote_pct(order, safety))
