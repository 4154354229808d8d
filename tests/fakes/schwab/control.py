"""The control door (`/__control__/…`): how a test in another process scripts the world."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.fakes.schwab.account import Position
from tests.fakes.schwab.orders import APP_TAG

if TYPE_CHECKING:
    from tests.fakes.schwab.app import SchwabApp


def obey(app: SchwabApp, name: str, data: Any) -> Any:
    """Carry out one control request and return its JSON answer."""
    command = _COMMANDS.get(name)
    if command is None:
        raise KeyError(f"no control {name!r}; there are {sorted(_COMMANDS)}")
    answer = command(app, data or {})
    return {"ok": True} if answer is None else answer


def _state(app: SchwabApp, data: Any) -> Any:
    del data
    app.book.advance()
    return {
        "now": app.clock.now().isoformat(),
        "cash": app.account.cash,
        "positions": {s: p.quantity for s, p in sorted(app.account.positions.items())},
        "orders": [
            {
                "id": str(o.id),
                "parent": str(o.parent.id) if o.parent else None,
                "symbol": o.symbol,
                "side": o.side,
                "type": o.spec.get("orderType"),
                "quantity": o.quantity,
                "filled": o.filled,
                "status": o.status,
                "stop_price": o.stop_price or None,
                "tag": o.tag,
                "fills": [
                    {
                        "quantity": a["quantity"],
                        "price": a["executionLegs"][0]["price"],
                        "id": a["activityId"],
                    }
                    for a in o.activities
                    if a["executionType"] == "FILL"
                ],
            }
            for o in app.book.all()
        ],
    }


def _clock(app: SchwabApp, data: Any) -> Any:
    if "at" in data:
        app.clock.set(datetime.fromisoformat(data["at"]))
    if "advance" in data:
        app.clock.advance(float(data["advance"]))
    if "frozen" in data:
        app.clock.freeze(bool(data["frozen"]))
    if "skew" in data:
        app.clock.skew = timedelta(seconds=float(data["skew"]))
    app.book.advance()
    return {"now": app.clock.now().isoformat()}


def _prices(app: SchwabApp, data: Any) -> None:
    for symbol, value in data.items():
        app.market.script(symbol, value)
    app.book.advance()


def _market(app: SchwabApp, data: Any) -> None:
    if "spread" in data:
        app.market.spread = float(data["spread"])
    if "unfinished_bar" in data:
        app.market.unfinished_bar = bool(data["unfinished_bar"])
    for day, hours in data.get("hours", {}).items():
        app.market.set_hours(date.fromisoformat(day), *(hours or (None, None)))
    for symbol, rows in data.get("bars", {}).items():
        app.market.load(symbol, rows)


def _account(app: SchwabApp, data: Any) -> None:
    account = app.account
    account.kind = data.get("type", account.kind)
    account.cash = float(data.get("cash", account.cash))
    account.extra_rows = data.get("extra_rows", account.extra_rows)
    app.reject_at_once = bool(data.get("reject_at_once", app.reject_at_once))
    if "unsettled" in data:
        account.unsettled = [(date.max, float(data["unsettled"]))]
    for symbol, (quantity, average) in data.get("positions", {}).items():
        account.positions.pop(symbol, None)
        if quantity:
            account.positions[symbol] = Position(float(quantity), float(average))


def _orders(app: SchwabApp, data: Any) -> Any:
    """A manual order, by default with another tag than ours."""
    order = app.book.accept(data["body"], data.get("tag", "API_TOS:CHART"))
    if "entered" in data:
        order.entered = datetime.fromisoformat(data["entered"])
    return {"id": str(order.id), "tag": order.tag, "app_tag": APP_TAG}


def _change(app: SchwabApp, data: Any) -> None:
    """Edit an order behind everybody's back: status, stop price, quantity."""
    order = app.book.find(int(data["id"]))
    if order is None:
        raise KeyError(data["id"])
    if "stop_price" in data:
        order.spec["stopPrice"] = data["stop_price"]
    if "quantity" in data:
        order.leg["quantity"] = data["quantity"]
    if data.get("cancel"):
        app.book.cancel(order)
    if "status" in data:
        order.status = data["status"]


def _scripts(app: SchwabApp, data: Any) -> None:
    app.book.scripts.extend(data if isinstance(data, list) else [data])


def _lag(app: SchwabApp, data: Any) -> None:
    app.list_lag = timedelta(seconds=float(data.get("seconds", 0)))
    app.lag_reads = int(data.get("reads", 0))


def _actions(app: SchwabApp, data: Any) -> None:
    if "split" in data:
        app.book.split(data["split"]["symbol"], float(data["split"]["ratio"]))
    if "dividend" in data:
        app.book.dividend(data["dividend"]["symbol"], float(data["dividend"]["amount"]))


def _tokens(app: SchwabApp, data: Any) -> Any:
    if "revoke" in data:
        app.tokens.revoke(data["revoke"])
    if "refresh_days" in data:
        app.tokens.refresh_life = timedelta(days=float(data["refresh_days"]))
    return app.tokens.login() if data.get("login") else None


def transactions(app: SchwabApp) -> list[dict[str, Any]]:
    """Trades, and what moved cash besides, as the transactions endpoint lists them."""
    rows = []
    for order in app.book.all():
        for activity in order.activities:
            if activity["executionType"] == "FILL":
                leg = activity["executionLegs"][0]
                amount = leg["quantity"] * leg["price"] * (-1 if order.side == "BUY" else 1)
                rows.append(
                    {
                        "activityId": activity["activityId"],
                        "orderId": order.id,
                        "type": "TRADE",
                        "tradeDate": leg["time"],
                        "netAmount": round(amount, 2),
                    }
                )
    return [*rows, *app.transactions]


_COMMANDS = {
    "state": _state,
    "clock": _clock,
    "prices": _prices,
    "market": _market,
    "account": _account,
    "orders": _orders,
    "change": _change,
    "scripts": _scripts,
    "lag": _lag,
    "actions": _actions,
    "tokens": _tokens,
}
