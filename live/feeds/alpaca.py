"""Alpaca market data: snapshots as quotes, split-adjusted daily bars. Minimal, for Alpaca accounts.

The free plan sees one exchange (IEX) in real time; its volume is not the market's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars, FloatArray
from backtest.core.errors import BrokerRefused, DataError
from live.brokers.alpaca.connection import AlpacaConnection, import_alpaca, keys, utc_text
from live.brokers.common import instant, require_loopback
from live.model.feed import Quote
from live.settings.model import AlpacaSettings
from live.system.clock import Clock, SystemClock

LOG = logging.getLogger("jutsu.feed")
NAME = "alpaca"
T = TypeVar("T")
EARLIEST = datetime(2016, 1, 1, tzinfo=UTC)
#: consolidated data of the last quarter of an hour is not in the free plan
DELAY = timedelta(minutes=16)


class AlpacaFeed:
    """Market data of one pair of keys."""

    name = NAME

    def __init__(self, connection: AlpacaConnection) -> None:
        self.connection = connection

    @classmethod
    def open(
        cls, settings: AlpacaSettings, *, environ: Mapping[str, str], clock: Clock | None = None
    ) -> AlpacaFeed:
        """Build the real data client; SettingsError when keys are missing."""
        if settings.base_url is not None:
            require_loopback(settings.base_url, "broker.alpaca.base_url")
        key, secret = keys(environ)
        import_alpaca()
        from alpaca.data.historical.stock import StockHistoricalDataClient

        client = StockHistoricalDataClient(key, secret, raw_data=True, url_override=settings.base_url)
        return cls(AlpacaConnection(client, clock or SystemClock(), local=settings.base_url is not None))

    def history(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Bars]:
        """Return completed daily bars known at `at`; see `live.model.feed.Feed`."""
        return self._without_refused("history", symbols, lambda part: self._history(part, at))

    def _without_refused(
        self, what: str, symbols: Sequence[str], ask: Callable[[Sequence[str]], Mapping[str, T]]
    ) -> Mapping[str, T]:
        """Ask for all symbols at once; when Alpaca refuses, ask for each and leave out what it refuses."""
        if not symbols:
            return {}
        try:
            return ask(symbols)
        except BrokerRefused as error:
            if len(symbols) == 1:
                LOG.warning("%s of %s is left out: %s", what, symbols[0], error.problem)
                return {}
        found: dict[str, T] = {}
        for symbol in symbols:
            found.update(self._without_refused(what, [symbol], ask))
        return found

    def _history(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Bars]:
        until = calendar.last_closed_session(at).day
        query: dict[str, Any] = {
            "symbols": ",".join(symbols),
            "timeframe": "1Day",
            "adjustment": "split",
            "feed": "sip",
            "limit": 10_000,
            "start": utc_text(EARLIEST),
            "end": utc_text(at - DELAY),
        }
        rows: dict[str, list[Mapping[str, Any]]] = {}
        while True:
            page = self._get("history", "/stocks/bars", query)
            for symbol, part in (page.get("bars") or {}).items():
                rows.setdefault(symbol, []).extend(part)
            if not page.get("next_page_token"):
                break
            query = query | {"page_token": page["next_page_token"]}
        return {symbol: parse_bars(symbol, part).until(until) for symbol, part in rows.items() if part}

    def _get(self, what: str, path: str, query: Mapping[str, Any]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.connection.read(
            what, lambda: self.connection.client.get(path, dict(query))
        )
        return answer

    def quotes(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Quote]:
        """Return quotes of the running session; a symbol Alpaca does not know is left out."""
        del at
        return self._without_refused("quotes", symbols, self._quotes)

    def _quotes(self, symbols: Sequence[str]) -> Mapping[str, Quote]:
        query = {"symbols": ",".join(symbols), "feed": "iex"}
        answer = self._get("quotes", "/stocks/snapshots", query)
        return {
            symbol: parse_snapshot(symbol, row) for symbol, row in answer.items() if isinstance(row, Mapping)
        }


def parse_bars(symbol: str, rows: Sequence[Mapping[str, Any]]) -> Bars:
    """Return bar rows as bars; DataError when a field is missing or dates are out of order."""

    def column(name: str) -> FloatArray:
        return np.array([row[name] for row in rows], dtype=np.float64)

    try:
        days = [_bar_day(datetime.fromisoformat(row["t"])).isoformat() for row in rows]
        dates = np.array(days, dtype="datetime64[D]")
        bars = Bars(
            symbol, dates, column("o"), column("h"), column("l"), column("c"), column("v"), source=NAME
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"a bar is not understood: {type(error).__name__} {error}",
            where=symbol,
            remedy="nothing was traded",
        ) from error
    if np.any(np.diff(bars.dates) <= np.timedelta64(0, "D")):
        raise DataError("bars are not in date order", where=symbol, remedy="ask again; nothing was traded")
    return bars


def parse_snapshot(symbol: str, row: Mapping[str, Any]) -> Quote:
    """Return a snapshot as a quote; a missing time stays missing and means stale."""
    trade, quote, day = (row.get(name) or {} for name in ("latestTrade", "latestQuote", "dailyBar"))
    traded, begun = _time(trade.get("t")), _time(day.get("t"))
    if traded is None or begun is None or _day(traded) != _bar_day(begun):
        day = {}  # until the first trade of a session this is the bar of the one before
    return Quote(
        symbol=symbol,
        bid=_price(quote.get("bp")),
        ask=_price(quote.get("ap")),
        last=_price(trade.get("p")),
        quote_time=_time(quote.get("t")),
        trade_time=traded,
        open=_price(day.get("o")),
        high=_price(day.get("h")),
        low=_price(day.get("l")),
        volume=float(day["v"]) if isinstance(day.get("v"), (int, float)) else None,
        source=NAME,
        candle=_price(day.get("c")),
    )


def _price(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and value > 0 else None


def _bar_day(stamp: datetime) -> date:
    """Return the session of a daily bar: stamped at midnight in New York, or an hour before it in winter."""
    return _day(stamp + timedelta(hours=12))


def _day(at: datetime) -> date:
    return at.astimezone(calendar.NEW_YORK).date()


def _time(value: Any) -> datetime | None:
    if isinstance(value, str) and "." in value:
        head, _, tail = value.partition(".")
        value = f"{head}.{tail.rstrip('Z')[:6]}Z"
    return instant(value)
