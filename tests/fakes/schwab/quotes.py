"""Market data routes: quotes, daily history, market hours."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from tests.fakes.clock import VirtualClock
from tests.fakes.market import NEW_YORK, Market, chicago_midnight
from tests.fakes.web import Reply, Request

PREFIX = "/marketdata/v1/"


def route(market: Market, clock: VirtualClock, request: Request) -> Reply:
    """Answer one market data request."""
    name = request.path.removeprefix(PREFIX)
    if name == "quotes":
        return _quotes(market, clock, request)
    if name == "pricehistory":
        return _history(market, clock, request)
    if name == "markets":
        return _hours(market, clock, request)
    return Reply.of({"errors": [{"status": "404", "title": "Not Found"}]}, 404)


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _quotes(market: Market, clock: VirtualClock, request: Request) -> Reply:
    found: dict[str, Any] = {}
    unknown = []
    for symbol in request.query["symbols"].split(","):
        row = _quote(market, clock, symbol)
        if row is None:
            unknown.append(symbol)
        elif row:
            found[symbol] = row
    if unknown:
        found["errors"] = {"invalidSymbols": unknown}
    return Reply.of(found)


def _quote(market: Market, clock: VirtualClock, symbol: str) -> dict[str, Any] | None:
    now = clock.now()
    price = market.price(symbol, now)
    if price is None:
        return None
    script = dict(market.scripted.get(symbol, {}))
    if script.pop("missing", False):
        return {}
    day = now.astimezone(NEW_YORK).date()
    bar, before = market.bar(symbol, day), market.previous(symbol, day)
    stamp = _millis(clock.shown())
    half = market.spread / 2
    quote: dict[str, Any] = {
        "lastPrice": price,
        "bidPrice": round(price - half, 4),
        "askPrice": round(price + half, 4),
        "openPrice": bar.open if bar else price,
        "highPrice": max(bar.open, price) if bar else price,
        "lowPrice": min(bar.open, price) if bar else price,
        "closePrice": before.close if before else price,
        "totalVolume": int(bar.volume) if bar else 0,
        "quoteTime": stamp,
        "tradeTime": stamp,
        "securityStatus": "Normal" if market.is_open(now) else "Closed",
    }
    realtime = script.pop("realtime", True)
    script.pop("last", None)
    for key in script.pop("remove", []):
        quote.pop(key, None)
    age = script.pop("age_seconds", 0)
    for key in ("quoteTime", "tradeTime"):
        if key in quote:
            quote[key] -= int(age * 1000)
    quote.update(script)
    return {
        "assetMainType": "EQUITY",
        "quoteType": "NBBO",
        "realtime": realtime,
        "symbol": symbol,
        "quote": quote,
        "regular": {"regularMarketLastPrice": price, "regularMarketTradeTime": quote.get("tradeTime")},
        "reference": {"description": symbol, "exchange": "Q"},
        "fundamental": {"divExDate": None, "divPayAmount": 0.0, "nextDivExDate": None},
    }


def _history(market: Market, clock: VirtualClock, request: Request) -> Reply:
    query = request.query
    symbol = query["symbol"]
    if query.get("frequencyType", "daily") == "minute":
        return _minutes(market, clock, query)
    start = (
        datetime.fromtimestamp(int(query["startDate"]) / 1000, UTC).date()
        if "startDate" in query
        else date.min
    )
    end = datetime.fromtimestamp(int(query["endDate"]) / 1000, UTC).date() if "endDate" in query else date.max
    candles = [
        {
            "open": bar.open,
            "high": bar.high,
            "low": bar.low,
            "close": bar.close,
            "volume": int(bar.volume),
            "datetime": chicago_midnight(bar.day),
        }
        for bar in market.known(symbol, clock.now())
        if start <= bar.day <= end
    ]
    return Reply.of({"symbol": symbol, "empty": not candles, "candles": candles})


def _minutes(market: Market, clock: VirtualClock, query: dict[str, str]) -> Reply:
    first, last = (datetime.fromtimestamp(int(query[n]) / 1000, UTC) for n in ("startDate", "endDate"))
    names = ("open", "high", "low", "close", "volume")
    candles = [
        {"datetime": int(at.timestamp() * 1000), **dict(zip(names, row, strict=True))}
        for at, *row in market.minutes.get(query["symbol"], [])
        if first <= at <= min(last, clock.now())
    ]
    return Reply.of({"symbol": query["symbol"], "empty": not candles, "candles": candles})


def _hours(market: Market, clock: VirtualClock, request: Request) -> Reply:
    day = (
        date.fromisoformat(request.query["date"])
        if "date" in request.query
        else clock.now().astimezone(NEW_YORK).date()
    )
    hours = market.session(day)
    row: dict[str, Any] = {
        "date": day.isoformat(),
        "marketType": "EQUITY",
        "exchange": "NULL",
        "category": "NULL",
        "product": "EQ" if hours else "equity",
        "isOpen": hours is not None,
    }
    if hours is not None:
        begin, end = (at.astimezone(NEW_YORK).isoformat(timespec="seconds") for at in hours)
        row["sessionHours"] = {"regularMarket": [{"start": begin, "end": end}]}
    return Reply.of({"equity": {"EQ" if hours else "equity": row}})
