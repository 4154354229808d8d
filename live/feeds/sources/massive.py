"""Massive (formerly Polygon) as a source: daily and minute bars as they traded, with splits and dividends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final
from urllib.parse import quote, urlsplit

import numpy as np

from backtest.calendar.sessions import NEW_YORK
from backtest.core.bars import DateArray, FloatArray
from backtest.core.errors import DataError
from backtest.data.quality.actions import CorporateAction
from live.feeds.sources.errors import VendorChanged
from live.feeds.sources.http import JsonClient, key_of, misunderstood, open_client
from live.feeds.sources.model import BarRequest, Capabilities, Opening, Page, SourceKind

NAME: Final = "massive"
KEY: Final = "MASSIVE_API_KEY"
BASE_URL: Final = "https://api.massive.com"
PAGE_BARS: Final = 50_000
PAGE_ACTIONS: Final = 1_000
_AGGREGATES: Final = "/v2/aggs/"
_ACTIONS: Final = "/stocks/v1/"
_SPAN: Final = {"1d": "day", "1m": "minute"}


class MassiveSource:
    """Aggregates and corporate actions of one key."""

    name = NAME

    def __init__(self, client: JsonClient) -> None:
        self._client = client

    def page(self, request: BarRequest) -> Page:
        """Return a page of bars; see `live.feeds.sources.model.Source`."""
        what = f"bars of {request.symbol}"
        if request.cursor is not None:
            answer = self._client.get(what, request.cursor)
        else:
            span = f"{_SPAN[request.timeframe]}/{request.first}/{request.last}"
            query = {
                "adjusted": "true" if request.basis == "split" else "false",
                "sort": "asc",
                "limit": str(PAGE_BARS),
            }
            answer = self._client.get(
                what, f"{_AGGREGATES}ticker/{quote(request.symbol, safe='')}/range/1/{span}", query
            )
        stamps, columns = parse_aggregates(request.symbol, answer)
        if request.timeframe == "1d":
            stamps = _days(stamps)
        return Page(stamps, columns, _next(request.symbol, answer, _AGGREGATES))

    def actions(self, symbol: str, first: date, last: date) -> Sequence[CorporateAction]:
        """Return splits and cash dividends by their ex-date."""
        splits = self._actions(symbol, "splits", "execution_date", first, last, _split)
        dividends = self._actions(symbol, "dividends", "ex_dividend_date", first, last, _dividend)
        return tuple(action for action in (*splits, *dividends) if first <= action.ex_date <= last)

    def _actions(
        self,
        symbol: str,
        kind: str,
        day: str,
        first: date,
        last: date,
        read: Callable[[str, Mapping[str, Any]], CorporateAction],
    ) -> list[CorporateAction]:
        query = {
            "ticker": symbol,
            f"{day}.gte": first.isoformat(),
            f"{day}.lte": last.isoformat(),
            "limit": str(PAGE_ACTIONS),
        }
        what = f"{kind} of {symbol}"
        answer = self._client.get(what, f"{_ACTIONS}{kind}", query)
        found: list[CorporateAction] = []
        seen: set[str] = set()
        while True:
            found += _parsed(symbol, answer, read)
            following = _next(symbol, answer, _ACTIONS)
            if following is None:
                return found
            if following in seen:
                raise VendorChanged("the pages of actions repeat", where=symbol, remedy="ask again")
            seen.add(following)
            answer = self._client.get(what, following)

    def close(self) -> None:
        """Nothing is held."""


def parse_aggregates(symbol: str, answer: Any) -> tuple[DateArray, FloatArray]:
    """Return rows as UTC minutes (n,) and columns (5, n).

    Raises:
        VendorChanged: the answer is about another symbol, is no answer, or a row is not understood.
    """
    if not isinstance(answer, Mapping) or "status" not in answer:
        raise VendorChanged("the answer is not understood", where=symbol, remedy="ask again")
    if answer.get("ticker", symbol) != symbol:
        raise VendorChanged(f"the answer is about {answer['ticker']}", where=symbol, remedy="ask again")
    try:
        rows = answer.get("results") or []
        stamps = np.array([int(row["t"]) // 60_000 for row in rows], dtype=np.int64)
        columns = np.array([[row[name] for name in "ohlcv"] for row in rows], dtype=np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise misunderstood(symbol, "bar", error) from error
    return stamps.astype("datetime64[m]"), columns.reshape(len(rows), 5).T


def _days(stamps: DateArray) -> DateArray:
    """Return the sessions of daily bars: a bar is stamped with midnight in New York."""
    at = [stamp.item().replace(tzinfo=UTC).astimezone(NEW_YORK).date() for stamp in stamps.astype("M8[s]")]
    return np.array(at, dtype="datetime64[D]")


def _next(symbol: str, answer: Mapping[str, Any], below: str) -> str | None:
    """Return path and query of the next page, None after the last. VendorChanged: it leads elsewhere."""
    text = answer.get("next_url")
    if not text:
        return None
    parts = urlsplit(str(text))
    if not parts.path.startswith(below) or not parts.query:
        raise VendorChanged("the next page is somewhere else", where=symbol, remedy="ask again")
    return f"{parts.path}?{parts.query}"


def _parsed(
    symbol: str, answer: Any, read: Callable[[str, Mapping[str, Any]], CorporateAction]
) -> list[CorporateAction]:
    try:
        rows = answer["results"]
        wrong = {row["ticker"] for row in rows} - {symbol}
        if wrong:
            raise ValueError(f"it is about {min(wrong)}")
        return [read(symbol, row) for row in rows]
    except (
        *(KeyError, TypeError, ValueError, AttributeError),
        *(ZeroDivisionError, InvalidOperation, DataError),
    ) as error:
        raise misunderstood(symbol, "action", error) from error


def _split(symbol: str, row: Mapping[str, Any]) -> CorporateAction:
    ratio = Fraction(str(row["split_to"])) / Fraction(str(row["split_from"]))
    return CorporateAction(symbol, date.fromisoformat(row["execution_date"]), "split", ratio, source=NAME)


def _dividend(symbol: str, row: Mapping[str, Any]) -> CorporateAction:
    day, amount = date.fromisoformat(row["ex_dividend_date"]), Decimal(str(row["cash_amount"]))
    return CorporateAction(symbol, day, "dividend", amount=amount, source=NAME)


def open_massive(opening: Opening) -> MassiveSource:
    """Open the API of the key in the secrets. SettingsError: there is none."""
    headers = {"Authorization": f"Bearer {key_of(opening, KEY)}"}
    return MassiveSource(open_client("Massive", BASE_URL, opening, headers))


KIND: Final = SourceKind(
    NAME,
    Capabilities(
        timeframes=("1d", "1m"),
        bases=("raw", "split"),
        feed="consolidated",
        earliest=datetime(2003, 9, 10, tzinfo=UTC).date(),
        delay=timedelta(minutes=16),
        per_minute=5,
        has_actions=True,
        names_every_split=True,
    ),
    open_massive,
)
