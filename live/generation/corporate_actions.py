"""Corporate actions nobody has booked yet: prices that moved by the factor of a split.

Today's opening against the previous close finds a split whose history was not restated: a strategy would take
it for a crash. What the previous signal file saw against today's history of that same session finds a history
that was restated while our books still count the old shares.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from backtest.core.bars import Bars
from backtest.core.errors import DataError, Finding
from backtest.data.quality import SPLITS

if TYPE_CHECKING:
    from live.generation.market import Market
    from live.ledger.tables import SignalRow

#: how far an opening may be from the exact factor; 3x funds have opened 29 % lower, a 3-for-2 split is 33 %
TOLERANCE = 0.04
#: how far a quote may have been outside the range of its session as the history tells it now
OUTSIDE = 0.02
REMEDY = "check the corporate action and update history and books; --force decides in spite of it"


def require_no_jump(market: Market, symbols: Iterable[str]) -> None:
    """Stop when a symbol opened like on the day of a split and its history still has the old prices.

    Raises:
        DataError: 5, naming every symbol.
    """
    _refuse(_jumps(market, symbols), "prices moved by the factor of a split")


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


def _jumps(market: Market, symbols: Iterable[str]) -> Iterator[Finding]:
    for symbol in sorted(set(symbols)):
        bars, quote = market.bars.get(symbol), market.quotes.get(symbol)
        if bars is None or len(bars) < 2:
            continue
        before, now = float(bars.close[-2]), float(bars.open[-1])
        if market.window.fills_at_open and quote is not None and quote.mid is not None:
            before, now = float(bars.close[-1]), quote.mid
        factor = next((f for f in _factors() if abs(now / before / f - 1) <= TOLERANCE), None)
        if factor is not None:
            yield Finding(symbol, f"closed at {before:g}, opened at {now:g}: looks like a split", REMEDY)


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
    return tuple(factor for shares in SPLITS for factor in (1 / shares, shares))


def _refuse(findings: Iterable[Finding], what: str) -> None:
    found = list(findings)
    if found:
        raise DataError(
            f"{what}: {', '.join(f.path for f in found)}", where="history", remedy=REMEDY, findings=found
        )
