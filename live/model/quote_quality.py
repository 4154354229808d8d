"""Is a quote's middle a price? A wide or lopsided quote has a middle that nobody trades at. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from live.model.feed import Quote
from live.model.ticks import to_tick

#: (ask - bid) / mid above which the middle says nothing, percent
MAX_SPREAD_PCT: Final = 5.0
#: |mid / last - 1| above which quote and trades contradict each other, percent
MAX_OFF_LAST_PCT: Final = 5.0


def spread_problem(quote: Quote) -> str:
    """Return why no entry may follow this quote (too wide, or far from the last trade), empty when it may."""
    mid = quote.mid
    if mid is None or mid <= 0:
        return ""
    if quote.bid is not None and quote.ask is not None:
        spread = (quote.ask - quote.bid) / mid * 100
        if spread > MAX_SPREAD_PCT:
            return (
                f"bid {quote.bid:g} and ask {quote.ask:g} are {spread:.1f} % apart (limit {MAX_SPREAD_PCT:g})"
            )
    if quote.last is not None and quote.last > 0:
        off = abs(mid / quote.last - 1) * 100
        if off > MAX_OFF_LAST_PCT:
            return (
                f"the middle of the quote {mid:g} is {off:.1f} % away from the last trade {quote.last:g} "
                f"(at most {MAX_OFF_LAST_PCT:g})"
            )
    return ""


def attached_stop(quote: Quote | None, *, reference: Decimal, loss_pct: float) -> Decimal:
    """Return the price of a stop sent along with its buy, before the fill is known.

    It must never lie above the market, where it would sell at once: it hangs below the lower of middle and
    last trade, and never above the price the decision was made at. After the fill it is moved to its place.

    Args:
        quote: of now, None when there is none.
        reference: currency per share the decision used.
        loss_pct: distance of the stop below its base, percent.
    """
    keep = 1 - loss_pct / 100
    bases = [price for price in (quote.mid, quote.last) if price] if quote is not None else []
    if not bases:
        return to_tick(float(reference) * keep)
    return min(to_tick(min(bases) * keep), to_tick(reference))
