"""Schwab as a source of daily bars: adjusted for splits, the whole range in one answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.data.quality.actions import CorporateAction
from live.brokers.schwab.connection import SchwabConnection
from live.brokers.schwab.opening import open_connection
from live.brokers.schwab.orders import to_vendor
from live.feeds.schwab import NAME, parse_candles
from live.feeds.sources.errors import VendorChanged, vendor_errors
from live.feeds.sources.model import BarRequest, Capabilities, Opening, Page, SourceKind


class SchwabSource:
    """Price history of one login."""

    name = NAME

    def __init__(self, connection: SchwabConnection) -> None:
        self.connection = connection

    def page(self, request: BarRequest) -> Page:
        """Return the candles of these days; see `live.feeds.sources.model.Source`."""
        with vendor_errors(request.symbol):
            answer = self._ask(request)
            rows = _candles(answer, request.symbol)
            bars = parse_candles(request.symbol, rows)
        columns = np.vstack([bars.open, bars.high, bars.low, bars.close, bars.volume])
        return Page(bars.dates, columns)

    def actions(self, symbol: str, first: date, last: date) -> Sequence[CorporateAction]:
        """Return nothing: Schwab names no past splits or dividends."""
        del symbol, first, last
        return ()

    def close(self) -> None:
        """Give the token back."""
        self.connection.close()

    def _ask(self, request: BarRequest) -> Any:
        return self.connection.read(
            f"history of {request.symbol}",
            lambda client: client.get_price_history(
                to_vendor(request.symbol),
                period_type="year",
                frequency_type="daily",
                frequency=1,
                start_datetime=_midnight(request.first),
                end_datetime=_midnight(request.last + timedelta(days=1)),
                need_extended_hours_data=False,
            ),
        )


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
        timeframes=("1d",),
        bases=("split",),
        feed="consolidated",
        earliest=calendar.table_starts(),
        delay=timedelta(minutes=15),
        per_minute=120,
    ),
    open_schwab,
)
