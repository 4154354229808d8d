"""Corporate actions nobody has booked: a history that was restated while the books count the old shares.

What the previous signal file saw is compared with today's history of that same session. A history that was
not restated, and so looks like a crash, is the price gate's matter (`live.generation.price_check`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from backtest.core.bars import Bars
from backtest.core.errors import CorporateActionError, Finding
from backtest.data.quality.splits import RATIOS

if TYPE_CHECKING:
    from live.ledger.tables import SignalRow

#: how far a quote may have been outside the range of its session as the history tells it now
OUTSIDE = 0.02
REMEDY = (
    "check the corporate action; once the broker has booked it, `jutsu reconcile --adopt` takes its shares "
    "into the books; --force decides in spite of it"
)


def require_same_history(previous: SignalRow, bars: Mapping[str, Bars], symbols: Iterable[str]) -> None:
    """Stop when the history of a held symbol was restated since the previous signal file.

    Args:
        previous: the ledger's record of the newest earlier file of this variant.
        bars: history by symbol as it is now.
        symbols: what is held.

    Raises:
        DataError: 5, naming every symbol.
    """
    seen = _prices_seen(json.loads(previous.content))
    findings = (
        _restated(symbol, seen[symbol], bars[symbol], previous.session)
        for symbol in sorted(set(symbols))
        if symbol in seen and symbol in bars
    )
    _refuse((finding for finding in findings if finding is not None), "the history of held symbols changed")


def _restated(symbol: str, price: float, bars: Bars, day: date) -> Finding | None:
    row = bars.row(day)
    if row is None:
        return None
    low, high = float(bars.low[row]) * (1 - OUTSIDE), float(bars.high[row]) * (1 + OUTSIDE)
    if low <= price <= high or not any(low <= price * factor <= high for factor in _factors()):
        return None
    return Finding(
        symbol, f"was {price:g} on {day}, its history now says {float(bars.close[row]):g}: a split?", REMEDY
    )


def _prices_seen(content: Mapping[str, Any]) -> dict[str, float]:
    quotes = content.get("inputs", {}).get("quotes", ())
    return {quote["symbol"]: float(quote["last"]) for quote in quotes if quote.get("last")}


def _factors() -> tuple[float, ...]:
    return tuple(float(1 / ratio) for ratio in RATIOS)


def _refuse(findings: Iterable[Finding], what: str) -> None:
    found = list(findings)
    if found:
        raise CorporateActionError(
            f"{what}: {', '.join(f.path for f in found)}", where="history", remedy=REMEDY, findings=found
        )
