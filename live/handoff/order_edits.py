"""The edits a person may make to the orders of a file, as data in and data out.

What comes out has every field the schema wants; whether it may be executed `live.handoff.validate` judges.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from backtest.core.decision import Side
from backtest.core.errors import UsageError
from live.handoff.model import SignalFile
from live.model.order_ids import OrderName

BY_HAND: Final = "added by hand"


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order a person adds.

    Attributes:
        quantity: whole shares. price: what it is sized and judged with; None takes the newest the file has.
        stop: price of its protective stop, None for none.
        prefix: variant its id begins with, empty when ids of this book carry none.
    """

    symbol: str
    side: Side
    quantity: int
    price: float | None = None
    stop: float | None = None
    note: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class OrderChange:
    """What is different in an order; None leaves it as it is.

    Attributes:
        stop: a price. without_stop: the stop is taken out.
    """

    quantity: int | None = None
    stop: float | None = None
    without_stop: bool = False
    note: str | None = None
    enabled: bool | None = None


def added(data: Mapping[str, Any], signal: SignalFile, order: NewOrder) -> dict[str, Any]:
    """Return the file with one more order, last in rank.

    Raises:
        UsageError: 2, nobody knows a price of the symbol.
    """
    result = copy.deepcopy(dict(data))
    held = signal.inputs.account.positions.get(order.symbol, 0)
    name = OrderName.of(
        order.prefix,
        session=date.fromisoformat(signal.trade_date),
        symbol=order.symbol,
        intent=_intent(order, held),
        side=order.side,
    )
    price = order.price if order.price is not None else _known_price(signal, order.symbol)
    result["orders"].append(
        {
            "client_order_id": str(name),
            "symbol": order.symbol,
            "side": order.side,
            "intent": name.intent,
            "quantity": order.quantity,
            "order_type": "market",
            "reference_price": price,
            "estimated_value": round(order.quantity * price, 2),
            "rank": min([0.0, *(known.rank for known in signal.orders)]),
            "reason": BY_HAND,
            "stop": None if order.stop is None else {"price": order.stop, "time_in_force": "gtc"},
            "details": {},
            "enabled": True,
            "note": order.note,
        }
    )
    return result


def changed(data: Mapping[str, Any], signal: SignalFile, name: str, change: OrderChange) -> dict[str, Any]:
    """Return the file with one order changed. UsageError: 2, no order, or more than one, has this name."""
    result = copy.deepcopy(dict(data))
    order = result["orders"][_index(signal, name)]
    if change.quantity is not None:
        order["quantity"] = change.quantity
        order["estimated_value"] = round(change.quantity * order["reference_price"], 2)
    if change.without_stop:
        order["stop"] = None
    elif change.stop is not None:
        order["stop"] = {**(order["stop"] or {"time_in_force": "gtc"}), "price": change.stop}
    if change.note is not None:
        order["note"] = change.note
    if change.enabled is not None:
        order["enabled"] = change.enabled
    return result


def dropped(data: Mapping[str, Any], signal: SignalFile, name: str) -> dict[str, Any]:
    """Return the file without one order. UsageError: 2, no order, or more than one, has this name."""
    result = copy.deepcopy(dict(data))
    del result["orders"][_index(signal, name)]
    return result


def _intent(order: NewOrder, held: int) -> str:
    if order.side == "buy":
        return "increase" if held else "entry"
    return "exit" if order.quantity >= held else "reduce"


def _known_price(signal: SignalFile, symbol: str) -> float:
    """Return the price other orders of the symbol were sized with, else the quote the decision used."""
    found = [order.reference_price for order in signal.orders if order.symbol == symbol]
    found += [quote.last for quote in signal.inputs.quotes if quote.symbol == symbol and quote.last]
    if not found:
        raise UsageError(
            f"the file has no price of {symbol}",
            where="--price",
            remedy="give the price you see",
        )
    return float(found[0])


def _index(signal: SignalFile, name: str) -> int:
    """Return the place of the order with this id, or of the only order of this symbol."""
    exact = [i for i, order in enumerate(signal.orders) if order.client_order_id == name]
    found = exact or [i for i, order in enumerate(signal.orders) if order.symbol == name.upper()]
    if len(found) != 1:
        ids = ", ".join(order.client_order_id for order in signal.orders) or "none"
        problem = "no order has this name" if not found else "several orders are of this symbol"
        raise UsageError(problem, where=name, remedy=f"name one by its id: {ids}")
    return found[0]
