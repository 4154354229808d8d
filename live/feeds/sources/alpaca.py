"""Alpaca as a source: daily bars as they traded or adjusted for splits, with splits and dividends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

import numpy as np

from backtest.core.bars import DateArray, FloatArray
from backtest.data.quality.actions import CorporateAction
from live.brokers.alpaca.connection import AlpacaConnection, import_alpaca, keys, utc_text
from live.brokers.common import require_loopback
from live.feeds.alpaca import DELAY, EARLIEST, NAME, parse_bars
from live.feeds.sources.errors import VendorChanged, vendor_errors
from live.feeds.sources.model import BarRequest, Capabilities, Opening, Page, SourceKind

#: rows of a page of bars, of a page of actions
PAGE_BARS: Final = 10_000
PAGE_ACTIONS: Final = 1_000
_KINDS: Final = ("forward_split", "reverse_split", "cash_dividend")


class AlpacaSource:
    """Historical data of one pair of keys; consolidated (SIP) bars, a quarter of an hour late."""

    name = NAME

    def __init__(self, bars: AlpacaConnection, actions: AlpacaConnection) -> None:
        self._bars = bars
        self._actions = actions

    def page(self, request: BarRequest) -> Page:
        """Return a page of bars; see `live.feeds.sources.model.Source`."""
        with vendor_errors(request.symbol):
            answer = _read(self._bars, "bars", "/stocks/bars", self._query(request))
            rows = _rows(answer, request.symbol)
            cursor = answer.get("next_page_token") or None
            if request.timeframe == "1m":
                return Page(*parse_minutes(request.symbol, rows), cursor)
            bars = parse_bars(request.symbol, rows)
        columns = np.vstack([bars.open, bars.high, bars.low, bars.close, bars.volume])
        return Page(bars.dates, columns, cursor)

    def _query(self, request: BarRequest) -> dict[str, Any]:
        end = min(_midnight(request.last + timedelta(days=1)), self._bars.clock.now() - DELAY)
        query: dict[str, Any] = {
            "symbols": request.symbol,
            "timeframe": "1Day" if request.timeframe == "1d" else "1Min",
            "adjustment": request.basis,
            "feed": "sip",
            "limit": PAGE_BARS,
            "start": utc_text(_midnight(request.first)),
            "end": utc_text(end),
        }
        return query if request.cursor is None else query | {"page_token": request.cursor}

    def actions(self, symbol: str, first: date, last: date) -> Sequence[CorporateAction]:
        """Return splits and cash dividends by their ex-date."""
        query: dict[str, Any] = {
            "symbols": symbol,
            "types": ",".join(_KINDS),
            "start": first.isoformat(),
            "end": last.isoformat(),
            "limit": PAGE_ACTIONS,
        }
        found: list[CorporateAction] = []
        seen: set[str] = set()
        with vendor_errors(symbol):
            while True:
                answer = _read(self._actions, "corporate actions", "/corporate-actions", query)
                found += parse_actions(symbol, answer)
                token = answer.get("next_page_token")
                if not token:
                    break
                if token in seen:
                    raise VendorChanged("the pages of actions repeat", where=symbol, remedy="ask again")
                seen.add(token)
                query = query | {"page_token": token}
        return tuple(action for action in found if first <= action.ex_date <= last)

    def close(self) -> None:
        """Close the sockets."""
        self._bars.close()
        self._actions.close()


def parse_minutes(symbol: str, rows: Sequence[Mapping[str, Any]]) -> tuple[DateArray, FloatArray]:
    """Return bar rows as UTC minutes (n,) and columns (5, n). VendorChanged: a row is not understood."""
    try:
        stamps = [datetime.fromisoformat(row["t"]).astimezone(UTC).replace(tzinfo=None) for row in rows]
        columns = np.array([[row[name] for name in "ohlcv"] for row in rows], dtype=np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise VendorChanged(
            f"a bar is not understood: {type(error).__name__} {error}", where=symbol, remedy="ask again"
        ) from error
    return np.array(stamps, dtype="datetime64[m]"), columns.reshape(len(rows), 5).T


def parse_actions(symbol: str, answer: Mapping[str, Any]) -> tuple[CorporateAction, ...]:
    """Return what an answer says about `symbol`.

    Raises:
        VendorChanged: a row without ex-date or rate, of another symbol, or no actions at all.
    """
    try:
        return tuple(_parsed(symbol, answer["corporate_actions"]))
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError, InvalidOperation) as error:
        raise VendorChanged(
            f"an action is not understood: {type(error).__name__} {error}",
            where=symbol,
            remedy="nothing of it was stored; compare with another source",
        ) from error


def _parsed(symbol: str, groups: Mapping[str, Any]) -> Iterator[CorporateAction]:
    for group in ("forward_splits", "reverse_splits", "cash_dividends"):
        for row in groups.get(group) or ():
            if row["symbol"] != symbol:
                raise ValueError(f"it is about {row['symbol']}")
            day = date.fromisoformat(row["ex_date"])
            if group == "cash_dividends":
                amount = Decimal(str(row["rate"]))
                yield CorporateAction(symbol, day, "dividend", amount=amount, source=NAME)
            else:
                ratio = Fraction(str(row["new_rate"])) / Fraction(str(row["old_rate"]))
                yield CorporateAction(symbol, day, "split", ratio, source=NAME)


def _rows(answer: Mapping[str, Any], symbol: str) -> Sequence[Mapping[str, Any]]:
    """Return the bars of an answer. VendorChanged: it is about another symbol, or has no bars field."""
    bars = answer.get("bars", ())
    if bars is None:
        return ()
    if not isinstance(bars, Mapping) or set(bars) - {symbol}:
        said = ", ".join(sorted(bars)) if isinstance(bars, Mapping) else "nothing known"
        raise VendorChanged(f"the answer is about {said}", where=symbol, remedy="ask again")
    rows: Sequence[Mapping[str, Any]] = bars.get(symbol) or ()
    return rows


def _read(connection: AlpacaConnection, what: str, path: str, query: Mapping[str, Any]) -> Mapping[str, Any]:
    answer = connection.read(what, lambda: connection.client.get(path, dict(query)))
    if not isinstance(answer, Mapping):
        raise VendorChanged("the answer is no object", where="Alpaca", remedy="ask again")
    return answer


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)


def open_alpaca(opening: Opening) -> AlpacaSource:
    """Build the real data clients. SettingsError: keys or the extra are missing."""
    url = opening.settings.broker.alpaca.base_url
    if url is not None:
        require_loopback(url, "broker.alpaca.base_url")
    key, secret = keys(opening.environ)
    import_alpaca()
    from alpaca.data.historical.corporate_actions import CorporateActionsClient
    from alpaca.data.historical.stock import StockHistoricalDataClient

    bars, actions = (
        AlpacaConnection(
            client(key, secret, raw_data=True, url_override=url), opening.clock, local=url is not None
        )
        for client in (StockHistoricalDataClient, CorporateActionsClient)
    )
    return AlpacaSource(bars, actions)


KIND = SourceKind(
    NAME,
    Capabilities(
        timeframes=("1d", "1m"),
        bases=("raw", "split"),
        feed="consolidated",
        earliest=EARLIEST.date(),
        delay=DELAY,
        per_minute=200,
        has_actions=True,
        names_every_split=True,
    ),
    open_alpaca,
)
