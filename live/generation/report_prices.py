"""Report prices held against the last known ones: a wrong price buys the wrong number of shares."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backtest.core.decision import Skip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backtest.core.candidate import Candidate
    from live.generation.candidates import CandidateInput

HELD_BACK_ABOVE: Final = 0.30
WARNED_ABOVE: Final = 0.15
FAR_FROM_LAST: Final = "price_far_from_last"


def with_believed_prices(report: CandidateInput, known: Mapping[str, float]) -> CandidateInput:
    """Return the report without candidates whose price is far from the last known one; both prices are noted.

    More than 30 % away is not entered, between 15 % and 30 % is entered with a warning: an earnings gap may
    be large. A candidate without a price, or of which no price is known, stays as it is.

    Args:
        report: candidates, prices in currency per share.
        known: ticker -> last close, or last quote without one; currency per share.
    """
    gone: dict[str, Skip] = {}
    notes: list[str] = []
    for candidate in report.candidates or ():
        price, last = candidate.price, known.get(candidate.ticker)
        if price is None or not last or abs(price / last - 1) <= WARNED_ABOVE:
            continue
        line = _line(candidate, price, last)
        if abs(price / last - 1) > HELD_BACK_ABOVE:
            gone[candidate.ticker] = Skip(candidate.ticker, FAR_FROM_LAST, {"price": price, "last": last})
            line += ": not entered; correct the report, or the data"
        notes.append(line)
    if not notes:
        return report
    return replace(report.less(gone), notes=(*report.notes, *notes))


def _line(candidate: Candidate, price: float, last: float) -> str:
    side = "above" if price > last else "below"
    away = abs(price / last - 1) * 100
    return f"{candidate.ticker}: report price {price:g} is {away:.0f} % {side} the last known {last:g}"
