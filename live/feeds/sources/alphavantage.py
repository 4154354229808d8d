"""Alpha Vantage as a source: daily bars as they traded, with splits and dividends.

It refuses with status 200 and a sentence, and its key has to be in the query: no message holds an address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

import numpy as np

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import DataError
from backtest.data.quality.actions import CorporateAction
from live.feeds.sources.errors import NotEntitled, RateLimited, UnknownSymbol, VendorChanged
from live.feeds.sources.http import JsonClient, key_of, misunderstood, open_client, short
from live.feeds.sources.model import BarRequest, Capabilities, Opening, Page, SourceKind
from live.system.clock import Clock

NAME: Final = "alphavantage"
KEY: Final = "ALPHAVANTAGE_API_KEY"
BASE_URL: Final = "https://www.alphavantage.co"
#: the newest hundred sessions are in every plan; fewer than that lie in so many days
RECENT: Final = timedelta(days=130)
_SERIES: Final = "Time Series (Daily)"
_COLUMNS: Final = ("1. open", "2. high", "3. low", "4. close", "5. volume")


class AlphaVantageSource:
    """Daily series of one key."""

    name = NAME

    def __init__(self, client: JsonClient, key: str, clock: Clock) -> None:
        self._client = client
        self._key = key
        self._clock = clock

    def page(self, request: BarRequest) -> Page:
        """Return all rows at once; see `live.feeds.sources.model.Source`."""
        today = self._clock.now().astimezone(NEW_YORK).date()
        size = "compact" if today - request.first <= RECENT else "full"
        answer = self._ask(request.symbol, "TIME_SERIES_DAILY", outputsize=size)
        return parse_series(request.symbol, answer)

    def actions(self, symbol: str, first: date, last: date) -> Sequence[CorporateAction]:
        """Return splits and dividends by their ex-date."""
        splits = _parsed(symbol, self._ask(symbol, "SPLITS"), _split)
        dividends = _parsed(symbol, self._ask(symbol, "DIVIDENDS"), _dividend)
        return tuple(action for action in (*splits, *dividends) if first <= action.ex_date <= last)

    def close(self) -> None:
        """Nothing is held."""

    def _ask(self, symbol: str, function: str, **more: str) -> Mapping[str, Any]:
        query = {"function": function, "symbol": symbol, **more, "apikey": self._key}
        answer = self._client.get(f"{function} of {symbol}", "/query", query)
        if not isinstance(answer, Mapping):
            raise VendorChanged("the answer is no object", where=symbol, remedy="ask again")
        _require_no_refusal(symbol, answer)
        return answer


def _require_no_refusal(symbol: str, answer: Mapping[str, Any]) -> None:
    """Raise what a sentence in the place of an answer means."""
    wrong = answer.get("Error Message")
    if wrong:
        raise UnknownSymbol(short(str(wrong)), where=symbol, remedy="check the symbol")
    said = answer.get("Note") or answer.get("Information")
    if not said:
        return
    text = short(str(said))
    if "Note" in answer or "rate limit" in text.lower():
        raise RateLimited(text, where="Alpha Vantage", remedy="wait until tomorrow, or a larger plan")
    raise NotEntitled(text, where="Alpha Vantage", remedy="a larger plan, or another source")


def parse_series(symbol: str, answer: Mapping[str, Any]) -> Page:
    """Return the rows of an answer, oldest first.

    Raises:
        VendorChanged: it is about another symbol, or a row is not understood.
    """
    try:
        said, rows = answer["Meta Data"]["2. Symbol"], answer[_SERIES]
        if said != symbol:
            raise VendorChanged(f"the answer is about {said}", where=symbol, remedy="ask again")
        days = sorted(rows)
        stamps = np.array([date.fromisoformat(day).isoformat() for day in days], dtype="datetime64[D]")
        columns = np.array([[float(rows[day][name]) for name in _COLUMNS] for day in days], dtype=np.float64)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise misunderstood(symbol, "bar", error) from error
    return Page(stamps, columns.reshape(len(days), 5).T)


def _parsed(
    symbol: str, answer: Mapping[str, Any], read: Callable[[str, Mapping[str, Any]], CorporateAction | None]
) -> list[CorporateAction]:
    try:
        if answer["symbol"] != symbol:
            raise ValueError(f"it is about {answer['symbol']}")
        found = [read(symbol, row) for row in answer["data"]]
    except (
        *(KeyError, TypeError, ValueError, AttributeError),
        *(ZeroDivisionError, InvalidOperation, DataError),
    ) as error:
        raise misunderstood(symbol, "action", error) from error
    return [action for action in found if action is not None]


def _split(symbol: str, row: Mapping[str, Any]) -> CorporateAction:
    ratio = Fraction(str(row["split_factor"])).limit_denominator(1000)
    return CorporateAction(symbol, date.fromisoformat(row["effective_date"]), "split", ratio, source=NAME)


def _dividend(symbol: str, row: Mapping[str, Any]) -> CorporateAction | None:
    """Return a dividend, None for one that is announced without an amount."""
    if row["amount"] in {"None", None}:
        return None
    day, amount = date.fromisoformat(row["ex_dividend_date"]), Decimal(str(row["amount"]))
    return CorporateAction(symbol, day, "dividend", amount=amount, source=NAME)


def open_alphavantage(opening: Opening) -> AlphaVantageSource:
    """Open the API of the key in the secrets. SettingsError: there is none."""
    key = key_of(opening, KEY)
    return AlphaVantageSource(open_client("Alpha Vantage", BASE_URL, opening), key, opening.clock)


KIND: Final = SourceKind(
    NAME,
    Capabilities(
        timeframes=("1d",),
        bases=("raw",),
        feed="consolidated",
        earliest=date(1999, 11, 1),
        delay=timedelta(minutes=16),
        per_minute=5,
        has_actions=True,
        names_every_split=True,
    ),
    open_alphavantage,
)
