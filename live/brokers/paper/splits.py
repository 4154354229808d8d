"""A recorded split in the paper account: shares, average price and resting stops, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from backtest.calendar.sessions import NEW_YORK
from backtest.data.quality.actions import Holding, scale_holding
from live.brokers.paper.store import PaperStore
from live.model.broker import OrderState
from live.model.ticks import to_tick

if TYPE_CHECKING:
    from pathlib import Path

    from backtest.data.quality.actions import CorporateAction
    from live.brokers.paper.store import PaperOrder

_AVERAGE, _CENT = Decimal("0.000001"), Decimal("0.01")


def book_split(path: Path, action: CorporateAction) -> str:
    """Book a split in a paper account and say what became of it, empty when nothing of the symbol is held.

    A part of a share is paid in cash at the average price. Resting stops follow a forward split and end with
    a reverse one, as at a broker.

    Args:
        path: the account's file; without one nothing is done and none is made.
        action: the split; ex-date in the past or today.

    Raises:
        BrokerError: the file cannot be opened.
    """
    if not path.exists():
        return ""
    store = PaperStore(path, Decimal(0))
    try:
        with store.transaction():
            return _booked(store, action)
    finally:
        store.close()


def _booked(store: PaperStore, action: CorporateAction) -> str:
    symbol, begins = action.symbol, datetime.combine(action.ex_date, time(), NEW_YORK)
    known = store.positions().get(symbol)
    if known is None or not store.keep_split(symbol, action.ex_date):
        return ""
    if store.traded_since(symbol, begins):
        return f"the paper account traded {symbol} since {action.ex_date} and is left as it is"
    shares, average = known
    after = scale_holding(Holding(symbol, Decimal(shares), average, None), action)
    whole = after.whole_shares
    store.set_position(symbol, whole, after.entry_price.quantize(_AVERAGE, ROUND_HALF_EVEN))
    rest = (after.fraction * after.entry_price).quantize(_CENT, ROUND_DOWN)
    if rest:
        store.move_cash(action.ex_date, "other", rest, f"cash for a part of a share of {symbol}")
    for order in store.live_orders():
        if order.symbol == symbol and order.stop_price is not None:
            store.save(_after_split(order, action))
    return f"the paper account has booked it: {symbol} {shares} -> {whole} shares"


def _after_split(order: PaperOrder, action: CorporateAction) -> PaperOrder:
    assert order.stop_price is not None
    if action.ratio < 1:
        return replace(order, state=OrderState.CANCELED, reason="reverse split")
    count = int(order.quantity * action.ratio)
    level = to_tick(float(order.stop_price) / float(action.ratio))
    return replace(order, quantity=count, stop_price=level)
