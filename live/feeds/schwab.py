"""Schwab market data: quotes that say how fresh they are, daily history checked before it is believed.

Daily candles are split-adjusted and not dividend-adjusted, so a split rewrites all of them; the overlap with
the stored bars shows it. A candle is stamped with midnight in Chicago; today's may be absent or unfinished.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars, FloatArray
from backtest.core.errors import BrokerRefused, DataError
from backtest.data.importing import changed_history, joined
from backtest.data.quality.revisions import compare
from live.brokers.schwab.connection import SchwabConnection
from live.brokers.schwab.orders import from_vendor, to_vendor
from live.model.feed import Quote, SecurityStatus

LOG = logging.getLogger("jutsu.feed")
NAME = "schwab"
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
OVERLAP = timedelta(days=90)
QUOTES_PER_CALL = 200
_STATUS: Mapping[str, SecurityStatus] = {"Normal": "normal", "Halted": "halted", "Closed": "closed"}
Stored = Callable[[str], Bars | None]


class SchwabFeed:
    """Market data of one login.

    Args:
        connection: the process's only connection, shared with the broker.
        stored: gives the bars we already have for a symbol, None when there are none; they are the older part
            of the answer and what new candles are compared with.
    """

    name = NAME

    def __init__(self, connection: SchwabConnection, *, stored: Stored | None = None) -> None:
        self.connection = connection
        self._stored = stored or (lambda _: None)
        self._verified: set[date] = set()
        self._candle: dict[str, tuple[date, float]] = {}

    # history -------------------------------------------------------------------------------------------

    def history(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Bars]:
        """Return completed daily bars known at `at`; see `live.model.feed.Feed`.

        Raises:
            DataError: candles out of order, or different from the stored bars (split or fault).
            BrokerError: no answer.
        """
        found: dict[str, Bars] = {}
        for symbol in symbols:
            bars = self._history(symbol, at)
            if bars is not None and len(bars):
                found[symbol] = bars
        return found

    def _history(self, symbol: str, at: datetime) -> Bars | None:
        known = self._stored(symbol)
        last_day = calendar.last_closed_session(at).day
        if known is not None:
            known = known.until(last_day)
        start = EARLIEST
        if known is not None and len(known):
            start = datetime.combine(known.last, datetime.min.time(), UTC) - OVERLAP
        fresh = self._candles(symbol, start, at)
        if fresh is None:
            return known
        if fresh.last > last_day:
            self._candle[symbol] = fresh.last, float(fresh.close[-1])
        fresh = fresh.until(last_day)
        return fresh if known is None or not len(known) else merged(known, fresh)

    def _candles(self, symbol: str, start: datetime, at: datetime) -> Bars | None:
        try:
            answer = self.connection.read(
                f"history of {symbol}",
                lambda client: client.get_price_history(
                    to_vendor(symbol),
                    period_type="year",
                    frequency_type="daily",
                    frequency=1,
                    start_datetime=start,
                    end_datetime=at + timedelta(days=1),
                    need_extended_hours_data=False,
                ),
            )
        except BrokerRefused as error:
            LOG.warning("%s is left out: %s", symbol, error.problem)  # one unknown symbol stops no other
            return None
        rows = answer.get("candles") or []
        return parse_candles(symbol, rows) if rows else None

    # quotes --------------------------------------------------------------------------------------------

    def quotes(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Quote]:
        """Return quotes of the running session; a symbol Schwab does not know is left out.

        The first call on a day compares Schwab's market hours with our calendar. A quote has the candle of
        today that an earlier call of `history` saw.

        Raises:
            DataError: the hours disagree. BrokerError: no answer.
        """
        day = at.astimezone(calendar.NEW_YORK).date()
        self.verify_session(day)
        session = calendar.session(day)
        over = session is None or at >= session.close
        found: dict[str, Quote] = {}
        for first in range(0, len(symbols), QUOTES_PER_CALL):
            part = {to_vendor(symbol): symbol for symbol in symbols[first : first + QUOTES_PER_CALL]}
            answer = self._quotes(list(part))
            for vendor, symbol in part.items():
                row = answer.get(vendor)
                if isinstance(row, Mapping) and isinstance(row.get("quote"), Mapping):
                    quote = parse_quote(symbol, row, session_over=over)
                    found[symbol] = replace(quote, candle=self._candle_of(symbol, day))
        return found

    def _candle_of(self, symbol: str, day: date) -> float | None:
        seen = self._candle.get(symbol)
        return seen[1] if seen is not None and seen[0] == day else None

    def _quotes(self, symbols: list[str]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.connection.read("quotes", lambda client: client.get_quotes(symbols))
        return answer

    # hours ---------------------------------------------------------------------------------------------

    def market_hours(self, day: date) -> tuple[datetime, datetime] | None:
        """Return Schwab's opening and closing instants of `day`, None when it says closed."""
        answer = self.connection.read(
            f"market hours of {day}", lambda client: client.get_market_hours(["equity"], date=day)
        )
        return parse_hours(answer)

    def verify_session(self, day: date) -> None:
        """Raise DataError unless Schwab and our calendar agree about `day` (checked once a day)."""
        if day in self._verified:
            return
        own, theirs = calendar.session(day), self.market_hours(day)
        ours = None if own is None else (own.open.astimezone(UTC), own.close.astimezone(UTC))
        if ours != theirs:
            raise DataError(
                f"market hours of {day} disagree: calendar {_span(ours)}, Schwab {_span(theirs)}",
                where="market hours",
                remedy="do not trade today; check the exchange's notice and update the calendar",
            )
        self._verified.add(day)


def session_date(stamp: float) -> date:
    """Return the session of a candle stamped `stamp` (epoch ms, midnight in Chicago): ET date of + 12 h."""
    noon = datetime.fromtimestamp(stamp / 1000, UTC) + timedelta(hours=12)
    return noon.astimezone(calendar.NEW_YORK).date()


def parse_candles(symbol: str, rows: Sequence[Mapping[str, Any]]) -> Bars:
    """Return candles as bars; DataError when a field is missing or a date repeats or runs backwards."""

    def column(name: str) -> FloatArray:
        return np.array([row[name] for row in rows], dtype=np.float64)

    try:
        bars = Bars(
            symbol,
            np.array([session_date(row["datetime"]) for row in rows], dtype="datetime64[D]"),
            column("open"),
            column("high"),
            column("low"),
            column("close"),
            column("volume"),
            source=NAME,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"a candle is not understood: {type(error).__name__} {error}",
            where=symbol,
            remedy="nothing was traded; compare with another source",
        ) from error
    if np.any(np.diff(bars.dates) <= np.timedelta64(0, "D")):
        raise DataError("candles are not in date order", where=symbol, remedy="ask again; nothing was traded")
    return bars


def merged(known: Bars, fresh: Bars) -> Bars:
    """Return stored bars continued by new candles; on common sessions the candles win.

    A legitimate correction (`backtest.data.quality.revisions.compare`) is taken over: other rounding, the
    final candle of a session stored unfinished, a restated small dividend, which rescales the older prices.

    Raises:
        DataError: a split or another common factor (rebuild the history), a contradiction, another basis, or
            no overlap.
    """
    if known.basis != fresh.basis:
        raise DataError(
            f"the stored prices are of basis {known.basis}, {NAME}'s of basis {fresh.basis}",
            where=fresh.symbol,
            remedy="import a history of basis split into the store",
        )
    change = compare(known, fresh)
    if not change.legitimate:
        finding = changed_history(known, fresh, change)
        raise DataError(finding.problem, where=fresh.symbol, remedy=finding.remedy, findings=[finding])
    if not len(fresh) or fresh.first > known.last:
        raise DataError(
            f"Schwab's candles do not overlap the stored bars, which end on {known.last}",
            where=fresh.symbol,
            remedy="import the missing sessions",
        )
    source = known.source if known.source == NAME else f"{known.source}+{NAME}"
    return replace(joined(known, fresh, change.factor), source=source)


def parse_quote(symbol: str, row: Mapping[str, Any], *, session_over: bool) -> Quote:
    """Return one quote. Zero prices are no prices, a missing time stays missing, doubt means not real time.

    After the close `last` is the session's own last price, not the after-hours one.
    """
    quote = row["quote"]
    last, traded = quote.get("lastPrice"), quote.get("tradeTime")
    regular = row.get("regular") or {}
    if session_over and regular.get("regularMarketLastPrice"):
        last, traded = regular["regularMarketLastPrice"], regular.get("regularMarketTradeTime")
    return Quote(
        symbol=from_vendor(symbol),
        bid=_price(quote.get("bidPrice")),
        ask=_price(quote.get("askPrice")),
        last=_price(last),
        quote_time=_instant(quote.get("quoteTime")),
        trade_time=_instant(traded),
        open=_price(quote.get("openPrice")),
        high=_price(quote.get("highPrice")),
        low=_price(quote.get("lowPrice")),
        volume=_number(quote.get("totalVolume")),
        realtime=row.get("realtime") is True,
        status=_STATUS.get(str(quote.get("securityStatus")), "unknown"),
        source=NAME,
    )


def parse_hours(answer: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    """Return the regular session of a /markets answer; its inner key varies and `isOpen` is a date flag.

    Raises:
        DataError: the answer is not understood.
    """
    try:
        day = next(iter(answer["equity"].values()))
        if not day["isOpen"]:
            return None
        regular = day["sessionHours"]["regularMarket"]
        opens = datetime.fromisoformat(regular[0]["start"]).astimezone(UTC)
        return opens, datetime.fromisoformat(regular[-1]["end"]).astimezone(UTC)
    except (KeyError, IndexError, TypeError, AttributeError, StopIteration, ValueError) as error:
        raise DataError(
            f"the market hours are not understood: {type(error).__name__} {error}",
            where="Schwab",
            remedy="do not trade until they are",
        ) from error


def _span(hours: tuple[datetime, datetime] | None) -> str:
    if hours is None:
        return "closed"
    first, last = (at.astimezone(calendar.NEW_YORK) for at in hours)
    return f"{first:%H:%M}-{last:%H:%M}"


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _price(value: Any) -> float | None:
    number = _number(value)
    return number if number is not None and number > 0 else None


def _instant(value: Any) -> datetime | None:
    number = _number(value)
    return datetime.fromtimestamp(number / 1000, UTC) if number else None


def stored_in(folder: Path) -> Stored:
    """Return a reader of the bar store in `folder`."""
    from backtest.data.store import BarStore

    store = BarStore(folder)
    present = frozenset(store.symbols())

    def read(symbol: str) -> Bars | None:
        return store.read([symbol]).get(symbol) if symbol in present else None

    return read
