"""Orders of the imitation: validation as Schwab does it, and the rows its API shows."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

LIVE = {
    "WORKING",
    "PENDING_ACTIVATION",
    "AWAITING_PARENT_ORDER",
    "QUEUED",
    "ACCEPTED",
    "NEW",
    "PENDING_CANCEL",
}
TERMINAL = {"FILLED", "CANCELED", "REJECTED", "EXPIRED", "REPLACED"}
APP_TAG = "TA_fakeuser1700000000"
_GTC_LIFE = timedelta(days=180)


def stamp(at: datetime | None) -> str | None:
    """Whole seconds UTC, as the API prints them."""
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000") if at else None


@dataclass
class FakeOrder:
    """One order node."""

    id: int
    spec: dict[str, Any]
    entered: datetime
    tag: str = APP_TAG
    status: str = "NEW"
    description: str = ""
    filled: float = 0.0
    closed: datetime | None = None
    parent: FakeOrder | None = None
    children: list[FakeOrder] = field(default_factory=list)
    activities: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    scripted: bool = False
    accepted: datetime | None = None
    visible_at: datetime | None = None
    hidden_reads: int = 0

    @property
    def leg(self) -> dict[str, Any]:
        return self.spec["orderLegCollection"][0] if self.spec.get("orderLegCollection") else {}

    @property
    def symbol(self) -> str:
        return str(self.leg.get("instrument", {}).get("symbol", ""))

    @property
    def side(self) -> str:
        return str(self.leg.get("instruction", ""))

    @property
    def quantity(self) -> float:
        return float(self.leg.get("quantity", 0))

    @property
    def left(self) -> float:
        return self.quantity - self.filled

    @property
    def live(self) -> bool:
        return self.status not in TERMINAL

    @property
    def stop_price(self) -> float:
        return float(self.spec.get("stopPrice", 0))

    def family(self) -> list[FakeOrder]:
        """This node and everything below it."""
        return [self, *itertools.chain.from_iterable(child.family() for child in self.children)]

    def fill(self, quantity: float, price: float, at: datetime, activity: int) -> None:
        """Book one execution on the order."""
        self.filled += quantity
        self.activities.append(
            {
                "activityType": "EXECUTION",
                "activityId": activity,
                "executionType": "FILL",
                "quantity": quantity,
                "orderRemainingQuantity": self.left,
                "executionLegs": [
                    {
                        "legId": 1,
                        "price": price,
                        "quantity": quantity,
                        "mismarkedQuantity": 0.0,
                        "instrumentId": abs(hash(self.symbol)) % 10**8,
                        "time": stamp(at),
                    }
                ],
            }
        )
        if self.left <= 0:
            self.status, self.closed = "FILLED", at

    def end(self, status: str, at: datetime, activity: int, description: str = "") -> None:
        """Cancel, expire or reject; a cancel shows as an execution with price 0."""
        if status == "CANCELED":
            self.activities.append(
                {
                    "activityType": "EXECUTION",
                    "activityId": activity,
                    "executionType": "CANCELED",
                    "quantity": self.left,
                    "orderRemainingQuantity": 0.0,
                    "executionLegs": [
                        {
                            "legId": 1,
                            "price": 0.0,
                            "quantity": self.left,
                            "mismarkedQuantity": 0.0,
                            "time": stamp(at),
                        }
                    ],
                }
            )
        self.status, self.closed, self.description = status, at, description

    def row(self, account: str) -> dict[str, Any]:
        """The order as GET shows it."""
        gone = self.status in {"CANCELED", "EXPIRED", "REJECTED", "REPLACED"}
        row: dict[str, Any] = {
            "session": self.spec.get("session", "NORMAL"),
            "duration": self.spec.get("duration", "DAY"),
            "orderType": self.spec.get("orderType"),
            "complexOrderStrategyType": "NONE",
            "quantity": self.quantity,
            "filledQuantity": self.filled,
            "remainingQuantity": 0.0 if gone else self.left,
            "requestedDestination": "AUTO",
            "destinationLinkName": "AutoRoute",
            "orderLegCollection": [self._leg_row()],
            "orderStrategyType": self.spec.get("orderStrategyType", "SINGLE"),
            "orderId": self.id,
            "cancelable": self.live,
            "editable": False,
            "status": self.status,
            "enteredTime": stamp(self.entered),
            "tag": self.tag,
            "accountNumber": int(account),
        }
        if "stopPrice" in self.spec:
            row |= {"stopPrice": float(self.spec["stopPrice"]), "stopType": "STANDARD"}
        if "price" in self.spec:
            row["price"] = float(self.spec["price"])
        if self.spec.get("duration") == "GOOD_TILL_CANCEL":
            row["cancelTime"] = stamp(self.entered.replace(hour=5, minute=0, second=0) + _GTC_LIFE)
        if self.closed:
            row["closeTime"] = stamp(self.closed)
        if self.description:
            row["statusDescription"] = self.description
        if self.activities:
            row["orderActivityCollection"] = self.activities
        if self.children:
            row["childOrderStrategies"] = [child.row(account) for child in self.children]
        if self.spec.get("orderStrategyType") == "OCO":
            for key in ("orderLegCollection", "orderType", "quantity", "filledQuantity", "remainingQuantity"):
                row.pop(key)
        return row

    def _leg_row(self) -> dict[str, Any]:
        return {
            "orderLegType": "EQUITY",
            "legId": 1,
            "instrument": {**self.leg.get("instrument", {}), "cusip": "000000000", "instrumentId": 1},
            "instruction": self.side,
            "positionEffect": "OPENING" if self.side == "BUY" else "CLOSING",
            "quantity": self.quantity,
        }


def problem(spec: Any, *, child: bool = False) -> str | None:
    """Why the API answers 400, or None."""
    if not isinstance(spec, dict):
        return "body must be an object"
    strategy = spec.get("orderStrategyType")
    if strategy not in {"SINGLE", "TRIGGER", "OCO"}:
        return "orderStrategyType is required"
    if "requestedDestination" in spec:
        return "requestedDestination must be null"
    if strategy == "OCO":
        return _children_problem(spec, wanted=2)
    for name in ("session", "duration", "orderType"):
        if not spec.get(name):
            return f"{name} must not be null"
    if spec["session"] != "NORMAL" and spec["orderType"] == "MARKET":
        return "Market orders are only valid in session NORMAL"
    legs = spec.get("orderLegCollection")
    if not isinstance(legs, list) or len(legs) != 1:
        return "exactly one leg expected"
    return (
        _leg_problem(legs[0])
        or _price_problem(spec)
        or (_children_problem(spec, wanted=1) if strategy == "TRIGGER" and not child else None)
    )


def _children_problem(spec: dict[str, Any], wanted: int) -> str | None:
    children = spec.get("childOrderStrategies") or []
    if len(children) < wanted:
        return "childOrderStrategies missing"
    return next((found for child in children if (found := problem(child, child=True))), None)


def _leg_problem(leg: dict[str, Any]) -> str | None:
    quantity = leg.get("quantity")
    if not isinstance(quantity, (int, float)) or quantity <= 0 or quantity != int(quantity):
        return "quantity must be a whole number"
    if leg.get("instruction") not in {"BUY", "SELL", "SELL_SHORT", "BUY_TO_COVER"}:
        return "instruction is invalid"
    instrument = leg.get("instrument") or {}
    return None if instrument.get("symbol") and instrument.get("assetType") else "instrument is invalid"


def _price_problem(spec: dict[str, Any]) -> str | None:
    for name, kinds in (("stopPrice", {"STOP", "STOP_LIMIT"}), ("price", {"LIMIT", "STOP_LIMIT"})):
        value = spec.get(name)
        if spec["orderType"] in kinds and value is None:
            return f"{name} is required"
        if value is None:
            continue
        places = 2 if float(value) >= 1 else 4
        if not re.fullmatch(rf"\d+(\.\d{{1,{places}}})?", str(value)):
            return f"{name} does not follow the tick size"
    return None
