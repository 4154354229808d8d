"""What the stages need from a market data vendor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from backtest.core.bars import Bars


SecurityStatus = Literal["normal", "halted", "closed", "unknown"]


@dataclass(frozen=True, slots=True)
class Quote:
    """One quote; prices are positive or None when the vendor gave none. A missing time means stale.

    Attributes:
        bid, ask, last: currency per share.
        open, high, low: of the running session.
        volume: shares traded so far in this session.
        quote_time, trade_time: aware instants by the vendor's clock.
        realtime: False for a delayed entitlement.
        status: trading status of the security.
        source: vendor name.
        candle: newest price of the vendor's own candle of this session, None when it showed none.
    """

    symbol: str
    bid: float | None
    ask: float | None
    last: float | None
    quote_time: datetime | None
    trade_time: datetime | None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    volume: float | None = None
    realtime: bool = True
    status: SecurityStatus = "normal"
    source: str = ""
    candle: float | None = None

    @property
    def mid(self) -> float | None:
        """Middle of bid and ask, else the last price, else None."""
        if self.bid is not None and self.ask is not None and 0 < self.bid <= self.ask:
            return self.bid if self.bid == self.ask else (self.bid + self.ask) / 2
        return self.last


class Feed(Protocol):
    """A source of daily history and quotes. Nothing later than `at` may influence an answer."""

    @property
    def name(self) -> str:
        """Vendor name used as provenance."""
        ...

    def history(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Bars]:
        """Return completed daily bars known at `at`: sessions that closed at or before it.

        A symbol without data is left out. DataError for defects (unsorted, duplicated, gapped, split-like).
        """
        ...

    def quotes(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Quote]:
        """Return quotes of the running session at `at`; a symbol without one is left out."""
        ...


def last_prices(feed: Feed, symbols: Sequence[str], at: datetime) -> dict[str, float]:
    """Return the newest trade (else the middle) by symbol; one the feed has no price of is left out."""
    found = {symbol: quote.last or quote.mid for symbol, quote in feed.quotes(symbols, at).items()}
    return {symbol: price for symbol, price in found.items() if price}
