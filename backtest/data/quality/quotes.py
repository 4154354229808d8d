"""A quote against the other prices that are known of the running session."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from typing import Final

from backtest.data.quality.confirmations import Confirmations, ConfirmedPrice
from backtest.data.quality.findings import IMPOSSIBLE, PriceFinding, price_error

#: two sources of one price may differ by this fraction (settled point 10)
MAX_DIFFERENCE: Final = 0.01


def judge_quote(
    symbol: str,
    session: date,
    price: float,
    *,
    candle: float | None = None,
    second_source: float | None = None,
    max_difference: float = MAX_DIFFERENCE,
    multiple: float = 1.0,
    confirmed: Iterable[ConfirmedPrice] = (),
) -> tuple[PriceFinding, ...]:
    """Judge the price of a quote against the vendor's own candle of today and against a second source.

    Its step from the previous close is `price_gate.judge_newest`'s matter: bars with the quote as last row.

    Args:
        symbol: ticker.
        session: the running session.
        price: what the quote says.
        candle: newest close of today's candle of the same vendor, None when there is none.
        second_source: the same price from another vendor, None without one.
        max_difference: largest difference that passes, decimal fraction.
        multiple: leverage of the symbol; a fund that moves 3 times as fast may differ 3 times as much.
        confirmed: prices that a person looked at; they pass, to the cent.

    Returns:
        One error per disagreement.
    """
    if not 0 < price < IMPOSSIBLE:
        return (PriceFinding(symbol, session, "quote", "error", f"quote {price:g} is no price", "ask again"),)
    if Confirmations(confirmed).cover(symbol, session, price):
        return ()
    allowed = max_difference * max(1.0, abs(multiple))
    others = (("today's candle", candle), ("the second source", second_source))
    return tuple(
        _quote_error(symbol, session, price, other, name, allowed)
        for name, other in others
        if other is not None and not _near(price, other, allowed)
    )


def _near(price: float, other: float, allowed: float) -> bool:
    return math.isfinite(other) and other > 0 and abs(price / other - 1) <= allowed


def _quote_error(
    symbol: str, session: date, price: float, other: float, name: str, allowed: float
) -> PriceFinding:
    found = price_error(
        symbol, session, price, f"quote {price:.6g}, {name} says {other:.6g} (over {allowed:.1%} apart)"
    )
    return PriceFinding(symbol, session, "quote", "error", found.problem, found.remedy, price)
