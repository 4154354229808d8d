"""One attempt of an order: planned, then written down and sent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from live.books.owners import STOP_PCT
from live.execution.context import ExecutionContext
from live.execution.gates import quote_problem
from live.execution.marketable import limit_of
from live.handoff.model import LIMIT_ABOVE_QUOTE, SignalOrder
from live.ledger.orders import OrderPlan
from live.ledger.tables import Order
from live.model.order_state import JournalState
from live.model.quote_quality import attached_stop
from live.model.ticks import to_tick
from live.orders.attempts import Attempts
from live.orders.intended import Intended, journalled

SELLS = frozenset({"exit", "reduce"})


def send(context: ExecutionContext, order: SignalOrder, quantity: int, attempts: Attempts) -> Order:
    """Journal one try and send it, or keep it for later when the limit of orders is reached."""
    row = next_try(context, order, quantity, attempts)
    if row.intent not in SELLS:
        count = sum(1 for o in context.rows() if o.sent_at is not None and o.intent != "stop")
        if count >= context.settings.execution.limits.max_orders_per_run:
            context.notes.gate(order.client_order_id, "max_orders_per_run is reached")
            return journalled(context.ledger, row, at=context.clock.now())
        context.pace()
    return context.submission.send(row)


def next_try(context: ExecutionContext, order: SignalOrder, quantity: int, attempts: Attempts) -> Intended:
    """Return the plan of the first try, the row of a planned one that never left, or the plan of a retry."""
    unsent = attempts.planned
    stop = None if order.stop is None else to_tick(order.stop.price)
    limit = limit_of(order, _mid(context, order.symbol), context.settings.safety)
    wanted = (quantity, stop, limit)
    if unsent is not None and (unsent.quantity, unsent.planned_stop_price, unsent.limit_price) == wanted:
        return unsent
    if unsent is not None:
        why = f"replaced: {quantity} shares, stop {stop}, limit {limit} now"
        context.ledger.orders.transition(
            unsent.client_order_id, JournalState.LAPSED, at=context.clock.now(), state_reason=why
        )
    name, number = order.client_order_id, 0
    if attempts:
        name, number = context.ledger.orders.next_retry_id(name)
    attach = context.broker.supports_attached_stop and not attempts.refused_with_stop
    plan = _plan(context, order, quantity, name=name, number=number, attach=attach)
    return plan if limit is None else replace(plan, order_type="limit", limit_price=limit)


def _plan(
    context: ExecutionContext, order: SignalOrder, quantity: int, *, name: str, number: int, attach: bool
) -> OrderPlan:
    """Return the plan of one try; `attach`: the stop goes with it to the broker."""
    mid = _mid(context, order.symbol)
    details = _details(context, order)
    stop = None if order.stop is None else to_tick(order.stop.price)
    attached = stop if attach else None
    if attached is not None and STOP_PCT in details:
        # A stop planned from yesterday's price could lie above today's and would sell at once.
        reference = Decimal(repr(order.reference_price))
        quote, loss = context.quote(order.symbol), float(str(details[STOP_PCT]))
        attached = attached_stop(quote, reference=reference, loss_pct=loss)
    return OrderPlan(
        client_order_id=name,
        variant=context.variant,
        session=context.session.day,
        mode=context.settings.mode,
        symbol=order.symbol,
        side=order.side,
        intent=order.intent,
        quantity=quantity,
        order_type="market",
        # An auction order that had to wait for a sell comes after the auction: it is a day order then.
        time_in_force="opg" if order.order_type == "market_on_open" and context.before_open else "day",
        attempt=number,
        parent_client_order_id=order.client_order_id if number else None,
        rank=order.rank,
        reason=order.reason,
        details=details,
        reference_price=Decimal(repr(order.reference_price)),
        quote_price=None if mid is None else Decimal(repr(mid)),
        stop_price=attached,
        planned_stop_price=stop,
        seal=context.seal,
    )


def _mid(context: ExecutionContext, symbol: str) -> float | None:
    """Return the mid price to judge a fill by, None when the quote is too poor for that."""
    quote = context.quote(symbol)
    age = context.settings.data.max_quote_age_seconds
    checks_age = context.shared.run.quotes_have_age and not context.before_open
    poor = quote_problem(quote, context.clock.now(), max_age_seconds=age, checks_age=checks_age)
    return None if poor or quote is None else quote.mid


def _details(context: ExecutionContext, order: SignalOrder) -> dict[str, object]:
    """Return the details kept with the position; `stop_loss_pct` only while nobody moved the stop by hand."""
    left_out = {LIMIT_ABOVE_QUOTE, STOP_PCT}  # the file carries the order's distance, whatever was edited
    details: dict[str, object] = {k: v for k, v in order.details.items() if k not in left_out}
    loss = order.details.get(STOP_PCT, context.rules.stop_loss_pct)
    if order.stop is not None and loss is not None:
        usual = to_tick(order.reference_price * (1 - loss / 100))
        if to_tick(order.stop.price) == usual:
            details[STOP_PCT] = loss
    return details
