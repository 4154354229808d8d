"""A feed made of stored daily bars: CSV folder, bar store or demo market.

Daily bars know two prices of a session, its open and its close, and this feed pretends nothing else:

==============================  =====================================================================
instant                         quote (bid = ask = last, times = the instant itself)
==============================  =====================================================================
no session that day             none
before the session's open       none
open to the session's middle    the day's open; high, low and volume are None: nobody knows them yet
middle to the session's close   the day's close, with open, high, low and volume of the day's bar
after the close                 the same, the final close
==============================  =====================================================================

So an opening-window run trades at the open and a closing-window run at the close, and what a run late in the
session may know about the day (its whole bar) is exactly what the backtest uses there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Protocol, runtime_checkable

from backtest.calendar import sessions as calendar
from backtest.calendar.sessions import NEW_YORK, Session
from backtest.core.bars import Bars
from backtest.core.errors import DataError
from backtest.data.quality import DatedFinding, refuse
from backtest.data.sources.csv import CsvDirectory, Judged
from backtest.data.sources.demo import DemoMarket
from backtest.data.store import BarStore
from live.model.feed import Quote

_log = logging.getLogger(__name__)


class BarSource(Protocol):
    """Where whole histories come from."""

    def read(self, symbols: Sequence[str]) -> Mapping[str, Bars]:
        """Return the bars of `symbols`; a symbol without any is left out."""
        ...


@runtime_checkable
class JudgingSource(Protocol):
    """A source of files that may be wrong: it tells what is wrong, and the feed what of it matters yet."""

    def judged(self, symbols: Sequence[str]) -> Mapping[str, Judged]:
        """Return bars and findings of `symbols`; a symbol without a file is left out."""
        ...


class BarFeed:
    """`Feed` over daily bars. Each symbol is read once; answers are views, cheap enough for every session.

    Defects of a file raise DataError as soon as an answer covers their session, and never before: what lies
    after the instant of a run must not influence it, not even by stopping it. A missing session is no defect
    here: whether its bar was needed, the strategy knows (`live.generation.market.check_history`).
    """

    def __init__(self, source: BarSource, name: str) -> None:
        self._source = source
        self._name = name
        self._known: dict[str, Bars | None] = {}
        self._faults: dict[str, tuple[DatedFinding, ...]] = {}

    @property
    def name(self) -> str:
        """Provenance: ``csv``, ``store``, ``demo``."""
        return self._name

    def history(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Bars]:
        """Return the bars of sessions that closed at or before `at`; a symbol without any is left out.

        A bar that was stored before its session's close is unfinished and no bar of a closed session.
        """
        newest = calendar.last_closed_session(at).day
        self._raise_due_faults(symbols, newest)
        cut = {symbol: _finished(bars.until(newest)) for symbol, bars in self._load(symbols).items()}
        return {symbol: bars for symbol, bars in cut.items() if len(bars)}

    def quotes(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Quote]:
        """Return the quotes of the session of `at` (see the table above); a symbol without a bar has none."""
        running = calendar.session(at.astimezone(NEW_YORK).date())
        if running is None or at < running.open:
            return {}
        closing = _knows_the_close(running, at)
        self._raise_due_faults(
            symbols, running.day if closing else calendar.previous_session(running.day).day
        )
        make = _closing_quote if closing else _opening_quote
        found: dict[str, Quote] = {}
        for symbol, bars in self._load(symbols).items():
            row = bars.row(running.day)
            if row is not None and not (at >= running.close and bars.provisional and row == len(bars) - 1):
                found[symbol] = make(bars, row, at, self._name)
        return found

    def _load(self, symbols: Sequence[str]) -> dict[str, Bars]:
        missing = [symbol for symbol in symbols if symbol not in self._known]
        if missing:
            read = self._read(missing)
            self._known.update({symbol: read.get(symbol) for symbol in missing})
        known = ((symbol, self._known[symbol]) for symbol in symbols)
        return {symbol: bars for symbol, bars in known if bars is not None}

    def _read(self, symbols: Sequence[str]) -> Mapping[str, Bars]:
        if not isinstance(self._source, JudgingSource):
            return self._source.read(symbols)
        judged = self._source.judged(symbols)
        self._faults.update({symbol: item.findings for symbol, item in judged.items() if item.findings})
        for item in judged.values():
            if item.dialect is not None and not item.dialect.plain:
                _log.info("recognised %s", item.recognised())
        return {symbol: item.bars for symbol, item in judged.items()}

    def _raise_due_faults(self, symbols: Sequence[str], until: date) -> None:
        self._load(symbols)
        faults = (fault for symbol in symbols for fault in self._faults.get(symbol, ()))
        refuse([fault.finding for fault in faults if fault.concerns(until)], f"{self._name} bars")


class HistoryFeed(BarFeed):
    """Stored bars where real money trades: they are history, and never a quote of the running session.

    A bar of today in a store is a file that somebody wrote, not a market: stamped with the instant of the run
    it would pass every check of age and price.
    """

    def quotes(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Quote]:
        """Return no quote: orders that need one are held back."""
        del symbols, at
        return {}


def csv_feed(directory: Path) -> BarFeed:
    """Return a feed over `SYMBOL.csv` files."""
    return BarFeed(CsvDirectory(directory), "csv")


def store_feed(directory: Path) -> BarFeed:
    """Return a feed over the Parquet bar store."""
    return BarFeed(BarStore(directory), "store")


def history_feed(directory: Path) -> BarFeed:
    """Return the bar store as history alone (online_live)."""
    return HistoryFeed(BarStore(directory), "store")


def demo_feed(seed: int, stocks: Sequence[str] = ()) -> BarFeed:
    """Return a feed over the demo market."""
    return BarFeed(DemoMarket(seed, stocks=stocks), "demo")


def with_synthetic(
    history: Mapping[str, Bars], quotes: Mapping[str, Quote], session_day: date
) -> dict[str, Bars]:
    """Return `history` whose last rows are today's provisional bars, made from `quotes`.

    The close is the quote's last price (its middle when there is none); the row replaces one that is already
    there, so the session never counts twice. A symbol without a quote keeps its history.

    Raises:
        DataError: a quote lacks what a bar needs; the bar is not guessed.
    """
    return {
        symbol: _with_bar(bars, quotes[symbol], session_day) if symbol in quotes else bars
        for symbol, bars in history.items()
    }


def _with_bar(bars: Bars, quote: Quote, day: date) -> Bars:
    price = quote.last if quote.last is not None else quote.mid
    parts = {"price": price, "open": quote.open, "high": quote.high, "low": quote.low, "volume": quote.volume}
    missing = [name for name, value in parts.items() if value is None]
    if missing:
        raise DataError(
            f"the quote has no {', '.join(missing)}, so today's bar cannot be made",
            where=quote.symbol,
            remedy="wait for a complete quote and run again",
        )
    assert price is not None
    assert quote.open is not None
    assert quote.high is not None
    assert quote.low is not None
    assert quote.volume is not None
    return bars.with_bar(
        day,
        open_=quote.open,
        high=max(quote.high, price),
        low=min(quote.low, price),
        close=price,
        volume=quote.volume,
    )


def _finished(bars: Bars) -> Bars:
    return bars.until(bars.last - timedelta(days=1)) if bars.provisional else bars


_QuoteMaker = Callable[[Bars, int, datetime, str], Quote]


def _knows_the_close(of: Session, at: datetime) -> bool:
    return at >= of.open + (of.close - of.open) / 2


def _closing_quote(bars: Bars, row: int, at: datetime, source: str) -> Quote:
    price = float(bars.close[row])
    return Quote(
        symbol=bars.symbol,
        bid=price,
        ask=price,
        last=price,
        quote_time=at,
        trade_time=at,
        open=float(bars.open[row]),
        high=float(bars.high[row]),
        low=float(bars.low[row]),
        volume=float(bars.volume[row]),
        source=source,
    )


def _opening_quote(bars: Bars, row: int, at: datetime, source: str) -> Quote:
    price = float(bars.open[row])
    if not (isfinite(price) and price > 0):
        raise DataError(
            f"the open of {bars.dates[row]} is {price}", where=bars.symbol, remedy="correct the row"
        )
    return Quote(
        symbol=bars.symbol,
        bid=price,
        ask=price,
        last=price,
        quote_time=at,
        trade_time=at,
        open=price,
        source=source,
    )
