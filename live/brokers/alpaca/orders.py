"""Alpaca's order JSON: the bodies we send, the rows and fills we get back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from backtest.core.decision import Side
from backtest.core.errors import BrokerRefused
from live.brokers.common import decimal, instant, limit_text, tick_text
from live.model.broker import Account, BrokerOrder, Execution, Holding, OrderRequest, OrderState
from live.system.redaction import register_account

#: life of an order good till cancelled
GTC_LIFE = timedelta(days=90)
STATES: Mapping[str, OrderState] = {
    **dict.fromkeys(
        ("accepted", "pending_new", "held", "accepted_for_bidding", "pending_review", "suspended"),
        OrderState.PENDING,
    ),
    **dict.fromkeys(("new", "done_for_day", "stopped", "calculated"), OrderState.WORKING),
    "partially_filled": OrderState.PARTIAL,
    **dict.fromkeys(("pending_cancel", "pending_replace"), OrderState.CANCEL_PENDING),
    "filled": OrderState.FILLED,
    "canceled": OrderState.CANCELED,
    "replaced": OrderState.REPLACED,
    "expired": OrderState.EXPIRED,
    "rejected": OrderState.REJECTED,
}


def order_body(request: OrderRequest, *, auction: bool = True) -> dict[str, Any]:
    """Return the exact JSON body of a request.

    An entry with its stop is one-triggers-other; the order then is good till cancelled, because that holds
    for its stop. Opening orders cannot carry a stop at Alpaca: it is left out, to be placed after the fill.
    Without `auction` (Alpaca takes no more orders for the opening) an opening order is a day order: sent
    before the session it fills at its start.

    Raises:
        BrokerRefused: a request Alpaca would not take.
    """
    if request.quantity != int(request.quantity) or request.quantity < 1:
        raise BrokerRefused(f"quantity {request.quantity!r} is not whole", where=request.client_order_id)
    tif = "day" if request.time_in_force == "opg" and not auction else request.time_in_force
    body: dict[str, Any] = {
        "symbol": request.symbol,
        "qty": str(request.quantity),
        "side": request.side,
        "type": request.order_type,
        "time_in_force": tif,
        "client_order_id": request.client_order_id,
    }
    if request.order_type == "stop":
        if request.stop_price is None:
            raise BrokerRefused("a stop order needs a stop price", where=request.client_order_id)
        body["stop_price"] = tick_text(request.stop_price)
    if request.order_type == "limit":
        body["limit_price"] = limit_text(request)
    if request.order_type != "stop" and request.attached_stop is not None and tif != "opg":
        body["time_in_force"] = "gtc"
        body["order_class"] = "oto"
        body["stop_loss"] = {"stop_price": tick_text(request.attached_stop)}
    return body


def parse_orders(
    rows: Iterable[Mapping[str, Any]], fills: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[BrokerOrder]:
    """Return orders with their legs flattened out; `fills` are fill activities by order id."""
    found: list[BrokerOrder] = []
    for row in rows:
        found.append(parse_order(row, fills.get(str(row.get("id")), ())))
        parent = found[-1].order_id
        found += [
            parse_order(leg, fills.get(str(leg.get("id")), ()), parent) for leg in row.get("legs") or ()
        ]
    return found


def parse_order(
    row: Mapping[str, Any], fills: Sequence[Mapping[str, Any]] = (), parent_id: str | None = None
) -> BrokerOrder:
    """Return one order row; a status word we do not know counts as live."""
    order_id, symbol = str(row.get("id", "")), str(row.get("symbol", ""))
    side: Side = "sell" if row.get("side") == "sell" else "buy"
    order_type = str(row.get("type") or row.get("order_type") or "")
    filled = _shares(row.get("filled_qty"))
    tif = str(row.get("time_in_force", ""))
    if order_type != "stop" and row.get("order_class") == "oto":
        tif = "day"  # the word gtc is about its stop
    return BrokerOrder(
        order_id=order_id,
        symbol=symbol,
        side=side,
        quantity=_shares(row.get("qty")),
        filled_quantity=filled,
        state=STATES.get(str(row.get("status")), OrderState.UNKNOWN_LIVE),
        order_type=order_type,
        time_in_force=tif,
        average_price=decimal(row.get("filled_avg_price")) if filled else None,
        stop_price=decimal(row.get("stop_price")),
        limit_price=decimal(row.get("limit_price")) if order_type == "limit" else None,
        client_order_id=row.get("client_order_id"),
        entered_at=_instant(row.get("submitted_at") or row.get("created_at")),
        expires_at=_instant(row.get("expires_at")) or _usual_end(row),
        parent_id=parent_id,
        raw_status=str(row.get("status", "")),
        reason=str(row.get("reject_reason") or ""),
        executions=tuple(_executions(fills, order_id, symbol, side)),
        raw=dict(row),
    )


def _usual_end(row: Mapping[str, Any]) -> datetime | None:
    """Return when an order good till cancelled ends where Alpaca does not say: after 90 days."""
    begun = _instant(row.get("submitted_at") or row.get("created_at"))
    return begun + GTC_LIFE if begun is not None and row.get("time_in_force") == "gtc" else None


def _executions(
    fills: Sequence[Mapping[str, Any]], order_id: str, symbol: str, side: Side
) -> Iterable[Execution]:
    for fill in fills:
        price, at = decimal(fill.get("price")), _instant(fill.get("transaction_time"))
        quantity = _shares(fill.get("qty"))
        if price is not None and at is not None and quantity > 0:
            yield Execution(str(fill["id"]), order_id, symbol, side, quantity, price, at)


def parse_account(row: Mapping[str, Any], positions: Iterable[Mapping[str, Any]]) -> Account:
    """Return balances and positions; a missing figure stays None.

    An account without leverage (multiplier 1) may spend what is not tied to unsettled sales.
    """
    number = str(row.get("account_number") or "")
    cash, power = decimal(row.get("cash")), decimal(row.get("buying_power"))
    free = decimal(row.get("non_marginable_buying_power"))
    plain = decimal(row.get("multiplier")) == 1
    settled = None if cash is None or free is None else min(cash, free)
    return Account(
        reference=register_account(number) if number else "***",
        kind="cash" if plain else "margin",
        cash=cash,
        settled_cash=settled,
        buying_power=settled if plain else power,
        equity=decimal(row.get("equity")),
        holdings=tuple(_holding(position) for position in positions),
        restriction=_restriction(row),
    )


def _restriction(row: Mapping[str, Any]) -> str:
    """Return why Alpaca lets this account trade nothing, empty when it does not say so."""
    blocked = [
        name for name in ("trading_blocked", "account_blocked", "trade_suspended_by_user") if row.get(name)
    ]
    status = row.get("status")
    if isinstance(status, str) and status != "ACTIVE":
        blocked.append(f"status {status}")
    return ", ".join(blocked)


def _holding(row: Mapping[str, Any]) -> Holding:
    kind = str(row.get("asset_class", "unknown"))
    return Holding(
        symbol=str(row.get("symbol", "")),
        quantity=decimal(row.get("qty")) or Decimal(0),
        average_price=decimal(row.get("avg_entry_price")),
        market_value=decimal(row.get("market_value")),
        asset_type="equity" if kind == "us_equity" else kind,
    )


def _shares(value: Any) -> int:
    number = decimal(value)
    return 0 if number is None else int(number)


def _instant(value: Any) -> datetime | None:
    # nanoseconds: Python reads six decimals
    if isinstance(value, str) and "." in value:
        head, _, tail = value.partition(".")
        digits = tail.rstrip("Z")[:6]
        return instant(f"{head}.{digits}Z") if digits.isdigit() else instant(value)
    return instant(value)
