"""Schwab's order JSON: the bodies we send and the rows we get back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from backtest.core.decision import Side
from backtest.core.errors import BrokerRefused
from live.brokers.common import decimal, instant, limit_text, tick_text
from live.model.broker import BrokerOrder, Execution, OrderRequest, OrderState
from live.system.redaction import MASK

STATES: Mapping[str, OrderState] = {
    **dict.fromkeys(
        (
            "NEW",
            "ACCEPTED",
            "QUEUED",
            "PENDING_ACTIVATION",
            "PENDING_ACKNOWLEDGEMENT",
            "AWAITING_PARENT_ORDER",
            "AWAITING_CONDITION",
            "AWAITING_STOP_CONDITION",
            "AWAITING_MANUAL_REVIEW",
            "AWAITING_RELEASE_TIME",
        ),
        OrderState.PENDING,
    ),
    "WORKING": OrderState.WORKING,
    **dict.fromkeys(
        ("PENDING_CANCEL", "PENDING_REPLACE", "PENDING_RECALL", "AWAITING_UR_OUT"), OrderState.CANCEL_PENDING
    ),
    "FILLED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELED,
    "REPLACED": OrderState.REPLACED,
    "EXPIRED": OrderState.EXPIRED,
    "REJECTED": OrderState.REJECTED,
}
_TIFS = {"DAY": "day", "GOOD_TILL_CANCEL": "gtc"}
_INSTRUCTIONS: Mapping[Side, str] = {"buy": "BUY", "sell": "SELL"}


# bodies ------------------------------------------------------------------------------------------------


def to_vendor(symbol: str) -> str:
    """Return Schwab's spelling: share classes with a slash (BRK/B)."""
    return symbol.replace(".", "/")


def from_vendor(symbol: str) -> str:
    """Return our spelling: share classes with a dot (BRK.B)."""
    return symbol.replace("/", ".")


def order_body(request: OrderRequest) -> dict[str, Any]:
    """Return the exact JSON body of a request; the client order id has no field at Schwab.

    Raises:
        BrokerRefused: Schwab would not take such an order (fractions, no stop price, price off the tick).
    """
    if request.quantity != int(request.quantity) or request.quantity < 1:
        raise BrokerRefused(f"quantity {request.quantity!r} is not whole", where=request.client_order_id)
    body = _single(request.symbol, request.side, request.quantity, request.order_type, request.stop_price)
    if request.order_type == "limit":
        body["price"] = limit_text(request)
    if request.order_type == "stop":
        body["duration"] = "DAY" if request.time_in_force == "day" else "GOOD_TILL_CANCEL"
    elif request.time_in_force == "gtc":
        raise BrokerRefused("market and limit orders are day orders", where=request.client_order_id)
    if request.attached_stop is not None:
        if request.side != "buy" or request.order_type == "stop":
            raise BrokerRefused("only a buy carries a stop", where=request.client_order_id)
        body["orderStrategyType"] = "TRIGGER"
        stop = _single(request.symbol, "sell", request.quantity, "stop", request.attached_stop)
        stop["duration"] = "GOOD_TILL_CANCEL"
        body["childOrderStrategies"] = [stop]
    return body


def _single(
    symbol: str, side: Side, quantity: int, order_type: str, stop_price: Decimal | None
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "session": "NORMAL",
        "duration": "DAY",
        "orderType": order_type.upper(),
        "orderLegCollection": [
            {
                "instruction": _INSTRUCTIONS[side],
                "instrument": {"assetType": "EQUITY", "symbol": to_vendor(symbol)},
                "quantity": quantity,
            }
        ],
        "orderStrategyType": "SINGLE",
    }
    if order_type == "stop":
        if stop_price is None:
            raise BrokerRefused("a stop order needs a stop price", where=symbol)
        body["stopPrice"] = tick_text(stop_price)
    return body


# rows --------------------------------------------------------------------------------------------------


def parse_orders(rows: Sequence[Mapping[str, Any]]) -> list[BrokerOrder]:
    """Return every order of a list answer, children flattened out at any depth."""
    return [order for row in rows for order in _flatten(row, None)]


def _flatten(row: Mapping[str, Any], parent_id: str | None) -> Iterator[BrokerOrder]:
    children = row.get("childOrderStrategies") or []
    legs = row.get("orderLegCollection") or []
    order_id = str(row.get("orderId", ""))
    if legs or not children:  # an OCO node has children but no leg of its own: only its orders matter
        yield parse_order(row, parent_id)
    for child in children:
        yield from _flatten(child, order_id or parent_id)


def parse_order(row: Mapping[str, Any], parent_id: str | None = None) -> BrokerOrder:
    """Return one order row; unknown words and fields are kept, never guessed away."""
    leg = next(iter(row.get("orderLegCollection") or [{}]))
    symbol = from_vendor(str((leg.get("instrument") or {}).get("symbol", "")))
    side: Side = "sell" if str(leg.get("instruction", "")).startswith("SELL") else "buy"
    order_id = str(row.get("orderId", ""))
    filled = _shares(row.get("filledQuantity"))
    executions = tuple(_executions(row, order_id, symbol, side))
    order_type = str(row.get("orderType", ""))
    return BrokerOrder(
        order_id=order_id,
        symbol=symbol,
        side=side,
        quantity=_shares(row.get("quantity", leg.get("quantity"))),
        filled_quantity=filled,
        state=order_state(str(row.get("status", "")), filled),
        order_type=order_type.lower(),
        time_in_force=_TIFS.get(str(row.get("duration", "")), str(row.get("duration", "")).lower()),
        average_price=_average(executions, filled),
        stop_price=decimal(row.get("stopPrice")),
        limit_price=decimal(row.get("price")) if order_type == "LIMIT" else None,
        entered_at=instant(row.get("enteredTime")),
        expires_at=instant(row.get("cancelTime")),
        parent_id=parent_id,
        tag=row.get("tag"),
        raw_status=str(row.get("status", "")),
        reason=str(row.get("statusDescription") or ""),
        executions=executions,
        raw=_masked(row),
    )


def order_state(word: str, filled: int) -> OrderState:
    """Return the normalised state; a word we do not know counts as live."""
    state = STATES.get(word, OrderState.UNKNOWN_LIVE)
    if state in {OrderState.WORKING, OrderState.PENDING} and filled > 0:
        return OrderState.PARTIAL
    return state


def complete(order: BrokerOrder) -> bool:
    """Whether the executions add up to the filled quantity; if not, the row must be read again."""
    return sum(execution.quantity for execution in order.executions) == order.filled_quantity


def _executions(row: Mapping[str, Any], order_id: str, symbol: str, side: Side) -> Iterator[Execution]:
    for activity in row.get("orderActivityCollection") or []:
        if activity.get("activityType") != "EXECUTION" or activity.get("executionType") != "FILL":
            continue  # a cancel also shows as an EXECUTION, with price 0
        used: dict[str, int] = {}
        for leg in activity.get("executionLegs") or []:
            price, quantity = decimal(leg.get("price")), _shares(leg.get("quantity"))
            at = instant(leg.get("time"))
            if price is None or price <= 0 or quantity <= 0 or at is None:
                continue
            key = f"{order_id}:{activity.get('activityId')}:{leg.get('legId')}"
            used[key] = used.get(key, 0) + 1
            name = key if used[key] == 1 else f"{key}:{used[key]}"
            yield Execution(name, order_id, symbol, side, quantity, price, at)


def _average(executions: Sequence[Execution], filled: int) -> Decimal | None:
    shares = sum(execution.quantity for execution in executions)
    if not shares or shares != filled:
        return None
    return sum((e.price * e.quantity for e in executions), Decimal(0)) / shares


def _shares(value: Any) -> int:
    number = decimal(value)
    return 0 if number is None else int(number)


def _masked(row: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a row for the journal without the account number."""

    def copy(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                key: f"{MASK}{str(item)[-4:]}" if key == "accountNumber" else copy(item)
                for key, item in value.items()
            }
        return [copy(item) for item in value] if isinstance(value, list) else value

    masked: dict[str, Any] = copy(row)
    return masked
