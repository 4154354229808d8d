"""The order book: what happens to orders as the virtual clock moves."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.clock import VirtualClock
from tests.fakes.market import NEW_YORK, Bar, Market
from tests.fakes.schwab.account import Account
from tests.fakes.schwab.orders import APP_TAG, FakeOrder

#: how long a cancel takes, and an order that meets the market
CANCEL_SECONDS, FILL_SECONDS = 0.3, 0.2


class Book:
    """Accepts, fills, cancels and expires orders against the market."""

    def __init__(self, clock: VirtualClock, market: Market, account: Account) -> None:
        self.clock, self.market, self.account = clock, market, account
        self.roots: list[FakeOrder] = []
        self.scripts: list[dict[str, Any]] = []
        self.ids = itertools.count(1_000_000_001)
        self.activity = itertools.count(9_000_001)
        self.seen_until = clock.now()

    def all(self) -> list[FakeOrder]:
        """Every order node, oldest first."""
        return [node for root in self.roots for node in root.family()]

    def find(self, order_id: int) -> FakeOrder | None:
        return next((node for node in self.all() if node.id == order_id), None)

    # accepting -----------------------------------------------------------------------------------------

    def accept(self, spec: dict[str, Any], tag: str = APP_TAG) -> FakeOrder:
        """Take a valid order; it may still be REJECTED on the spot."""
        now = self.clock.now()
        root = self._node(spec, None, tag)
        self.roots.append(root)
        root.accepted = now
        reason = self._reject_reason(root)
        if reason:
            for node in root.family():
                node.end("REJECTED", now, next(self.activity), reason if node is root else "")
            return root
        root.status = (
            "WORKING" if self.market.is_open(now) or not self._needs_open(root) else "PENDING_ACTIVATION"
        )
        for node in root.family()[1:]:
            node.status = "WORKING" if root.spec["orderStrategyType"] == "OCO" else "AWAITING_PARENT_ORDER"
        self._script(root)
        self._match(root, now)
        return root

    def would_reject(self, spec: dict[str, Any]) -> str | None:
        """Why the account cannot take the order; Schwab answers either 400 or 201 and then REJECTED."""
        return self._reject_reason(FakeOrder(0, spec, self.clock.now()))

    def _node(self, spec: dict[str, Any], parent: FakeOrder | None, tag: str) -> FakeOrder:
        entered = self.clock.shown() - timedelta(seconds=1)
        node = FakeOrder(next(self.ids), spec, entered, tag, parent=parent)
        node.children = [self._node(child, node, tag) for child in spec.get("childOrderStrategies", [])]
        return node

    @staticmethod
    def _needs_open(order: FakeOrder) -> bool:
        return order.spec.get("orderType") in {"MARKET", "STOP", "LIMIT"}

    def _reject_reason(self, order: FakeOrder) -> str | None:
        if order.spec.get("orderStrategyType") == "OCO":
            return None
        price = self.market.price(order.symbol, self.clock.now())
        if price is None:
            return f"Invalid symbol {order.symbol}"
        if order.side == "SELL":
            held = self.account.positions.get(order.symbol)
            busy = sum(
                o.left
                for o in self.all()
                if o is not order
                and o.symbol == order.symbol
                and o.side == "SELL"
                and o.live
                and o.status != "AWAITING_PARENT_ORDER"
            )
            if order.quantity + busy > (held.quantity if held else 0):
                return "This order may result in an oversold/overbought position. (Position_Sys_0001)"
            if order.spec["orderType"] == "STOP" and order.stop_price >= price:
                return "Sell stop orders must be entered below the current bid price. (Order_Sys_0002)"
        elif order.quantity * price > self.account.spendable():
            return "You do not have enough available cash/buying power for this order."
        return None

    def _script(self, order: FakeOrder) -> None:
        """Attach the first fill script that matches."""
        for script in self.scripts:
            wanted = script.get("match", {})
            actual = {"symbol": order.symbol, "side": order.side, "type": order.spec.get("orderType")}
            if all(actual.get(key) == value for key, value in wanted.items()):
                order.scripted = True
                order.steps = [dict(step) for step in script.get("fills", [])]
                if "end" in script:
                    order.steps.append({k: script[k] for k in ("end", "after", "description") if k in script})
                if script.get("times", 1) is not None:
                    script["times"] = script.get("times", 1) - 1
                    if script["times"] <= 0:
                        self.scripts.remove(script)
                return

    # time ----------------------------------------------------------------------------------------------

    def advance(self) -> None:
        """Let everything happen that is due by now."""
        now = self.clock.now()
        for day, (opens, closes) in self.market.days(self.seen_until, now):
            if self.seen_until < opens <= now:
                self.account.settle(day)
                self._on_open(opens)
            if self.seen_until < closes <= now:
                self._on_close(opens, closes)
        self.seen_until = max(now, self.seen_until)
        for order in self.all():
            self._match(order, now)

    def _on_open(self, opens: datetime) -> None:
        for order in self.all():
            if order.status == "PENDING_ACTIVATION":
                order.status = "WORKING"
            bar = self.market.bar(order.symbol, opens.astimezone(NEW_YORK).date())
            if order.live and self._is_stop(order) and bar and bar.open <= order.stop_price:
                self._fill(order, order.left, bar.open, opens)
            elif order.status == "WORKING":
                self._match(order, opens)

    def _on_close(self, opens: datetime, closes: datetime) -> None:
        day = closes.astimezone(NEW_YORK).date()
        for order in self.all():
            bar = self.market.bar(order.symbol, day)
            self._steps(order, closes)
            if (
                order.status == "WORKING"
                and self._is_stop(order)
                and bar
                and self._touched(order, bar, opens)
            ):
                self._fill(order, order.left, min(bar.open, order.stop_price), closes)
            if order.status == "WORKING" and order.spec.get("duration") == "DAY":
                self._end(order, "EXPIRED", closes)

    @staticmethod
    def _is_stop(order: FakeOrder) -> bool:
        return order.spec.get("orderType") == "STOP" and order.side == "SELL"

    @staticmethod
    def _touched(order: FakeOrder, bar: Bar, opens: datetime) -> bool:
        """The day's low only counts for a stop that rested from the open."""
        rested = order.accepted is not None and order.accepted <= opens
        return rested and bar.low <= order.stop_price

    def _match(self, order: FakeOrder, now: datetime) -> None:
        """Fill what fills at the current price."""
        if order.status not in {"WORKING", "PENDING_CANCEL"}:
            return
        if order.scripted:
            self._steps(order, now)
            return
        if order.status != "WORKING" or not self.market.is_open(now):
            return
        if now < (order.accepted or now) + self.clock.takes(FILL_SECONDS):
            return
        price = self.market.fill_price(order.symbol, order.side, now)
        if price is None:
            return
        kind = order.spec.get("orderType")
        limit = kind == "LIMIT" and price <= float(order.spec["price"])
        if kind == "MARKET" or limit or (self._is_stop(order) and price <= order.stop_price):
            self._fill(order, order.left, price, now)

    def _steps(self, order: FakeOrder, now: datetime) -> None:
        while order.steps and order.live:
            step = order.steps[0]
            due = (order.accepted or now) + timedelta(seconds=step.get("after", 0))
            if now < due:
                return
            order.steps.pop(0)
            if "end" in step:
                self._end(order, step["end"], due, step.get("description", ""))
            else:
                price = step.get("price") or self.market.fill_price(order.symbol, order.side, now)
                assert price is not None
                self._fill(order, min(float(step["quantity"]), order.left), price, due)

    # outcomes ------------------------------------------------------------------------------------------

    def _fill(self, order: FakeOrder, quantity: float, price: float, at: datetime) -> None:
        held = self.account.positions.get(order.symbol)
        if order.side == "SELL" and quantity > (held.quantity if held else 0):
            self._end(order, "REJECTED", at, "oversold position (Position_Sys_0001)")
            return
        settles = at.astimezone(NEW_YORK).date() + timedelta(days=1)
        self.account.book(order.symbol, order.side, quantity, price, settles)
        order.fill(quantity, price, at + self.clock.skew, next(self.activity))
        if order.status == "FILLED":
            self._after_fill(order, at)

    def _after_fill(self, order: FakeOrder, at: datetime) -> None:
        for child in order.children:
            if child.status == "AWAITING_PARENT_ORDER":
                child.status, child.accepted = "WORKING", at
        if order.parent is not None and order.parent.spec.get("orderStrategyType") == "OCO":
            for sibling in order.parent.children:
                if sibling is not order and sibling.live:
                    self._end(sibling, "CANCELED", at)

    def _end(self, order: FakeOrder, status: str, at: datetime, description: str = "") -> None:
        for node in order.family():
            if node.live:
                node.end(
                    status if node is order else "CANCELED",
                    at + self.clock.skew,
                    next(self.activity),
                    description,
                )

    def cancel(self, order: FakeOrder, how: str = "") -> bool:
        """DELETE: False when the order is no longer live. `how` scripts a race."""
        now = self.clock.now()
        if how == "fill_first" and order.live:
            self._fill(order, order.left, self._race_price(order), now)
        if not order.live:
            return False
        order.accepted = order.accepted or now
        if how == "fill_after":
            order.status, order.scripted = "PENDING_CANCEL", True
            order.steps = [{"quantity": order.left, "price": self._race_price(order), "after": 0}]
        elif how == "slow":
            order.status, order.scripted = "PENDING_CANCEL", True
            since = (now - order.accepted).total_seconds()
            order.steps = [{"end": "CANCELED", "after": since + 2}]
        elif how == "at_once":
            self._end(order, "CANCELED", now)
        else:
            order.status, order.scripted = "PENDING_CANCEL", True
            since = (now - order.accepted).total_seconds()
            order.steps = [{"end": "CANCELED", "after": since + CANCEL_SECONDS}]
        return True

    def _race_price(self, order: FakeOrder) -> float:
        return order.stop_price or self.market.fill_price(order.symbol, order.side, self.clock.now()) or 1.0

    # corporate actions ---------------------------------------------------------------------------------

    def split(self, symbol: str, ratio: float) -> None:
        """Positions, history and stops after a split; a reverse split cancels the stops."""
        today = self.clock.now().astimezone(NEW_YORK).date()
        self.market.split(symbol, ratio, today)
        held = self.account.positions.get(symbol)
        if held:
            held.quantity, held.average = float(int(held.quantity * ratio)), held.average / ratio
        for order in self.all():
            if order.symbol == symbol and self._is_stop(order) and order.live:
                if ratio < 1:
                    self._end(order, "CANCELED", self.clock.now(), "Canceled: reverse split")
                else:
                    order.leg["quantity"] = int(order.quantity * ratio)
                    order.spec["stopPrice"] = f"{order.stop_price / ratio:.2f}"

    def dividend(self, symbol: str, amount: float) -> None:
        """Sell stops are lowered on the ex-date."""
        for order in self.all():
            if order.symbol == symbol and self._is_stop(order) and order.live:
                order.spec["stopPrice"] = f"{order.stop_price - amount:.2f}"
