"""Schwab as a source, adjusted for splits: daily bars in one answer, minutes ten days a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.core.bars import DateArray, FloatArray
from backtest.core.intraday_bars import COLUMNS
from backtest.data.quality.actions import CorporateAction
from live.brokers.schwab.connection import SchwabConnection
from live.brokers.schwab.opening import open_connection
from live.brokers.schwab.orders import to_vendor
from live.feeds.schwab import NAME, parse_candles
from live.feeds.sources.errors import VendorChanged, vendor_errors
from live.feeds.sources.model import BarRequest, Capabilities, Opening, Page, SourceKind

#: days of one request of minutes
MINUTE_DAYS: Final = timedelta(days=10)
_DAILY: Final = {"period_type": "year", "frequency_type": "daily", "frequency": 1}
_MINUTES: Final = {"period_type": "day", "frequency_type": "minute", "frequency": 1}


class SchwabSource:
    """Price history of one login."""

    name = NAME

    def __init__(self, connection: SchwabConnection) -> None:
        self.connection = connection

    def page(self, request: BarRequest) -> Page:
        """Return the candles of these days; see `live.feeds.sources.model.Source`."""
        if request.timeframe == "1m":
            return self._minutes(request)
        with vendor_errors(request.symbol):
            answer = self._ask(request, request.first, request.last, _DAILY)
            rows = _candles(answer, request.symbol)
            bars = parse_candles(request.symbol, rows)
        columns = np.vstack([bars.open, bars.high, bars.low, bars.close, bars.volume])
        return Page(bars.dates, columns)

    def _minutes(self, request: BarRequest) -> Page:
        """Return ten days of minutes; the cursor is the day the next ones begin with."""
        first = request.first if request.cursor is None else date.fromisoformat(request.cursor)
        last = min(request.last, first + MINUTE_DAYS - timedelta(days=1))
        with vendor_errors(request.symbol):
            answer = self._ask(request, first, last, _MINUTES)
            minutes, columns = parse_minutes(request.symbol, _candles(answer, request.symbol))
        following = last + timedelta(days=1)
        return Page(minutes, columns, following.isoformat() if following <= request.last else None)

    def actions(self, symbol: str, first: date, last: date) -> Sequence[CorporateAction]:
        """Return nothing: Schwab names no past splits or dividends."""
        del symbol, first, last
        return ()

    def close(self) -> None:
        """Give the token back."""
        self.connection.close()

    def _ask(self, request: BarRequest, first: date, last: date, how: Mapping[str, Any]) -> Any:
        return self.connection.read(
            f"history of {request.symbol}",
            lambda client: client.get_price_history(
                to_vendor(request.symbol),
                **how,
                start_datetime=_midnight(first),
                end_datetime=_midnight(last + timedelta(days=1)),
                need_extended_hours_data=False,
            ),
        )


def parse_minutes(symbol: str, rows: Sequence[Mapping[str, Any]]) -> tuple[DateArray, FloatArray]:
    """Return candles as UTC minutes (n,) and columns (5, n). VendorChanged: a row is not understood."""
    try:
        stamps = np.array([int(row["datetime"]) // 60_000 for row in rows], dtype=np.int64)
        columns = np.array([[row[name] for name in COLUMNS] for row in rows], dtype=np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise VendorChanged(
            f"a candle is not understood: {type(error).__name__} {error}", where=symbol, remedy="ask again"
        ) from error
    return stamps.astype("datetime64[m]"), columns.reshape(len(rows), 5).T


def _candles(answer: Any, symbol: str) -> Sequence[Mapping[str, Any]]:
    """Return the rows of an answer. VendorChanged: it is of another symbol, or has no list of candles."""
    if not isinstance(answer, Mapping):
        raise VendorChanged("the answer is no object", where=symbol, remedy="ask again")
    rows = answer.get("candles")
    said = answer.get("symbol", to_vendor(symbol))
    if said != to_vendor(symbol):
        raise VendorChanged(f"the answer is about {said}", where=symbol, remedy="ask again")
    if not isinstance(rows, list):
        raise VendorChanged("the answer has no candles", where=symbol, remedy="ask again")
    return rows


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)


def open_schwab(opening: Opening) -> SchwabSource:
    """Open the login of the settings. SettingsError, BrokerError: it cannot be used."""
    own = opening.settings.broker.schwab
    return SchwabSource(open_connection(own, root=opening.root, environ=opening.environ, clock=opening.clock))


KIND = SourceKind(
    NAME,
    Capabilities(
        timeframes=("1d", "1m"),
        bases=("split",),
        feed="consolidated",
        earliest=calendar.table_starts(),
        delay=timedelta(minutes=15),
        per_minute=120,
    ),
    open_schwab,
)
