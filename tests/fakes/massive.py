"""Massive on this machine: aggregates by day and minute with pages, splits, dividends, in a thread."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import unquote

from tests.fakes.clock import VirtualClock
from tests.fakes.faults import Rule
from tests.fakes.market import NEW_YORK, Market
from tests.fakes.schwab.harness import InThread
from tests.fakes.web import App, Reply, Request

KEY = "FAKEMASSIVEKEY"
ENVIRON = {"MASSIVE_API_KEY": KEY}
_RANGE = re.compile(r"/v2/aggs/ticker/([^/]+)/range/1/(day|minute)/([0-9-]+)/([0-9-]+)")


def millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


class MassiveApp(App):
    """One key's view of a market."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.market = Market()
        self.page_rows = 50_000

    def route(self, request: Request, rule: Rule | None) -> Reply:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return Reply.of({"status": "ERROR", "error": "Unknown API Key"}, 401)
        found = _RANGE.fullmatch(request.path)
        if found is not None:
            return self._bars(request, unquote(found[1]), found[2], found[3], found[4])
        if request.path == "/stocks/v1/splits":
            return Reply.of({"status": "OK", "results": self._splits(request.query)})
        if request.path == "/stocks/v1/dividends":
            return Reply.of({"status": "OK", "results": self._dividends(request.query)})
        return Reply.of({"status": "ERROR", "error": "not found"}, 404)

    def _bars(self, request: Request, symbol: str, span: str, first: str, last: str) -> Reply:
        adjusted = request.query.get("adjusted", "true") == "true"
        rows = self._days(symbol, adjusted) if span == "day" else self._minutes(symbol)
        inside = [row for day, row in rows if first <= day <= last]
        start = int(request.query.get("cursor", "0"))
        most = min(int(request.query.get("limit", "5000")), self.page_rows)
        part = inside[start : start + most]
        answer: dict[str, Any] = {"ticker": symbol, "status": "OK", "resultsCount": len(part)}
        if part:
            answer["results"] = part
        if start + most < len(inside):
            same = f"adjusted={str(adjusted).lower()}&limit={most}"
            answer["next_url"] = f"https://api.massive.com{request.path}?cursor={start + most}&{same}"
        return Reply.of(answer)

    def _days(self, symbol: str, adjusted: bool) -> list[tuple[str, dict[str, Any]]]:
        """The market keeps prices adjusted for splits; as traded they were higher before a split."""
        found = []
        for bar in self.market.known(symbol, self.clock.now()):
            ratio = 1.0 if adjusted else self.market.split_since(symbol, bar.day)
            prices = {"o": bar.open, "h": bar.high, "l": bar.low, "c": bar.close}
            row: dict[str, Any] = {name: price * ratio for name, price in prices.items()}
            at = datetime.combine(bar.day, time(), NEW_YORK)
            found.append((str(bar.day), row | {"v": bar.volume / ratio, "t": millis(at), "n": 1}))
        return found

    def _minutes(self, symbol: str) -> list[tuple[str, dict[str, Any]]]:
        return [
            (str(at.date()), {"t": millis(at), **dict(zip("ohlcv", row, strict=True))})
            for at, *row in self.market.minutes.get(symbol, [])
            if at <= self.clock.now().astimezone(UTC)
        ]

    def _splits(self, query: dict[str, str]) -> list[dict[str, Any]]:
        return [
            {
                "ticker": symbol,
                "execution_date": str(day),
                "split_from": 1 if ratio > 1 else round(1 / ratio, 6),
                "split_to": max(1, ratio),
            }
            for symbol, day, ratio in self.market.splits
            if symbol == query["ticker"] and self._inside(query, "execution_date", day)
        ]

    def _dividends(self, query: dict[str, str]) -> list[dict[str, Any]]:
        return [
            {"ticker": symbol, "ex_dividend_date": str(day), "cash_amount": amount, "pay_date": "2099-01-01"}
            for symbol, day, amount in self.market.dividends
            if symbol == query["ticker"] and self._inside(query, "ex_dividend_date", day)
        ]

    def _inside(self, query: dict[str, str], name: str, day: date) -> bool:
        return query[f"{name}.gte"] <= str(day) <= query[f"{name}.lte"]

    def control(self, name: str, data: Any) -> Any:
        if name != "clock":
            raise KeyError(name)
        self.clock.set(datetime.fromisoformat(data["at"]))
        return {"ok": True}


class FakeMassive(InThread[MassiveApp]):
    """The server in a thread of this process; its clock stands still."""

    def __init__(self, at: datetime) -> None:
        super().__init__(MassiveApp(VirtualClock(at, frozen=True)))

    def sent(self, path: str) -> list[dict[str, Any]]:
        """Logged requests whose path has this part."""
        return [entry for entry in self.app.log if path in entry["path"]]
