"""Quotes right before orders are sent: which of them must not be traded on, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from backtest.core.bar_words import Moment
from backtest.core.bars import Bars
from backtest.data.quality.findings import PriceFinding, errors
from backtest.data.quality.known import Known
from backtest.data.quality.price_gate import judge_prices
from backtest.data.quality.quotes import MAX_DIFFERENCE, judge_quote


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one symbol's price in the running session.

    Attributes:
        price: of the quote.
        candle: newest close of the vendor's own candle of today, None without one.
        second_source: the price from another vendor, None without one.
    """

    price: float
    candle: float | None = None
    second_source: float | None = None


def doubts_before_orders(
    seen: Mapping[str, Seen],
    session: date,
    moment: Moment,
    bars: Mapping[str, Bars],
    known: Known,
    *,
    max_difference: float = MAX_DIFFERENCE,
) -> dict[str, PriceFinding]:
    """Return symbol -> the first error about its quote; a symbol that is not named may be traded.

    Args:
        seen: quotes by symbol; with its index or fund beside it, a symbol is judged by that too.
        session: the running session.
        moment: ``open`` in an opening window.
        bars: histories by symbol; rows of `session` and later are not read.
        known: relations, recorded dividends and confirmed prices; splits must be in the bars already.
        max_difference: decimal fraction between two sources; a fund may differ by its multiple of it.
    """
    prices = {symbol: item.price for symbol, item in seen.items()}
    found = list(
        judge_prices(
            prices,
            session,
            moment,
            bars,
            known.relations,
            actions=[action for action in known.actions if action.kind != "split"],
            confirmed=known.confirmed,
        )
    )
    for symbol, item in seen.items():
        found += judge_quote(
            symbol,
            session,
            item.price,
            candle=item.candle,
            second_source=item.second_source,
            max_difference=max_difference,
            multiple=known.multiple(symbol),
            confirmed=known.confirmed,
        )
    doubts: dict[str, PriceFinding] = {}
    for error in errors(found):
        doubts.setdefault(error.symbol, error)
    return doubts
