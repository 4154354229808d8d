"""Bars of today's candidates, for strategies whose risk rules judge an entry by them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from live.generation.market import SessionMarket, require_adjusted

if TYPE_CHECKING:
    from live.books.variants import BookVariant
    from live.generation.candidates import CandidateInput
    from live.model.feed import Feed


def with_candidate_bars(
    market: SessionMarket, feed: Feed, variant: BookVariant, report: CandidateInput
) -> SessionMarket:
    """Return the market with the finished bars of the candidates, where the strategy's rules read them.

    A candidate without bars stays without: the rules then do not enter it. They are history to measure by;
    the price of an entry stays that of its report, judged by the quote it is sent on.

    Raises:
        DataError: the bars cannot be read, or are not adjusted for splits.
    """
    if not variant.strategy.terms.reads_bars_of_candidates or not report.candidates:
        return market
    wanted = sorted({candidate.ticker for candidate in report.candidates} - market.bars.keys())
    found = feed.history(wanted, market.at) if wanted else {}
    until = {symbol: bars.until(market.window.decides_on) for symbol, bars in found.items()}
    known = {symbol: bars for symbol, bars in until.items() if len(bars)}
    more = replace(market, bars={**market.bars, **known})
    require_adjusted(more)
    return more
