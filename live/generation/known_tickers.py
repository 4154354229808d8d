"""What the source of data knows of a report's tickers: unknown ones and wrong prices are left out.

They are left out before they use up a place of the day.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from backtest.core.errors import JutsuError
from live.generation.report_prices import with_believed_prices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backtest.core.bars import Bars
    from backtest.core.candidate import Candidate
    from live.generation.candidates import CandidateInput
    from live.model.feed import Feed, Quote

LOG = logging.getLogger("jutsu.generator")

#: an older price says nothing about that of the report
_NEWEST_WITHIN: Final = timedelta(days=10)


def known_tickers(feed: Feed, report: CandidateInput, at: datetime) -> CandidateInput:
    """Return the report without tickers that have neither a quote nor a bar, or whose price is far off.

    A price is held against the last close, else against the quote (see `with_believed_prices`). A source that
    fails answers nothing: the candidates stay, because exits of the same run must not wait for them. An entry
    needs a quote when it is sent; one that waits for the open is the broker's to refuse. The prices of a list
    for simulation are those that the simulator takes too, and are not judged.
    """
    if not report.candidates:
        return report
    names = sorted({candidate.ticker for candidate in report.candidates})
    quoted: Mapping[str, Quote] = {}
    bars: Mapping[str, Bars] = {}
    try:
        quoted = feed.quotes(names, at)
        bars = feed.history(names, at)
        report = report.without_unknown([n for n in names if n not in quoted and n not in bars])
    except JutsuError as error:
        LOG.warning("the tickers of the report could not be looked up: %s", error.line())
        report = replace(report, notes=(*report.notes, f"tickers were not looked up: {error.problem}"))
    if report.from_list:
        return report
    known = {c.ticker: _known_price(c, quoted, bars, at) for c in report.candidates or ()}
    return with_believed_prices(report, {ticker: price for ticker, price in known.items() if price})


def _known_price(
    candidate: Candidate, quoted: Mapping[str, Quote], bars: Mapping[str, Bars], at: datetime
) -> float | None:
    """Return the last close up to the date of the report, else the quote; neither of another time."""
    until = bars[candidate.ticker].until(candidate.report_date) if candidate.ticker in bars else None
    if until is not None and len(until) and candidate.report_date - until.last <= _NEWEST_WITHIN:
        return float(until.close[-1])
    quote = quoted.get(candidate.ticker)
    if quote is None or abs(at.date() - candidate.report_date) > _NEWEST_WITHIN:
        return None
    return quote.last or quote.mid
