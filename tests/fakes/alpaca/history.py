"""Historical data of the Alpaca imitation: pages of daily bars, adjusted or not, and corporate actions."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from tests.fakes.market import NEW_YORK, Bar, Market


def midnight(day: date) -> str:
    """Midnight in New York, as daily bars are stamped: 05:00Z in winter, 04:00Z in summer."""
    return datetime.combine(day, time(), NEW_YORK).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bars(market: Market, now: datetime, query: dict[str, str], page_rows: int) -> dict[str, Any]:
    """One page: symbol after symbol, each by time, at most `limit` (and `page_rows`) rows."""
    rows = [
        (symbol, _minute(row))
        for symbol in query["symbols"].split(",")
        for row in market.minutes.get(symbol, [])
        if query["timeframe"] == "1Min"
        and query["start"] <= row[0].strftime("%Y-%m-%dT%H:%M:%S.000000Z") <= query["end"]
    ]
    rows += [
        (symbol, _row(market, symbol, bar, query.get("adjustment", "raw")))
        for symbol in query["symbols"].split(",")
        for bar in market.known(symbol, now)
        if query.get("timeframe", "1Day") == "1Day"
        and query.get("start", "")[:10] <= str(bar.day)
        and midnight(bar.day) <= query.get("end", "9999").replace(".000000", "")
    ]
    first, most = int(query.get("page_token", "0")), min(int(query.get("limit", "1000")), page_rows)
    found: dict[str, list[dict[str, Any]]] = {}
    for symbol, row in rows[first : first + most]:
        found.setdefault(symbol, []).append(row)
    more = first + most < len(rows)
    return {"bars": found, "next_page_token": str(first + most) if more else None}


def _row(market: Market, symbol: str, bar: Bar, adjustment: str) -> dict[str, Any]:
    """The market keeps prices adjusted for splits; as traded they were higher before a split."""
    ratio = market.split_since(symbol, bar.day) if adjustment == "raw" else 1.0
    prices = {"o": bar.open, "h": bar.high, "l": bar.low, "c": bar.close}
    stamped = {"t": midnight(bar.day)} | {name: price * ratio for name, price in prices.items()}
    return stamped | {"v": bar.volume / ratio}


def _minute(row: tuple[Any, ...]) -> dict[str, Any]:
    return {"t": row[0].strftime("%Y-%m-%dT%H:%M:%SZ"), **dict(zip("ohlcv", row[1:], strict=True))}


def actions(market: Market, query: dict[str, str]) -> dict[str, Any]:
    """Splits and dividends by ex-date; what is paid later has a later payable date."""
    symbols = query["symbols"].split(",")
    groups: dict[str, list[dict[str, Any]]] = {}
    for symbol, day, ratio in market.splits:
        if symbol in symbols and query["start"] <= str(day) <= query["end"]:
            group = "forward_splits" if ratio > 1 else "reverse_splits"
            rates = (
                {"new_rate": ratio, "old_rate": 1} if ratio > 1 else {"new_rate": 1, "old_rate": 1 / ratio}
            )
            groups.setdefault(group, []).append({"symbol": symbol, "ex_date": str(day), **rates})
    for symbol, day, amount in market.dividends:
        if symbol in symbols and query["start"] <= str(day) <= query["end"]:
            paid = {"symbol": symbol, "ex_date": str(day), "rate": amount, "payable_date": "2099-01-01"}
            groups.setdefault("cash_dividends", []).append(paid)
    return {"corporate_actions": groups, "next_page_token": None}
