"""Orders of the Alpaca imitation and what the market does to them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from tests.fakes.clock import VirtualClock
from tests.fakes.market import NEW_YORK, Market

CLOSED = {"filled", "canceled", "expired", "rejected", "replaced"}


def stamp(at: datetime | None) -> str | None:
    """Nanosecond text, as the API prints instants."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z" if at else None


def shares(quantity: float) -> str:
    """Shares as the API prints them: whole ones without decimals, else up to nine."""
    return f"{quantity:.9f}".rstrip("0").rstrip(".")


@dataclass
class AlpacaOrder:
    """One order or leg."""

    id: str
    spec: dict[str, Any]
    submitted: datetime
    status: str = "new"
    filled: float = 0
    value: float = 0.0
    legs: list[AlpacaOrder] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    scripted: bool = False
    cancel_at: datetime | None = None

    @property
    def live(self) -> bool:
        return self.status not in CLOSED

    @property
    def left(self) -> float:
        return round(float(self.spec["qty"]) - self.filled, 9)

    def row(self) -> dict[str, Any]:
        """The order as the API shows it; numbers are text."""
        gtc = self.spec["time_in_force"] == "gtc"
        return {
            "id": self.id,
            "client_order_id": self.spec["client_order_id"],
            "created_at": stamp(self.submitted),
            "submitted_at": stamp(self.submitted),
            "expires_at": stamp(self.submitted + timedelta(days=90)) if gtc else None,
            "symbol": self.spec["symbol"],
            "asset_class": "us_equity",
            "qty": self.spec["qty"],
            "filled_qty": shares(self.filled),
            "filled_avg_price": f"{self.value / self.filled:.6f}" if self.filled else None,
            "order_class": self.spec.get("order_class", ""),
            "order_type": self.spec["type"],
            "type": self.spec["type"],
            "side": self.spec["side"],
            "time_in_force": self.spec["time_in_force"],
            "stop_price": self.spec.get("stop_price"),
            "limit_price": self.spec.get("limit_price"),
            "status": self.status,
            "legs": [leg.row() for leg in self.legs] or None,
        }


#: how far account and positions lag behind the fills: up to ten seconds were seen (door `lag`)
ACCOUNT_LAG = timedelta(seconds=10)
#: how long an order that meets the market takes, a cancel, and until a new order is in the list
FILL_SECONDS, CANCEL_SECONDS, LIST_SECONDS = 0.2, 0.3, 0.25


class Book:
    """Cash, positions, orders and fill activities of one account."""

    def __init__(self, clock: VirtualClock, market: Market) -> None:
        self.clock, self.market = clock, market
        self.cash = 100_000.0
        self.positions: dict[str, tuple[float, float]] = {}
        self.roots: list[AlpacaOrder] = []
        self.fills: list[dict[str, Any]] = []
        self.scripts: list[dict[str, Any]] = []
        self.halted: set[str] = set()
        self.lag = ACCOUNT_LAG
        self.before: list[tuple[datetime, float, dict[str, tuple[float, float]]]] = []

    def all(self) -> list[AlpacaOrder]:
        return [node for root in self.roots for node in (root, *root.legs)]

    def by_client_id(self, name: str) -> AlpacaOrder | None:
        return next((o for o in self.all() if o.spec["client_order_id"] == name), None)

    def refusal(self, spec: dict[str, Any]) -> tuple[int, int, str] | None:
        """(status, code, message) when the API refuses the order."""
        if self.by_client_id(spec.get("client_order_id", "")):
            return 422, 40010001, "client_order_id must be unique"
        local = self.clock.now().astimezone(NEW_YORK).time()
        if spec["time_in_force"] == "opg" and time(9, 28) <= local < time(19):
            return 422, 42210000, "opg orders are not accepted between 9:28am and 7:00pm ET"
        price = self.market.price(spec["symbol"], self.clock.now())
        if price is None:
            return 422, 42210000, f"asset {spec['symbol']} not found"
        quantity = float(spec["qty"])
        if quantity % 1 and (spec["time_in_force"] != "day" or spec["type"] != "market"):
            return 422, 42210000, "fractional orders must be DAY orders"
        if spec["type"] == "limit" and not spec.get("limit_price"):
            return 422, 42210000, "limit orders require limit price"
        if spec["side"] == "buy" and quantity * price > self.cash * 2:
            return 403, 40310000, "insufficient buying power"
        held = self.positions.get(spec["symbol"], (0, 0.0))[0]
        busy = self.busy(spec["symbol"])
        if spec["side"] == "buy" and busy:
            return 403, 40310000, "potential wash trade detected. use complex orders"
        if spec["type"] == "stop" and float(spec["stop_price"]) >= price:
            return 422, 42210000, "stop price must be less than current price"
        if spec["side"] == "sell" and quantity + busy > held:
            asked = f"(requested: {shares(quantity)}, available: {shares(held - busy)})"
            return 403, 40310000, f"insufficient qty available for order {asked}"
        return None

    def shown(self) -> tuple[float, dict[str, tuple[float, float]]]:
        """Cash and positions as account and position list show them: a while behind the fills."""
        since = self.clock.now() - self.lag
        for at, cash, positions in self.before:
            if at > since:
                return cash, positions
        return self.cash, self.positions

    def busy(self, symbol: str) -> float:
        """Shares that working sells hold."""
        sells = (o for o in self.all() if o.live and o.status != "held" and o.spec["side"] == "sell")
        return sum(o.left for o in sells if o.spec["symbol"] == symbol)

    def accept(self, spec: dict[str, Any]) -> AlpacaOrder:
        now = self.clock.now()
        spec.setdefault("client_order_id", str(uuid.uuid4()))
        order = AlpacaOrder(self._id(), spec, now)
        order.status = "new" if self.market.is_open(now) else "accepted"
        if spec.get("order_class") == "oto":
            leg = {
                "symbol": spec["symbol"],
                "qty": spec["qty"],
                "side": "sell",
                "type": "stop",
                "time_in_force": spec["time_in_force"],
                "order_class": "oto",
                "stop_price": spec["stop_loss"]["stop_price"],
                "client_order_id": self._id(),
            }
            order.legs = [AlpacaOrder(self._id(), leg, now, "held")]
        self.roots.append(order)
        self._script(order)
        self._match(order)
        return order

    def _id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"fake-{len(self.all())}-{len(self.fills)}-{self._next()}"))

    def _next(self) -> int:
        self.count = getattr(self, "count", 0) + 1
        return self.count

    def _script(self, order: AlpacaOrder) -> None:
        for script in self.scripts:
            if all(order.spec.get(key) == value for key, value in script.get("match", {}).items()):
                order.scripted = True
                order.steps = [dict(step) for step in script.get("fills", [])]
                self.scripts.remove(script)
                return

    def advance(self) -> None:
        """Match everything that is live at the current instant."""
        for order in self.all():
            self._match(order)

    def _match(self, order: AlpacaOrder) -> None:
        now = self.clock.now()
        if order.live and order.cancel_at is not None and order.cancel_at <= now:
            self._cancelled(order)
        if not order.live or order.status == "held":
            return
        if order.scripted:
            while order.steps and now >= order.submitted + timedelta(seconds=order.steps[0].get("after", 0)):
                step = order.steps.pop(0)
                self._fill(order, float(step["quantity"]), float(step["price"]))
            return
        if self._over(order, now):
            order.status = "expired"
            for leg in order.legs:
                leg.status = "expired" if leg.live and not order.filled else leg.status
            return
        if not self.market.is_open(now) or order.spec["symbol"] in self.halted:
            return
        if order.status != "accepted" and now < order.submitted + self.clock.takes(FILL_SECONDS):
            return
        order.status = "new" if order.status == "accepted" else order.status
        price = self.market.fill_price(order.spec["symbol"], order.spec["side"].upper(), now)
        level = order.spec.get("stop_price") or order.spec.get("limit_price") or 0
        touched = order.spec["type"] == "market" or (price or 0) <= float(level)
        if price is not None and touched:
            self._fill(order, order.left, price)

    def _over(self, order: AlpacaOrder, now: datetime) -> bool:
        """Tell whether the session of a day order has ended: the one it was sent in, or before."""
        if order.spec["time_in_force"] == "gtc":
            return False
        for _, (opens, closes) in self.market.days(order.submitted, now):
            if opens <= now and closes > order.submitted:
                return closes <= now
        return False

    def replace_stop(self, order: AlpacaOrder, price: str) -> AlpacaOrder:
        """A person moves a stop: the old order ends as replaced, a new one rests."""
        spec = {k: v for k, v in order.spec.items() if k not in {"client_order_id", "order_class"}}
        order.status = "replaced"
        return self.accept(spec | {"stop_price": price})

    def split(self, symbol: str, ratio: float) -> None:
        """A split: quantity and average move, resting stops are cancelled."""
        self.before.clear()
        quantity, average = self.positions[symbol]
        self.positions[symbol] = (round(quantity * ratio, 9), average / ratio)
        for order in self.all():
            if order.live and order.spec["symbol"] == symbol and order.spec["type"] == "stop":
                order.status = "canceled"
        self.market.split(symbol, ratio, self.clock.now().astimezone(NEW_YORK).date())

    def _fill(self, order: AlpacaOrder, quantity: float, price: float) -> None:
        symbol, sign = order.spec["symbol"], 1 if order.spec["side"] == "buy" else -1
        held, average = self.positions.get(symbol, (0, 0.0))
        self.before.append((self.clock.now(), self.cash, dict(self.positions)))
        self.cash = round(self.cash - sign * quantity * price, 2)
        total = round(held + sign * quantity, 9)
        paid = (average * held + price * quantity) / total if sign > 0 else average
        self.positions.pop(symbol, None)
        if total:
            self.positions[symbol] = (total, paid)
        order.filled += quantity
        order.value += quantity * price
        order.status = "filled" if order.left == 0 else "partially_filled"
        at = self.clock.now()
        self.fills.append(
            {
                "activity_type": "FILL",
                "id": f"{at:%Y%m%d%H%M%S%f}::{len(self.fills):04d}",
                "order_id": order.id,
                "symbol": symbol,
                "side": order.spec["side"],
                "qty": shares(quantity),
                "price": str(price),
                "transaction_time": stamp(at),
                "type": "fill" if order.left == 0 else "partial_fill",
            }
        )
        if order.status == "filled":
            for leg in order.legs:
                leg.status = "new"

    def cancel(self, order: AlpacaOrder) -> bool:
        """Take the request; the order ends a moment later, and may fill until then."""
        if not order.live:
            return False
        if order.status != "held":
            order.status = "pending_cancel"
        order.cancel_at = self.clock.now() + self.clock.takes(CANCEL_SECONDS)
        self._match(order)
        return True

    def _cancelled(self, order: AlpacaOrder) -> None:
        for node in (order, *order.legs):
            if node.live:
                node.status = "canceled"

    def listed(self, order: AlpacaOrder) -> bool:
        """Whether the order list shows a new order already; asked by its id it is always there."""
        return order.submitted + self.clock.takes(LIST_SECONDS) <= self.clock.now()
