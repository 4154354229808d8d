"""Tickers of a report that no source of data knows: left out before they use up a place of the day."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from backtest.core.errors import JutsuError

if TYPE_CHECKING:
    from live.generation.candidates import CandidateInput
    from live.model.feed import Feed

LOG = logging.getLogger("jutsu.generator")


def known_tickers(feed: Feed, report: CandidateInput, at: datetime) -> CandidateInput:
    """Return the report without tickers that have neither a quote nor a bar.

    A source that fails answers nothing: the candidates stay, because exits of the same run must not wait for
    them. An entry needs a quote when it is sent; one that waits for the open is the broker's to refuse.
    """
    if not report.candidates:
        return report
    names = sorted({candidate.ticker for candidate in report.candidates})
    try:
        quoted = feed.quotes(names, at)
        return report.without_unknown([n for n in names if n not in quoted and not _has_bars(feed, n, at)])
    except JutsuError as error:
        LOG.warning("the tickers of the report could not be looked up: %s", error.line())
        return replace(report, notes=(*report.notes, f"tickers were not looked up: {error.problem}"))


def _has_bars(feed: Feed, ticker: str, at: datetime) -> bool:
    return ticker in feed.history([ticker], at)
