"""Fill prices against the quote at submission, or the opening price where an order waited for the open."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from backtest.trading.slippage import slippage_pct
from live.execution.context import ExecutionContext
from live.ledger.tables import Order
from live.model.order_state import JournalState

#: key of the event that says an order turned entries off; a person who resumes after it has seen the fill
ABORTED = "slippage_abort_pct"
#: key of the event that says which fill was judged: shares and slippage in percent
JUDGED = "slippage_judged"
#: a move from the decision's price to the fill that a person should read about, percent
GAP_PCT = 5.0


def judge(context: ExecutionContext, orders: Iterable[Order]) -> None:
    """Judge the fill prices of orders, percent worse than the quote at submission (or the opening price).

    A fill far from the price the decision used is named too. Above `slippage_warn_pct` a warning, above
    `slippage_flag_pct` a critical note, above `slippage_abort_pct` no further buys and the kill switch at
    ``entries``.
    """
    safety = context.settings.safety
    for order in orders:
        _note_gap(context, order)
        slipped = _slipped(context, order)
        if slipped is None or slipped <= safety.slippage_warn_pct or _judged(context, order, slipped):
            continue
        against = "the opening price" if _waited(context, order) else "the quote at submission"
        text = f"{order.client_order_id}: filled {slipped:.2f} % worse than {against}"
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
    """Return the price to judge a fill by; an opening price is kept with the order for everybody else."""
    if not _waited(context, order):
        return order.quote_price
    quote = context.quote(order.symbol)
    if quote is None or not quote.open:
        return None
    opening = Decimal(repr(quote.open))
    if order.quote_price != opening:
        context.ledger.orders.transition(
            order.client_order_id,
            JournalState(order.state),
            at=context.clock.now(),
            quote_price=opening,
            detail={"quote_price": f"the opening price; {order.quote_price} before the open"},
        )
    return opening


def _waited(context: ExecutionContext, order: Order) -> bool:
    """Tell whether an order was sent before the open of its session."""
    return order.sent_at is not None and order.sent_at < context.session.open


def _note_gap(context: ExecutionContext, order: Order) -> None:
    opening = context.job.window.fills_at_open and order.intent == "entry"
    if opening and order.filled_quantity and order.average_price is not None:
        text = gap_text(order.symbol, float(order.average_price), order.reference_price)
        if text:
            context.notes.warn(f"{text}: filled at {order.average_price:,.2f}")


def gap_text(symbol: str, price: float, reference: Decimal | float | None) -> str:
    """Return how far a price is from the one the decision used, empty below `GAP_PCT`."""
    moved = (price / float(reference) - 1) * 100 if reference else 0.0
    if abs(moved) < GAP_PCT:
        return ""
    side = "above" if moved > 0 else "below"
    return f"{symbol}: {abs(moved):.1f} % {side} the decision's price {reference:,.2f}"


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
