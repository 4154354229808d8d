"""Fill prices against the quote at submission."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from backtest.trading.slippage import slippage_pct
from live.execution.context import ExecutionContext
from live.ledger.tables import Order

#: key of the event that says an order turned entries off; a person who resumes after it has seen the fill
ABORTED = "slippage_abort_pct"
#: key of the event that says which fill was judged: shares and slippage in percent
JUDGED = "slippage_judged"


def judge(context: ExecutionContext, orders: Iterable[Order]) -> None:
    """Judge the fill prices of orders, percent worse than the quote at submission.

    Above `slippage_warn_pct` a warning, above `slippage_flag_pct` a critical note, above `slippage_abort_pct`
    no further buys and the kill switch at ``entries``.
    """
    safety = context.settings.safety
    for order in orders:
        slipped = _slipped(context, order)
        if slipped is None or slipped <= safety.slippage_warn_pct or _judged(context, order, slipped):
            continue
        text = f"{order.client_order_id}: filled {slipped:.2f} % worse than the quote at submission"
        if slipped > safety.slippage_abort_pct:
            _stop_buying(context, order, slipped, text)
        elif slipped > safety.slippage_flag_pct:
            context.notes.alarm(text)
        else:
            context.notes.warn(text)


def _judged(context: ExecutionContext, order: Order, slipped: float) -> bool:
    """Tell whether an earlier run said the same about this order; note it else."""
    found = [
        e.detail[JUDGED] for e in context.ledger.orders.events(order.client_order_id) if JUDGED in e.detail
    ]
    if found and found[-1] == [order.filled_quantity, round(slipped, 2)]:
        return True
    fact = {JUDGED: [order.filled_quantity, round(slipped, 2)]}
    context.ledger.orders.note(order.client_order_id, at=context.clock.now(), detail=fact)
    return False


def _slipped(context: ExecutionContext, order: Order) -> float | None:
    """Return how much worse than expected an order filled, percent; None when nothing can be said."""
    if not order.filled_quantity or order.average_price is None or order.intent == "stop":
        return None
    return slippage_pct(order.side, order.average_price, _expected(context, order))


def _expected(context: ExecutionContext, order: Order) -> Decimal | None:
    """Return the quote at submission; the opening price for an order that waited for the open."""
    if order.sent_at is None or order.sent_at >= context.session.open:
        return order.quote_price
    quote = context.quote(order.symbol)
    return None if quote is None or not quote.open else Decimal(repr(quote.open))


def _stop_buying(context: ExecutionContext, order: Order, slipped: float, text: str) -> None:
    """End the buying of this run and set the kill switch to `entries`, once per order."""
    ledger, now = context.ledger, context.clock.now()
    if any(ABORTED in event.detail for event in ledger.orders.events(order.client_order_id)):
        return
    why = f"slippage of {slipped:.2f} % on {order.symbol} (slippage_abort_pct)"
    with ledger.transaction():
        ledger.orders.note(order.client_order_id, at=now, detail={ABORTED: round(slipped, 4)})
        ledger.state.set_kill("entries", reason=why, by="executor", at=now)
    context.notes.stop_buying, context.notes.aborted = why, True
    context.notes.alarm(f"{text}: no further buys, entries are off until `jutsu resume`")
