"""Small time and price rules of the paper broker: which session concerns an order, what it pays."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from backtest.calendar.sessions import NEW_YORK, Session, next_session, session
from backtest.core.execution_rules import ExecutionRules
from backtest.trading.fills import market_price
from live.brokers.paper.store import PaperOrder
from live.model.broker import OrderState
from live.model.feed import Quote

EARLY_IN_SESSION = timedelta(minutes=30)


def money(value: float) -> Decimal:
    """Return the shortest decimal that reads back as `value`: the one door from float to money here."""
    return Decimal(repr(float(value)))


def market_value(quantity: int, price: float | None) -> Decimal | None:
    """Return what a position is worth, None without a price."""
    return None if price is None else money(round(quantity * price, 2))


def fill_price(quote: Quote | None, *, held: bool = False) -> float | None:
    """Return the price a market order meets: the mid, or the session's open for one that waited for it."""
    if quote is None:
        return None
    if held and quote.open is not None:
        return quote.open
    return quote.mid


def within_limit(order: PaperOrder, price: float, rules: ExecutionRules) -> bool:
    """Tell whether an order fills at a price: a limit buy only when that, with slippage, is not above it."""
    return order.limit_price is None or market_price("buy", price, rules) <= float(order.limit_price)


def running_session(now: datetime) -> Session | None:
    """Return the session that is open at `now`."""
    today = session(now.astimezone(NEW_YORK).date())
    return today if today is not None and today.open <= now < today.close else None


def first_session(order: PaperOrder) -> Session:
    """Return the first session that concerns an order: the only one for a day order."""
    return next_session(order.checked_until)


def needs_bars(order: PaperOrder, passed: date) -> bool:
    """Tell whether a session up to `passed` may have filled this order while nobody looked."""
    if order.awaiting or not (order.order_type == "stop" or order.state is OrderState.PENDING):
        return False
    return first_session(order).day <= passed


def checked_until(now: datetime, order_type: str) -> date:
    """Return the newest date that cannot concern an order entered at `now`."""
    day = now.astimezone(NEW_YORK).date()
    today = session(day)
    if today is None:
        return day
    until = today.open + EARLY_IN_SESSION if order_type == "stop" else today.close
    return day - timedelta(days=1) if now < until else day
