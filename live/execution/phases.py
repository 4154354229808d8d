"""The phases of a run: sell, wait, recount, buy, wait. What is done is not done again when repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from decimal import Decimal

from backtest.trading.slippage import slippage_pct
from live.execution import polling, recount, stops
from live.execution import position_limits as slots
from live.execution.context import Desk
from live.execution.gates import drift_problem, quote_problem
from live.handoff.model import SignalOrder
from live.ledger.orders import OrderPlan
from live.ledger.tables import Order
from live.model.order_state import JournalState
from live.model.ticks import to_tick
from live.orders.attempts import filled, live

#: a try that ended like this says no to the order itself: sending it again unchanged is pointless
REFUSED = frozenset({JournalState.REFUSED, JournalState.REJECTED})
#: a person changed the order at the broker: what it became is theirs, and a second one would double it
BY_HAND = JournalState.REPLACED
SELLS = frozenset({"exit", "reduce"})
Sender = Callable[[SignalOrder], None]


def sells_of(orders: Iterable[SignalOrder]) -> list[SignalOrder]:
    """Return the sells in file order."""
    return [order for order in orders if order.side == "sell"]


def buys_of(orders: Iterable[SignalOrder]) -> list[SignalOrder]:
    """Return the buys in rank order, as the recount cuts them."""
    return sorted((o for o in orders if o.side == "buy"), key=lambda o: (-o.rank, o.symbol))


def sell(desk: Desk, order: SignalOrder) -> None:
    """Phase A for one order: cancel its resting stop, confirm, sell what is then still held."""
    attempts = desk.attempts(order.client_order_id)
    left = order.quantity - filled(attempts)
    if left <= 0 or live(attempts) or _said_no(attempts):
        return
    problem = _gate(desk, order)
    if problem:
        desk.report.gate(order.client_order_id, problem)
        return
    position = desk.ledger.positions.get(desk.variant, order.symbol)
    if position is not None and position.needs_stop:
        if stops.release(desk, position) == "stuck":
            desk.report.gate(order.client_order_id, "its stop could not be cancelled; the stop stays")
            desk.report.alarm(f"{order.symbol}: the stop could not be cancelled, so it was not sold")
            return
        position = desk.ledger.positions.get(desk.variant, order.symbol)
    held = 0 if position is None else position.quantity
    if held == 0:
        desk.report.warn(f"{order.symbol}: nothing left to sell, its stop already sold it")
        return
    sent = _send(desk, order, min(left, held))
    if sent.state in REFUSED or sent.state == JournalState.PLANNED:
        desk.report.alarm(f"{order.symbol}: the sell was not accepted: {sent.state_reason or sent.state}")
        if position is not None and position.needs_stop:
            stops.protect(desk, position)


def sell_all(desk: Desk, orders: Sequence[SignalOrder], *, wait: bool = True) -> None:
    """Phases A and B: every sell, then wait for the fills and try unfilled rests again."""
    _work(desk, sells_of(orders), lambda order: sell(desk, order), wait=wait)


def buy_all(
    desk: Desk,
    orders: Sequence[SignalOrder],
    *,
    budget_pct: float = 100.0,
    wait: bool = True,
    whole_only: bool = False,
) -> None:
    """Phases C to E: recount, buy in rank order, wait for the fills and try unfilled rests again.

    `whole_only`: sells are still on their way, so what cash does not fully pay for waits for them.
    """
    buys = buys_of(orders)
    if not buys:
        return
    _buy_all(desk, buys, budget_pct=budget_pct, wait=wait, whole_only=whole_only)
    if wait:
        recount.note_unsettled(desk, buys)


def _buy_all(
    desk: Desk, buys: Sequence[SignalOrder], *, budget_pct: float, wait: bool, whole_only: bool
) -> None:
    if any(live(desk.attempts(order.client_order_id)) for order in buys) and wait:
        _settle(desk, buys)  # an earlier run was interrupted: its cash is bound until they end
    for tries in range(desk.settings.polling.retries + 1):
        due = [order for order in buys if _may_try_again(desk, order)]
        if not due:
            break
        if tries:
            desk.clock.sleep(desk.settings.polling.retry_wait_seconds)
        due = slots.within(desk, due)
        shares = recount.affordable(desk, due, budget_pct=budget_pct)
        for order in due:
            quantity = shares.get(order.client_order_id, 0)
            if whole_only and quantity < recount.wanted(desk, order):
                slots.hold(desk, order, "waits for the cash of the sells")
                continue
            buy(desk, order, quantity)
        if not wait:
            return
        _settle(desk, due)


def buy(desk: Desk, order: SignalOrder, quantity: int) -> None:
    """Phase D for one order, with its stop attached where the broker can."""
    attempts = desk.attempts(order.client_order_id)
    if live(attempts) or _said_no(attempts):
        return
    blocked = desk.entries_blocked() or _too_late(desk, order) or _gate(desk, order, quantity)
    if blocked:
        desk.report.gate(order.client_order_id, blocked)
        return
    if quantity <= 0:
        desk.report.warn(
            f"{order.symbol}: not bought: cash after the sells, or the order's value cap, allows no share"
        )
        return
    if quantity < order.quantity and not attempts:
        desk.report.warn(
            f"{order.symbol}: {quantity} of {order.quantity} shares: more is not affordable after the sells"
        )
    sent = _send(desk, order, quantity)
    if _refused_with_stop([sent]):
        desk.report.warn(f"{order.symbol}: refused with its stop attached: {sent.state_reason}")
    elif sent.state in REFUSED:
        desk.report.alarm(f"{order.symbol}: the buy was not accepted: {sent.state_reason or sent.state}")


def judge_slippage(desk: Desk, orders: Iterable[Order]) -> None:
    """Compare fills with the quote at submission: warn, flag, stop buying."""
    safety = desk.settings.safety
    for order in orders:
        if not order.filled_quantity or order.average_price is None or order.intent == "stop":
            continue
        slipped = slippage_pct(order.side, order.average_price, order.quote_price)
        if slipped is None or slipped <= safety.slippage_warn_pct:
            continue
        text = f"{order.client_order_id}: filled {slipped:.2f} % worse than the quote at submission"
        if slipped > safety.slippage_abort_pct:
            desk.report.stop_buying = f"slippage of {slipped:.2f} % on {order.symbol} (slippage_abort_pct)"
            desk.report.alarm(f"{text}: no further buys in this run")
        elif slipped > safety.slippage_flag_pct:
            desk.report.alarm(text)
        else:
            desk.report.warn(text)


def _work(desk: Desk, orders: Sequence[SignalOrder], sender: Sender, *, wait: bool) -> None:
    """Send all, wait, cancel what did not fill, try the rests again."""
    if not orders:
        return
    for order in orders:
        sender(order)
    if not wait:
        return
    for _ in range(desk.settings.polling.retries):
        _settle(desk, orders)
        rests = [order for order in orders if _may_try_again(desk, order)]
        if not rests or desk.time_left() <= 0:
            return
        desk.clock.sleep(desk.settings.polling.retry_wait_seconds)
        for order in rests:
            sender(order)
    _settle(desk, orders)


def _settle(desk: Desk, orders: Sequence[SignalOrder]) -> None:
    """Wait for these orders, then cancel and confirm what is still live."""
    polling.follow(desk, [order.client_order_id for order in orders])
    for order in orders:
        for row in live(desk.attempts(order.client_order_id)):
            if row.broker_order_id is None or _may_stay(desk, row):
                continue
            ended = desk.submission.cancel(row)
            if not JournalState(ended.state).terminal:
                desk.report.warn(f"{row.client_order_id}: still {ended.state}; the next run looks again")
        if any(row.state == BY_HAND for row in desk.attempts(order.client_order_id)):
            desk.report.alarm(
                f"{order.symbol}: the order was replaced by hand at the broker: it is not sent again; "
                "compare with `jutsu reconcile`"
            )
    judge_slippage(desk, (r for o in orders for r in desk.attempts(o.client_order_id)))


def _may_stay(desk: Desk, row: Order) -> bool:
    """Tell whether a poll leaves an order alive: one without any fill, an entry only until its cut-off."""
    if desk.phase != "poll" or row.filled_quantity:
        return False
    return row.side == "sell" or not _past_cutoff(desk, row.intent)


def _may_try_again(desk: Desk, order: SignalOrder) -> bool:
    """Tell whether an unfilled rest deserves another order (settled: exits always, entries above a share)."""
    if order.client_order_id in desk.report.gated:
        return False
    attempts = desk.attempts(order.client_order_id)
    if not attempts:
        return order.side == "buy"
    if live(attempts) or _said_no(attempts) or len(attempts) > desk.settings.polling.retries:
        return attempts[-1].state == JournalState.PLANNED and not live(attempts)
    target = min(order.quantity, attempts[0].quantity)
    left = target - filled(attempts)
    if order.intent in SELLS:
        return left > 0
    return left > target * desk.settings.polling.entry_retry_above_pct / 100


def _said_no(attempts: Sequence[Order]) -> bool:
    if not attempts:
        return False
    return attempts[-1].state == BY_HAND or (
        attempts[-1].state in REFUSED and not _refused_with_stop(attempts)
    )


def _refused_with_stop(attempts: Sequence[Order]) -> bool:
    """Tell whether the last try was refused while it carried its stop: the buy alone may be welcome."""
    if not attempts:
        return False
    last = attempts[-1]
    return last.side == "buy" and last.state == JournalState.REFUSED and last.stop_price is not None


def _gate(desk: Desk, order: SignalOrder, quantity: int = 0) -> str:
    """Return why this order must not leave now, empty when it may; `quantity`: of a buy, for its limit."""
    if not desk.submission.open_for_orders():
        return "the execution window is over or the kill switch is on"
    if order.side == "buy" and order.symbol in desk.report.foreign:
        theirs = desk.report.foreign[order.symbol]
        return f"the account holds {theirs} shares of it outside the books: they could not be told apart"
    if desk.before_open:
        return ""  # it waits for the open: no quote of now says what it will meet
    quote = desk.quote(order.symbol)
    age = desk.settings.data.max_quote_age_seconds
    problem = quote_problem(quote, desk.clock.now(), max_age_seconds=age, checks_age=desk.checks_age)
    if problem or quote is None:
        return problem
    value, most = quantity * (quote.mid or 0.0), desk.settings.execution.limits.max_order_value
    if value > most:  # the reference price of an order written by hand may be anything
        return f"worth {value:,.2f} at the current price, max_order_value is {most:,.2f}"
    return "" if desk.window.fills_at_open else drift_problem(order, quote, desk.settings.safety)


def _too_late(desk: Desk, order: SignalOrder) -> str:
    """Return why an entry of the opening comes too late: its price belongs to the open."""
    if not desk.keeps_window or not _past_cutoff(desk, order.intent):
        return ""
    return f"the market has been open for more than {desk.settings.safety.entry_cutoff_minutes:g} minutes"


def _past_cutoff(desk: Desk, intent: str) -> bool:
    late = desk.session.open + timedelta(minutes=desk.settings.safety.entry_cutoff_minutes)
    return desk.window.name == "open" and intent == "entry" and desk.clock.now() > late


def _send(desk: Desk, order: SignalOrder, quantity: int) -> Order:
    """Journal one try and send it."""
    row = _next_try(desk, order, quantity)
    if row.intent not in SELLS:
        count = sum(1 for o in desk.rows() if o.sent_at is not None and o.intent != "stop")
        if count >= desk.settings.execution.limits.max_orders_per_run:
            desk.report.gate(order.client_order_id, "max_orders_per_run is reached")
            return row
    desk.pace()
    return desk.submission.send(row)


def _next_try(desk: Desk, order: SignalOrder, quantity: int) -> Order:
    """Plan the first try, take up a planned one that never left, or plan the next retry."""
    attempts = desk.attempts(order.client_order_id)
    last = attempts[-1] if attempts else None
    stop = None if order.stop is None else to_tick(order.stop.price)
    if (
        last is not None
        and last.state == JournalState.PLANNED
        and (last.quantity, last.planned_stop_price) == (quantity, stop)
    ):
        return last
    now = desk.clock.now()
    with desk.ledger.transaction():
        if last is not None and last.state == JournalState.PLANNED:
            why = f"replaced: {quantity} shares, stop {stop} now"
            desk.ledger.orders.transition(last.client_order_id, JournalState.LAPSED, at=now, state_reason=why)
        name, number = order.client_order_id, 0
        if last is not None:
            name, number = desk.ledger.orders.next_retry_id(name)
        return desk.ledger.orders.plan(_plan(desk, order, quantity, name=name, number=number), at=now)


def _plan(desk: Desk, order: SignalOrder, quantity: int, *, name: str, number: int) -> OrderPlan:
    quote = desk.quote(order.symbol)
    mid = None if quote is None else quote.mid
    details = _details(desk, order)
    stop = None if order.stop is None else to_tick(order.stop.price)
    refused = _refused_with_stop(desk.attempts(order.client_order_id))
    attached = stop if desk.broker.supports_attached_stop and not refused else None
    if attached is not None and mid is not None and stops.STOP_PCT in details:
        # A stop planned from yesterday's price could lie above today's and would sell at once.
        attached = to_tick(mid * (1 - float(desk.stop_loss_pct or 0) / 100))
    return OrderPlan(
        client_order_id=name,
        variant=desk.variant,
        session=desk.session.day,
        mode=desk.mode,
        symbol=order.symbol,
        side=order.side,
        intent=order.intent,
        quantity=quantity,
        order_type="market",
        # An auction order that had to wait for a sell comes after the auction: it is a day order then.
        time_in_force="opg" if order.order_type == "market_on_open" and desk.before_open else "day",
        attempt=number,
        parent_client_order_id=order.client_order_id if number else None,
        rank=order.rank,
        reason=order.reason,
        details=details,
        reference_price=Decimal(repr(order.reference_price)),
        quote_price=None if mid is None else Decimal(repr(mid)),
        stop_price=attached,
        planned_stop_price=stop,
        seal=desk.seal,
    )


def _details(desk: Desk, order: SignalOrder) -> dict[str, object]:
    """Return what the position remembers; a stop that nobody moved by hand will follow the fill."""
    details: dict[str, object] = dict(order.details)
    if order.stop is not None and desk.stop_loss_pct is not None:
        usual = to_tick(order.reference_price * (1 - desk.stop_loss_pct / 100))
        if to_tick(order.stop.price) == usual:
            details[stops.STOP_PCT] = desk.stop_loss_pct
    return details
