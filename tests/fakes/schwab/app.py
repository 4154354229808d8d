"""Routes of the imitation: the same paths, shapes and refusals as the real API."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.fakes.clock import VirtualClock
from tests.fakes.faults import Rule
from tests.fakes.market import Market
from tests.fakes.schwab import control, quotes
from tests.fakes.schwab.account import Account
from tests.fakes.schwab.book import Book
from tests.fakes.schwab.orders import problem
from tests.fakes.schwab.tokens import UNAUTHORISED, Tokens
from tests.fakes.web import App, Reply, Request

#: how long the real order list misses a new order
LIST_LAG = timedelta(milliseconds=250)
#: order requests (not reads) an app may send a minute
ORDERS_A_MINUTE = 120
TRADER = "/trader/v1/accounts/"


def refusal(status: int, message: str) -> Reply:
    """An error as the trader API words it."""
    return Reply.of({"message": message, "errors": []}, status)


class SchwabApp(App):
    """One account behind Schwab's API."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.tokens = Tokens(clock)
        self.market = Market()
        self.account = Account()
        self.others: list[dict[str, str]] = [{"accountNumber": "11112222", "hashValue": "OTHERHASH"}]
        self.book = Book(clock, self.market, self.account)
        self.list_lag = LIST_LAG
        self.transactions: list[dict[str, Any]] = []
        self.lag_reads = 0
        self.reject_at_once = False
        self.orders_a_minute = ORDERS_A_MINUTE
        self.used = (0, 0)  # minute, order requests in it

    def control(self, name: str, data: Any) -> Any:
        return control.obey(self, name, data)

    def route(self, request: Request, rule: Rule | None) -> Reply:
        """Dispatch one authenticated request."""
        self.book.advance()
        if request.path == "/v1/oauth/token" and request.method == "POST":
            return self.tokens.token(request)
        if not self.tokens.valid(request):
            return Reply.of(UNAUTHORISED, 401)
        if request.path.startswith("/marketdata/v1/"):
            return quotes.route(self.market, self.clock, request)
        if request.path == TRADER + "accountNumbers":
            own = {"accountNumber": self.account.number, "hashValue": self.account.hash}
            return Reply.of([*self.others, own])
        if not request.path.startswith(TRADER):
            return Reply.of({"fault": {"faultstring": "Unable to identify proxy"}}, 404)
        owner, _, rest = request.path.removeprefix(TRADER).partition("/")
        if owner != self.account.hash:
            return refusal(400, "Invalid account number")
        return self._account_route(request, rest, rule)

    def _throttled(self) -> bool:
        """Count an order request; the refusal has no Retry-After."""
        minute = int(self.clock.now().timestamp()) // 60
        self.used = (minute, self.used[1] + 1 if self.used[0] == minute else 1)
        return self.used[1] > self.orders_a_minute

    def _account_route(self, request: Request, rest: str, rule: Rule | None) -> Reply:
        if request.method in {"POST", "PUT", "DELETE"} and self._throttled():
            return Reply.of({"message": "Too many requests", "errors": []}, 429)
        if rest == "" and request.method == "GET":
            return self._account(request)
        if rest == "orders":
            return self._place(request, rule) if request.method == "POST" else self._list(request)
        if rest == "previewOrder":
            return self._preview(request)
        if rest == "transactions":
            return Reply.of(control.transactions(self))
        found = re.fullmatch(r"orders/(\d+)", rest)
        if found is None:
            return refusal(404, "Resource not found")
        order = self.book.find(int(found[1]))
        if order is None:
            return refusal(404, "Order not found")
        if request.method == "GET":
            return Reply.of(order.row(self.account.number))
        if request.method == "DELETE":
            how = rule.params.get("how", "") if rule and rule.action == "cancel_race" else ""
            done = self.book.cancel(order, how)
            return Reply(200) if done else refusal(400, "Order cannot be canceled in current status")
        return refusal(405, "Method not allowed")

    def _account(self, request: Request) -> Reply:
        now = self.clock.now()
        prices = {s: self.market.price(s, now) or 0.0 for s in self.account.positions}
        wants = "positions" in request.query.get("fields", "")
        return Reply.of(self.account.row(prices, positions=wants))

    def _place(self, request: Request, rule: Rule | None) -> Reply:
        try:
            spec = json.loads(request.body)
        except ValueError:
            return refusal(400, "Malformed request")
        why = problem(spec)
        if why:
            return Reply.of(
                {"message": "A validation error occurred while processing the request.", "errors": [why]}, 400
            )
        if self.reject_at_once and (why := self.book.would_reject(spec)):
            return refusal(400, why)
        lag = self.list_lag
        order = self.book.accept(spec)
        if rule is not None and rule.action == "list_lag":
            lag = timedelta(seconds=rule.params.get("seconds", 0.0))
            order.hidden_reads = rule.params.get("reads", 0)
        elif self.lag_reads:
            order.hidden_reads = self.lag_reads
        order.visible_at = self.clock.now() + lag
        place = f"https://api.schwabapi.com{TRADER}{self.account.hash}/orders/{order.id}"
        reply = Reply(201, headers={"Location": place, "Schwab-Client-CorrelId": f"fake-{order.id}"})
        reply.order_id = str(order.id)
        return reply

    def _list(self, request: Request) -> Reply:
        query = request.query
        if "fromEnteredTime" not in query or "toEnteredTime" not in query:
            return refusal(400, "fromEnteredTime and toEnteredTime are required")
        try:
            start, end = (_instant(query[name]) for name in ("fromEnteredTime", "toEnteredTime"))
        except ValueError:
            return refusal(400, "Invalid date format")
        if end - start > timedelta(days=366):
            return refusal(400, "Date range exceeds one year")
        rows = []
        for order in reversed(self.book.roots):
            if not start <= order.entered.replace(microsecond=0) <= end:
                continue
            if order.hidden_reads > 0:
                order.hidden_reads -= 1
                continue
            if order.visible_at is not None and self.clock.now() < order.visible_at:
                continue
            if query.get("status") in {None, order.status}:
                rows.append(order.row(self.account.number))
        return Reply.of(rows[: int(query.get("maxResults", 3000))])

    def _preview(self, request: Request) -> Reply:
        why = problem(json.loads(request.body))
        rejects = [{"activityMessage": why}] if why else []
        result = {"rejects": rejects, "reviews": [], "warns": [], "alerts": [], "accepts": []}
        return Reply.of({"orderId": 0, "orderValidationResult": result, "commissionAndFee": {}})


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def parse_day(text: str) -> date:
    """A date of the control API."""
    return date.fromisoformat(text)
