"""The phases of a run: A sell, B wait, C recount, D buy, E wait.

Each may be repeated: orders with an open or complete attempt are not sent again. Orders held back are notes
(`RunNotes.gated`) with their reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from backtest.trading.limits import order_value_problem
from live.execution import agreement, polling, position_limits, recount, rotation, slippage, stops
from live.execution.context import ExecutionContext
from live.execution.gates import TRADES, drift_problem, quote_problem
from live.execution.sending import SELLS, send
from live.handoff.model import SignalOrder
from live.ledger.tables import Order
from live.model.order_ids import base_id
from live.model.order_state import JournalState
from live.model.quote_quality import spread_problem
from live.orders.attempts import NOT_ACCEPTED, Attempts, may_fill
from live.settings.model import PollingSettings

#: seconds after which the next buy may go although the former has not filled in full (settled 46)
NEXT_BUY_AFTER = 15.0
Sender = Callable[[SignalOrder], None]


def sells_of(orders: Iterable[SignalOrder]) -> list[SignalOrder]:
    """Return the sells in file order."""
    return [order for order in orders if order.side == "sell"]


def buys_of(orders: Iterable[SignalOrder]) -> list[SignalOrder]:
    """Return the buys in rank order, as the recount cuts them."""
    return sorted((o for o in orders if o.side == "buy"), key=lambda o: (-o.rank, o.symbol))


def sell(context: ExecutionContext, order: SignalOrder) -> None:
    """Phase A for one order: cancel the stop of its position, confirm that, sell what is still held.

    A sell that is held back or not accepted is a critical note; after a refusal the stop is placed again.

    Raises:
        DisagreementError: the account does not hold what the books say once the stop has ended.
    """
    attempts = context.attempts(order.client_order_id)
    left = order.quantity - attempts.filled
    if left <= 0 or attempts.open_attempts or attempts.refused:
        return
    if rotation.held_whole(context, order, lambda entry: _entry_refusal(context, entry)):
        return
    problem = _exit_gate(context, order)
    if problem:
        _hold_exit(context, order, problem)
        return
    position = context.ledger.positions.get(context.variant, order.symbol)
    if position is not None and _free(context, order, position.quantity) <= 0:
        return
    if position is not None and position.needs_stop:
        if stops.release(context, position) == "stuck":
            _hold_exit(context, order, "its stop could not be cancelled; the stop stays")
            return
        agreement.require(context, [order.symbol])  # the stop may have sold more than its cancel said
        position = context.ledger.positions.get(context.variant, order.symbol)
        attempts = context.attempts(order.client_order_id)  # the broker was asked meanwhile
    held = 0 if position is None else position.quantity
    if held == 0:
        context.notes.warn(f"{order.symbol}: nothing left to sell, its stop already sold it")
        return
    free = _free(context, order, held)  # again: other sells may have filled meanwhile
    if free <= 0:
        return
    sent = send(context, order, min(left, free), attempts)
    if sent.state in NOT_ACCEPTED or sent.state == JournalState.PLANNED:
        context.notes.alarm(f"{order.symbol}: the sell was not accepted: {sent.state_reason or sent.state}")
        if position is not None and position.needs_stop:
            stops.protect(context, position)


def _free(context: ExecutionContext, order: SignalOrder, held: int) -> int:
    """Return how many of the shares held no other live sell binds; an exit without any is held back."""
    others = _other_sells(context, order)
    free = held - sum(other.quantity - other.filled_quantity for other in others)
    if free <= 0:
        names = ", ".join(other.client_order_id for other in others)
        _hold_exit(context, order, f"{names} sells its shares already and is under way")
    return free


def _other_sells(context: ExecutionContext, order: SignalOrder) -> list[Order]:
    """Return live sells of the same shares that are no tries of this order: both together would oversell."""
    own = base_id(order.client_order_id)
    return [
        row
        for row in context.ledger.orders.unfinished(context.variant)
        if row.symbol == order.symbol
        and row.side == "sell"
        and row.intent != "stop"
        and may_fill(row)
        and base_id(row.client_order_id) != own
    ]


def _entry_refusal(context: ExecutionContext, entry: SignalOrder) -> str:
    """Return why an entry could not leave if its place were free now, empty when it could."""
    if context.attempts(entry.client_order_id).sent:
        return ""
    return (
        context.entries_blocked()
        or _too_late(context, entry)
        or _gate(context, entry, recount.wanted(context, entry))
        or ("" if recount.wanted(context, entry) else "its value cap allows no share")
    )


def _hold_exit(context: ExecutionContext, order: SignalOrder, why: str) -> None:
    """Hold a sell back with its reason, and note it as critical."""
    context.notes.gate(order.client_order_id, why)
    context.notes.alarm(f"{order.symbol}: the {order.intent} was NOT SOLD: {why}")


def sell_all(context: ExecutionContext, orders: Sequence[SignalOrder], *, wait: bool = True) -> None:
    """Phases A and B: send every sell in file order; with `wait` follow them and send unfilled rests."""
    _work(context, sells_of(orders), lambda order: sell(context, order), wait=wait)


def buy_all(
    context: ExecutionContext,
    orders: Sequence[SignalOrder],
    *,
    budget_pct: float = 100.0,
    wait: bool = True,
    whole_only: bool = False,
) -> None:
    """Phases C to E: recount, buy one after another in rank order, try unfilled rests again.

    Args:
        context: the run.
        orders: of the file; sells among them are skipped.
        budget_pct: share of the account the book may use, percent.
        wait: follow the orders to their end; False sends each once and returns.
        whole_only: hold back what cash does not pay in full, because sells are still open.

    Raises:
        BrokerError: the broker gave no figure for the cash. DisagreementError: before a second attempt.
    """
    buys = buys_of(orders)
    if not buys:
        return
    _buy_all(context, buys, budget_pct=budget_pct, wait=wait, whole_only=whole_only)
    if wait:
        recount.note_unsettled(context, buys)


def _buy_all(
    context: ExecutionContext, buys: Sequence[SignalOrder], *, budget_pct: float, wait: bool, whole_only: bool
) -> None:
    if wait and any(attempts.open_attempts for attempts in context.attempts_of(buys).values()):
        _wait_and_cancel(context, buys)  # an earlier run was interrupted: its cash is bound until they end
    for tries in range(context.settings.polling.retries + 1):
        due = _to_try_again(context, buys)
        if not due:
            break
        if tries:
            context.clock.sleep(context.settings.polling.retry_wait_seconds)
        again = [order.symbol for order in due if context.attempts(order.client_order_id).sent]
        if again:
            agreement.require(context, again)
            due = _to_try_again(context, due)
        due = position_limits.within(context, due)
        shares = recount.affordable(context, due, budget_pct=budget_pct)
        for order in due:
            quantity = shares.get(order.client_order_id, 0)
            if whole_only and quantity < recount.wanted(context, order):
                position_limits.hold(context, order, "waits for the cash of the sells")
                continue
            buy(context, order, quantity)
            if wait:
                _await_fill(context, order, due)
        if not wait:
            return
        _wait_and_cancel(context, due)


def _await_fill(context: ExecutionContext, order: SignalOrder, so_far: Sequence[SignalOrder]) -> None:
    """Wait up to `NEXT_BUY_AFTER` seconds for one buy, then judge the fill prices of all buys so far."""
    polling.follow(context, [order], at_most=NEXT_BUY_AFTER)
    polling.refresh(context, [other for other in so_far if other is not order])
    slippage.judge(context, (row for found in context.attempts_of(so_far).values() for row in found.tries))


def buy(context: ExecutionContext, order: SignalOrder, quantity: int) -> None:
    """Phase D for one order: send `quantity` shares, with the stop attached where the broker supports it.

    Does nothing while an attempt is open or refused. What blocks it is a gate note, no affordable share or a
    smaller quantity a warning, a refusal a critical note.
    """
    attempts = context.attempts(order.client_order_id)
    if attempts.open_attempts or attempts.refused:
        return
    blocked = (
        context.entries_blocked()
        or _too_late(context, order)
        or _gate(context, order, quantity)
        or ("run_deadline_seconds is over" if context.time_left() <= 0 else "")
    )
    if blocked:
        context.notes.gate(order.client_order_id, blocked)
        return
    if quantity <= 0:
        context.notes.warn(f"{order.symbol}: not bought: {recount.cut_because(context, order, quantity)}")
        return
    if quantity < order.quantity and not attempts:
        why = recount.cut_because(context, order, quantity)
        context.notes.warn(f"{order.symbol}: {quantity} of {order.quantity} shares: {why}")
    sent = send(context, order, quantity, attempts)
    if sent.state == JournalState.PLANNED and order.client_order_id not in context.notes.gated:
        context.notes.gate(order.client_order_id, sent.state_reason or "it may no longer leave")
    elif Attempts((sent,)).refused_with_stop:
        context.notes.warn(f"{order.symbol}: refused with its stop attached: {sent.state_reason}")
    elif sent.state in NOT_ACCEPTED:
        context.notes.alarm(f"{order.symbol}: the buy was not accepted: {sent.state_reason or sent.state}")


def _work(context: ExecutionContext, orders: Sequence[SignalOrder], sender: Sender, *, wait: bool) -> None:
    """Send orders; with `wait` cancel what did not fill and send the rests, up to `polling.retries` times."""
    if not orders:
        return
    for order in orders:
        sender(order)
    if not wait:
        return
    for _ in range(context.settings.polling.retries):
        _wait_and_cancel(context, orders)
        rests = _to_try_again(context, orders)
        if not rests or context.time_left() <= 0:
            return
        context.clock.sleep(context.settings.polling.retry_wait_seconds)
        agreement.require(context, [order.symbol for order in rests])
        for order in rests:
            sender(order)
    _wait_and_cancel(context, orders)


def _wait_and_cancel(context: ExecutionContext, orders: Sequence[SignalOrder]) -> None:
    """Wait for these orders, then cancel and confirm what is still open."""
    polling.follow(context, orders)
    for order in orders:
        for row in context.attempts(order.client_order_id).open_attempts:
            if row.broker_order_id is None or _may_stay(context, row):
                continue
            ended = context.submission.cancel(row)
            if not JournalState(ended.state).terminal:
                context.notes.warn(f"{row.client_order_id}: still {ended.state}; the next run looks again")
        if context.attempts(order.client_order_id).replaced_by_hand:
            context.notes.alarm(
                f"{order.symbol}: the order was replaced by hand at the broker: it is not sent again; "
                "compare with `jutsu reconcile`"
            )
    slippage.judge(context, (row for found in context.attempts_of(orders).values() for row in found.tries))


def _may_stay(context: ExecutionContext, row: Order) -> bool:
    """Tell whether the phase `poll` leaves an order open: one without a fill, an entry before its cut-off."""
    if context.phase != "poll" or row.filled_quantity:
        return False
    return row.side == "sell" or not _past_cutoff(context, row.intent)


def _to_try_again(context: ExecutionContext, orders: Sequence[SignalOrder]) -> list[SignalOrder]:
    """Return the orders of which an unfilled rest is sent again (`_may_try_again`), in the order given."""
    tries = context.attempts_of(orders)
    return [
        order
        for order in orders
        if order.client_order_id not in context.notes.gated
        and not (tries[order.client_order_id].sent and _too_late(context, order))
        and _may_try_again(order, tries[order.client_order_id], context.settings.polling)
    ]


def _may_try_again(order: SignalOrder, attempts: Attempts, polling_settings: PollingSettings) -> bool:
    """Tell whether a rest is sent again: of exits always, of entries above `entry_retry_above_pct`."""
    if not attempts:
        return order.side == "buy"
    if attempts.open_attempts or attempts.refused or len(attempts) > polling_settings.retries:
        return attempts.planned is not None and not attempts.open_attempts
    left = attempts.left(order.quantity)
    if order.intent in SELLS:
        return left > 0
    return left > attempts.target(order.quantity) * polling_settings.entry_retry_above_pct / 100


def _exit_gate(context: ExecutionContext, order: SignalOrder) -> str:
    """Return why a sell must not leave now, empty when it may.

    Age, width, drift and absence of a quote are no reasons: only a closed window, the kill switch and a
    security that does not trade are.
    """
    closed = _closed(context) or _behind(context, order)
    if closed or context.before_open:
        return closed
    quote = context.quote(order.symbol)
    if quote is not None and quote.status not in TRADES:
        return f"the security is {quote.status}"
    return ""


def _behind(context: ExecutionContext, order: SignalOrder) -> str:
    """Return why shares of before a split are neither sold nor added to (a run with --force)."""
    behind = order.symbol in context.notes.behind
    return "the books have its shares of before a split: `jutsu reconcile --adopt`" if behind else ""


def _closed(context: ExecutionContext) -> str:
    """Return why no order at all may leave now."""
    may = context.submission.open_for_orders()
    return "" if may else "the execution window is over or the kill switch is on"


def _gate(context: ExecutionContext, order: SignalOrder, quantity: int) -> str:
    """Return why a buy of `quantity` shares must not leave now, empty when it may."""
    closed = _closed(context) or _behind(context, order)
    if closed:
        return closed
    if order.symbol in context.notes.foreign:
        theirs = context.notes.foreign[order.symbol]
        return f"the account holds {theirs} shares of it outside the books: they could not be told apart"
    quote, doubt = context.prices.look(order.symbol)
    if doubt is not None:
        context.notes.doubt(order.symbol, doubt)
        return str(doubt)
    wide = "" if quote is None else spread_problem(quote)
    if context.before_open:
        return wide  # it waits for the open, so the age of the quote is no reason
    age = context.settings.data.max_quote_age_seconds
    problem = quote_problem(
        quote, context.clock.now(), max_age_seconds=age, checks_age=context.shared.run.quotes_have_age
    )
    if problem or wide or quote is None:
        return problem or wide
    value, limits = quantity * (quote.mid or 0.0), context.settings.execution.limits
    too_much = order_value_problem(value, "buy", context.notes.equity, limits)
    if too_much:  # a manual order may carry any reference price
        return f"at the current price {too_much}"
    return "" if context.job.window.fills_at_open else drift_problem(order, quote, context.settings.safety)


def _too_late(context: ExecutionContext, order: SignalOrder) -> str:
    """Return why an entry of the opening window is past its cut-off, empty when it is not."""
    if not context.keeps_window or not _past_cutoff(context, order.intent):
        return ""
    return f"the market has been open for more than {context.settings.safety.entry_cutoff_minutes:g} minutes"


def _past_cutoff(context: ExecutionContext, intent: str) -> bool:
    late = context.session.open + timedelta(minutes=context.settings.safety.entry_cutoff_minutes)
    return context.job.window.name == "open" and intent == "entry" and context.clock.now() > late
