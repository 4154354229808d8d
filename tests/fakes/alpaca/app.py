"""Routes of the Alpaca imitation: trading under /v2, market data under /v2/stocks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.fakes.alpaca import history
from tests.fakes.alpaca.history import midnight
from tests.fakes.alpaca.orders import AlpacaOrder, Book, shares, stamp
from tests.fakes.clock import VirtualClock
from tests.fakes.faults import Rule
from tests.fakes.market import NEW_YORK, Market
from tests.fakes.web import App, Reply, Request

KEY, SECRET = "FAKEALPACAKEY", "FAKEALPACASECRET"


def refusal(status: int, code: int, message: str) -> Reply:
    return Reply.of({"code": code, "message": message}, status)


class Limit:
    """Requests per minute; the refusal tells the end of its window and has no Retry-After."""

    def __init__(self, calls: int = 200) -> None:
        self.calls, self.used, self.minute = calls, 0, 0

    def take(self, now: datetime) -> bool:
        minute = int(now.timestamp()) // 60
        if minute != self.minute:
            self.minute, self.used = minute, 0
        self.used += 1
        return self.used <= self.calls

    def refusal(self, now: datetime) -> Reply:
        reset = str((int(now.timestamp()) // 60 + 1) * 60)
        headers = {
            "X-Ratelimit-Limit": str(self.calls),
            "X-Ratelimit-Remaining": "0",
            "X-Ratelimit-Reset": reset,
        }
        return Reply.of({"message": "too many requests."}, 429, **headers)


class AlpacaApp(App):
    """One account behind Alpaca's API."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.market = Market()
        self.book = Book(clock, self.market)
        self.multiplier = "2"
        self.limit = Limit()
        self.activities: list[dict[str, Any]] = []
        self.page_rows = 10_000

    def route(self, request: Request, rule: Rule | None) -> Reply:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if (headers.get("apca-api-key-id"), headers.get("apca-api-secret-key")) != (KEY, SECRET):
            return Reply.of({"message": "forbidden."}, 401)
        self.book.advance()
        if not request.path.startswith(("/v2/stocks", "/v1/")) and not self.limit.take(self.clock.now()):
            return self.limit.refusal(self.clock.now())
        path = request.path.removeprefix("/v2")
        if path == "/account":
            return Reply.of(self._account())
        if path == "/positions":
            return Reply.of(self._positions())
        if path == "/account/activities/FILL":
            return Reply.of(self._fills(request.query))
        if path == "/account/activities":
            return Reply.of(self._other_activities(request.query))
        if path == "/orders:by_client_order_id":
            return self._shown(self.book.by_client_id(request.query["client_order_id"]))
        if path == "/orders":
            return self._place(request) if request.method == "POST" else Reply.of(self._list(request.query))
        if path.startswith("/orders/"):
            order = next((o for o in self.book.all() if o.id == path.removeprefix("/orders/")), None)
            return self._cancel(order) if request.method == "DELETE" else self._shown(order)
        if path.startswith("/stocks/"):
            return self._data(path, request.query)
        if path == "/v1/corporate-actions":
            return Reply.of(history.actions(self.market, request.query))
        return refusal(404, 40410000, "endpoint not found")

    def _shown(self, order: AlpacaOrder | None) -> Reply:
        return refusal(404, 40410000, "order not found") if order is None else Reply.of(order.row())

    def _place(self, request: Request) -> Reply:
        spec = request.json()
        why = self.book.refusal(spec)
        if why:
            return refusal(*why)
        order = self.book.accept(spec)
        reply = Reply.of(order.row())
        reply.order_id = order.id
        return reply

    def _cancel(self, order: AlpacaOrder | None) -> Reply:
        if order is None:
            return refusal(404, 40410000, "order not found")
        if not self.book.cancel(order):
            return refusal(422, 42210000, f'order is already in "{order.status}" state')
        return Reply(204)

    def _list(self, query: dict[str, str]) -> list[dict[str, Any]]:
        after = datetime.fromisoformat(query["after"]) if "after" in query else None
        until = datetime.fromisoformat(query["until"]) if "until" in query else None
        nested = query.get("nested") == "true"
        rows = [
            o.row() if nested else o.row() | {"legs": None}
            for o in (self.book.roots if nested else self.book.all())
            if self.book.listed(o)
            and (after is None or o.submitted > after)
            and (until is None or o.submitted < until)
            and (query.get("status", "open") == "all" or o.live)
        ]
        rows = rows if query.get("direction") == "asc" else rows[::-1]
        return rows[: int(query.get("limit", 50))]

    def _fills(self, query: dict[str, str]) -> list[dict[str, Any]]:
        after = query.get("after", "")
        rows = [f for f in self.book.fills if f["transaction_time"] > after]
        if "page_token" in query:
            rows = [f for f in rows if f["id"] > query["page_token"]]
        return rows[: int(query.get("page_size", 100))]

    def _other_activities(self, query: dict[str, str]) -> list[dict[str, Any]]:
        rows = [row for row in self.activities if row["date"] > query.get("after", "")]
        names = [row["id"] for row in rows]
        first = names.index(query["page_token"]) + 1 if "page_token" in query else 0
        return rows[first : first + int(query.get("page_size", 100))]

    def _account(self) -> dict[str, Any]:
        now = self.clock.now()
        cash, held = self.book.shown()
        value = sum(n * (self.market.price(s, now) or 0) for s, (n, _) in held.items())
        return {
            "id": "fake",
            "account_number": "PA3FAKE12345",
            "status": "ACTIVE",
            "cash": str(cash),
            "buying_power": str(cash * float(self.multiplier)),
            "non_marginable_buying_power": str(cash),
            "equity": str(round(cash + value, 2)),
            "multiplier": self.multiplier,
        }

    def _positions(self) -> list[dict[str, Any]]:
        now = self.clock.now()
        return [
            {
                "symbol": symbol,
                "qty": shares(quantity),
                "qty_available": shares(quantity - self.book.busy(symbol)),
                "avg_entry_price": str(average),
                "market_value": str(quantity * (self.market.price(symbol, now) or 0)),
                "asset_class": "us_equity",
                "side": "long",
            }
            for symbol, (quantity, average) in sorted(self.book.shown()[1].items())
        ]

    def _data(self, path: str, query: dict[str, str]) -> Reply:
        symbols = query["symbols"].split(",")
        now = self.clock.now()
        if path == "/stocks/bars":
            return Reply.of(history.bars(self.market, now, query, self.page_rows))
        return Reply.of({s: row for s in symbols if (row := self._snapshot(s, now))})

    def _snapshot(self, symbol: str, now: datetime) -> dict[str, Any] | None:
        price = self.market.price(symbol, now)
        if price is None:
            return None
        age = timedelta(seconds=self.market.scripted.get(symbol, {}).get("age_seconds", 0))
        day = now.astimezone(NEW_YORK).date()
        bar, half = self.market.bar(symbol, day), self.market.spread / 2
        daily = {"t": midnight(day), "o": price, "h": price, "l": price, "c": price, "v": 0}
        if bar is not None:
            daily |= {"o": bar.open, "h": max(bar.open, price), "l": min(bar.open, price), "v": bar.volume}
        return {
            "latestTrade": {"t": stamp(now - age), "p": price, "s": 1},
            "latestQuote": {"t": stamp(now - age), "bp": price - half, "ap": price + half, "bs": 1, "as": 1},
            "dailyBar": daily,
        }

    def control(self, name: str, data: Any) -> Any:
        if name == "state":
            self.book.advance()
            return {
                "cash": self.book.cash,
                "positions": {s: n for s, (n, _) in sorted(self.book.positions.items())},
                "orders": [o.row() for o in self.book.all()],
            }
        if name == "clock":
            if "at" in data:
                self.clock.set(datetime.fromisoformat(data["at"]))
            self.clock.advance(float(data.get("advance", 0)))
            self.book.advance()
        elif name == "prices":
            for symbol, value in data.items():
                self.market.script(symbol, value)
            self.book.advance()
        elif name == "scripts":
            self.book.scripts.extend(data if isinstance(data, list) else [data])
        elif name == "market":
            for symbol, rows in data.get("bars", {}).items():
                self.market.load(symbol, rows)
        elif name == "orders":  # a person's own order; no client id of ours
            return {"id": self.book.accept(dict(data)).id}
        elif name == "change":
            order = next(o for o in self.book.all() if o.id == data["id"])
            if data.get("cancel"):
                self.book.cancel(order)
            if "status" in data:
                order.status = data["status"]
            if "stop_price" in data:
                return {"id": self.book.replace_stop(order, str(data["stop_price"])).id}
        elif name == "actions":
            split = data["split"]
            self.book.split(split["symbol"], split["ratio"])
        elif name == "lag":
            self.book.lag = timedelta(seconds=float(data["seconds"]))
        elif name == "halt":
            self.book.halted = set(data)
        elif name == "account":
            self.book.before.clear()
            for symbol, (quantity, average) in data.get("positions", {}).items():
                self.book.positions[symbol] = (quantity, average)
            self.book.cash = float(data.get("cash", self.book.cash))
            self.multiplier = str(data.get("multiplier", self.multiplier))
        else:
            raise KeyError(name)
        return {"ok": True}
