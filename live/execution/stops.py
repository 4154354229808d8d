"""Protective stops at the broker: one live stop for each position that needs one, for exactly its shares.

A position whose stop cannot be placed or confirmed turns the kill switch to `entries` and is a critical note.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from backtest.core.errors import AuthenticationFailed, BrokerError, JutsuError, UnresolvedError
from live.execution.context import ExecutionContext, stop_id
from live.execution.gates import quote_problem
from live.execution.moved_stops import STOP_PCT, keep_moved
from live.execution.unprotected import name_unprotected
from live.ledger.orders import OrderPlan
from live.ledger.tables import Order, PositionRow
from live.model.broker import Broker, BrokerOrder, ShowsFamily
from live.model.order_state import JournalState
from live.model.quote_quality import spread_problem
from live.model.ticks import tick, to_tick
from live.orders.attempts import NOT_ACCEPTED, may_fill
from live.orders.submission import LIST_MARGIN

#: a stop that would expire this soon is replaced
RENEW_BEFORE = timedelta(days=7)
#: how far back a stop of another hand is looked for: some brokers keep no longer list
LOOK_BACK = timedelta(days=30)


def wanted_price(position: PositionRow, entry: Order | None) -> Decimal | None:
    """Return the stop price of a position on the tick grid, None when no price is known.

    In this order: `stop_loss_pct` of its details below the fill; the price kept with the position (a person's
    choice); the price planned with `entry`.
    """
    if STOP_PCT in position.details:
        share = float(position.details[STOP_PCT]) / 100
        return to_tick(float(position.entry_price) * (1 - share))
    if position.stop_price is not None:
        return to_tick(position.stop_price)
    planned = None if entry is None else entry.planned_stop_price
    return None if planned is None else to_tick(planned)


def protect_all(context: ExecutionContext, *, refreshed: bool = False) -> None:
    """Place, replace or keep the stop of every open position of the variant that needs one.

    Left out are positions whose shares a live sell binds, or whose books are behind a split. With `refreshed`
    (every live order was just read from the broker) a stop that is right by our books is not read again.

    Raises:
        AuthenticationFailed, UnresolvedError: of a stop; an unknown fate keeps no other position waiting.
    """
    orders = context.ledger.orders.unfinished(context.variant)
    unresolved: UnresolvedError | None = None
    for position in context.ledger.positions.open_positions(context.variant):
        mine = [order for order in orders if order.symbol == position.symbol]
        if position.symbol in context.notes.behind:
            continue
        if not position.needs_stop or _being_sold(mine) or (refreshed and _rests(context, position, mine)):
            continue
        try:
            protect(context, position)
        except UnresolvedError as error:
            unresolved = unresolved or error
    if unresolved:
        raise unresolved


def protect_after_failure(context: ExecutionContext) -> None:
    """Refresh live orders and place missing stops after a phase failed; what fails is a critical note."""
    try:
        for order in context.ledger.orders.unfinished(context.variant):
            if order.broker_order_id is not None and not JournalState(order.state).unresolved:
                context.submission.refresh(order)
        protect_all(context)
    except JutsuError as error:
        names = ", ".join(sorted(context.ledger.positions.shares(context.variant)))
        context.notes.alarm(f"the stops of {names} could not be looked after: {error.line()}")
    name_unprotected(context.ledger, context.variant, context.notes)


def cancel_orphans(context: ExecutionContext) -> None:
    """Cancel live stops of symbols the variant no longer owns, with a warning: they would sell short."""
    owned = context.ledger.positions.shares(context.variant)
    for order in context.ledger.orders.unfinished(context.variant):
        if order.intent == "stop" and order.broker_order_id is not None and order.symbol not in owned:
            context.notes.warn(f"{order.symbol}: a stop without a position is cancelled")
            context.submission.cancel(order)


def _being_sold(orders: Sequence[Order]) -> bool:
    """Tell whether a live exit or reduction binds the shares, so that the broker would refuse a stop."""
    return any(order.intent in {"exit", "reduce"} and may_fill(order) for order in orders)


def _rests(context: ExecutionContext, position: PositionRow, orders: Sequence[Order]) -> bool:
    """Tell from the ledger alone whether one live stop with the right price and shares rests."""
    stops = [order for order in orders if order.intent == "stop"]
    price = wanted_price(position, None)
    if len(stops) != 1 or price is None or position.stop_broker_order_id is None:
        return False
    (stop,) = stops
    same = stop.broker_order_id == position.stop_broker_order_id and position.stop_price == price
    return same and may_fill(stop) and not _must_change(context, stop, position, price)


def protect(context: ExecutionContext, position: PositionRow) -> None:
    """Place, replace or keep the stop of one position.

    A stop of another hand for exactly its shares is taken over. A BrokerError becomes a critical note, with
    the kill switch at `entries`.

    Raises:
        AuthenticationFailed, UnresolvedError: noted in the same way.
    """
    entry = entry_of(context, position)
    price = wanted_price(position, entry)
    if price is None:
        _note_unprotected(context, position, "no stop price is known")
        return
    try:
        resting = _resting(context, position)
        if not resting and _keep_by_hand(context, position):
            return
        if any(order.order_type == "market" for order in resting):
            return  # it was below its stop: the sale is under way
        if len(resting) == 1 and keep_moved(context, position, resting[0]):
            return
        if len(resting) == 1 and not _must_change(context, resting[0], position, price):
            _remember(context, position, resting[0], price)
            return
        if not _cancel_all(context, resting):
            _note_unprotected(context, position, "an old stop could not be cancelled")
            return
        # A stop that filled while we cancelled it leaves nothing to protect.
        left = context.ledger.positions.get(context.variant, position.symbol)
        if left is not None:
            _place(context, left, price)
    except (AuthenticationFailed, UnresolvedError):
        _note_unprotected(context, position, "the stop could not be placed or confirmed")
        raise
    except BrokerError as error:
        _note_unprotected(context, position, error.problem)


def release(context: ExecutionContext, position: PositionRow) -> Literal["free", "stuck"]:
    """Cancel the live stops of a position and wait for the confirmation.

    Returns:
        ``free``: no stop rests any more (a stop that filled instead is booked; look at the position again).
        ``stuck``: the broker did not confirm, so the shares may still be held: do not sell.
    """
    return "free" if _cancel_all(context, _resting(context, position)) else "stuck"


def _cancel_all(context: ExecutionContext, resting: Sequence[Order]) -> bool:
    """Cancel orders in turn; False at the first whose end the broker does not confirm."""
    return all(JournalState(context.submission.cancel(order).state).terminal for order in resting)


def entry_of(context: ExecutionContext, position: PositionRow) -> Order | None:
    """Return the newest filled buy of a position's entry session or of this session, None without one."""
    buys = _buys(context, position)
    return buys[-1] if buys else None


def _buys(context: ExecutionContext, position: PositionRow) -> list[Order]:
    sessions = sorted({position.entry_session, context.session.day})
    rows = [o for day in sessions for o in context.ledger.orders.of_session(day, position.variant)]
    return [o for o in rows if o.symbol == position.symbol and o.side == "buy" and o.filled_quantity]


def _resting(context: ExecutionContext, position: PositionRow) -> list[Order]:
    """Return the live stops of a position as the broker shows them now; part-filled tries can leave several.

    Stops that the broker attached to a buy are adopted into the ledger first; fills seen here are booked.
    """
    for buy in _buys(context, position):
        if buy.stop_price is not None and buy.broker_order_id is not None:
            _adopt_child(context, position, buy)
    mine = [
        order
        for order in context.ledger.orders.unfinished(position.variant)
        if order.symbol == position.symbol and order.intent == "stop" and order.broker_order_id is not None
    ]
    seen = [context.submission.refresh(order) for order in mine]
    return [order for order in seen if not JournalState(order.state).terminal]


def _adopt_child(context: ExecutionContext, position: PositionRow, entry: Order) -> None:
    """Adopt the stop that the broker attached to a buy into the ledger, unless one is journalled already."""
    children = [o for o in context.rows() if o.parent_client_order_id == entry.client_order_id]
    if entry.session != context.session.day:
        children += [
            o
            for o in context.ledger.orders.of_session(entry.session, entry.variant)
            if o.parent_client_order_id == entry.client_order_id
        ]
    if any(o.intent == "stop" and o.broker_order_id is not None for o in children):
        return
    child = _find_child(context.broker, entry, now=context.clock.now())
    if child is None or context.ledger.orders.by_broker_id(child.order_id) is not None:
        return
    # A part-filled entry leaves a child for the filled part: the broker's quantity is the truth here.
    planned = _plan(context, position, child.stop_price or Decimal(0), quantity=child.quantity, parent=entry)
    context.submission.adopt(planned, child)


def _keep_by_hand(context: ExecutionContext, position: PositionRow) -> bool:
    """Adopt the one live GTC stop for exactly our shares that the ledger does not know; False without one.

    An edit in the broker's pages and a corporate action both end our order and make a new one, whose price is
    kept from then on. With several such stops, or one for other shares, nothing is adopted.
    """
    if context.runtime.run.alone:
        return False
    now = context.clock.now()
    bound = context.ledger.orders.bound_broker_ids()
    found = [
        shown
        for shown in context.broker.orders(now - LOOK_BACK, now + LIST_MARGIN)
        if shown.symbol == position.symbol
        and (shown.side, shown.order_type, shown.time_in_force) == ("sell", "stop", "gtc")
        and not shown.state.terminal
        and shown.order_id not in bound
        and shown.quantity - shown.filled_quantity == position.quantity
    ]
    if len(found) != 1 or found[0].stop_price is None:
        return False
    price = found[0].stop_price
    entry = entry_of(context, position)
    planned = _plan(context, position, price, quantity=found[0].quantity, parent=entry)
    order = context.submission.adopt(planned, found[0])
    details = {key: value for key, value in position.details.items() if key != STOP_PCT}
    context.ledger.positions.set_details(position.id, details)
    _remember(context, position, order, price)
    context.notes.warn(
        f"{position.symbol}: a stop at {price} not sent by this program protects it and is kept"
    )
    return True


def _find_child(broker: Broker, entry: Order, *, now: datetime) -> BrokerOrder | None:
    """Return the stop the broker attached to an entry, None when it shows none.

    Args:
        broker: asked for the order with its children where it can, since a list may lag, else for its list.
        entry: a sent order with the broker's id.
        now: aware instant up to which the list is read.
    """
    assert entry.sent_at is not None
    assert entry.broker_order_id is not None
    if isinstance(broker, ShowsFamily):
        listed = broker.family(entry.broker_order_id)
    else:
        listed = broker.orders(entry.sent_at - LIST_MARGIN, now + LIST_MARGIN)
    # IB forgets an ended buy overnight: then only the reference it was given tells whose child the stop is.
    reference = f"{entry.client_order_id}:stop"
    for shown in listed:
        linked = shown.parent_id == entry.broker_order_id or shown.client_order_id == reference
        if linked and shown.order_type == "stop":
            return shown
    return None


def _must_change(context: ExecutionContext, resting: Order, position: PositionRow, price: Decimal) -> bool:
    if resting.quantity - resting.filled_quantity != position.quantity or resting.stop_price is None:
        return True
    if position.stop_expires_at is not None and position.stop_expires_at < context.clock.now() + RENEW_BEFORE:
        return True
    return abs(resting.stop_price - price) >= tick(price)


def _place(context: ExecutionContext, position: PositionRow, price: Decimal) -> None:
    limit = context.settings.execution.limits.max_stop_orders_per_run
    if sum(1 for o in context.rows() if o.intent == "stop" and o.sent_at is not None) >= limit:
        _note_unprotected(context, position, f"max_stop_orders_per_run ({limit}) is reached")
        return
    below = _below(context, position, price)
    entry = entry_of(context, position)
    if below is not None:
        context.notes.alarm(
            f"{position.symbol}: {below:g} is at or below the stop {price}: "
            f"{position.quantity} shares are sold at market"
        )
    order = _plan(
        context,
        position,
        None if below is not None else price,
        quantity=position.quantity,
        parent=entry,
    )
    context.pace(waits=False)
    order = context.submission.send(order)
    if order.state in NOT_ACCEPTED or order.state == JournalState.PLANNED:
        _note_unprotected(
            context, position, f"the stop was not accepted: {order.state_reason or order.state}"
        )
        return
    still = context.ledger.positions.get(context.variant, position.symbol)
    if still is not None and below is None and not JournalState(order.state).terminal:
        _remember(context, still, order, price)


def _below(context: ExecutionContext, position: PositionRow, price: Decimal) -> float | None:
    """Return the market price when it is at or below the stop to be placed, None otherwise.

    Brokers refuse such a stop, so the caller sells at market instead. None as well when the quote is missing,
    old, too wide or not believed by the price gate: then the stop is sent and the broker decides.
    """
    quote = context.quote(position.symbol)
    problem = quote_problem(
        quote,
        context.clock.now(),
        max_age_seconds=context.settings.data.max_quote_age_seconds,
        checks_age=context.runtime.run.quotes_have_age,
    )
    if problem or quote is None or spread_problem(quote):
        return None
    highest = max(known for known in (quote.mid, quote.last) if known is not None)
    if highest > float(price):
        return None
    _, doubt = context.prices.look(position.symbol, held=position.entry_session < context.session.day)
    if doubt is None:
        return highest
    context.notes.doubt(position.symbol, doubt)
    return None


def _plan(
    context: ExecutionContext,
    position: PositionRow,
    price: Decimal | None,
    *,
    quantity: int,
    parent: Order | None,
) -> Order:
    """Journal a stop under the first free id of this session; an unsent plan of equal content is reused.

    `price` None plans the sale at market instead.
    """
    name, attempt = stop_id(context, position.symbol), 0
    known = context.attempts(name)
    if known:
        unsent = known.planned
        if unsent is not None:
            if (unsent.quantity, unsent.stop_price) == (quantity, price):
                return unsent
            context.ledger.orders.transition(
                unsent.client_order_id, JournalState.LAPSED, at=context.clock.now(), state_reason="replaced"
            )
        name, attempt = context.ledger.orders.next_retry_id(name)
    plan = OrderPlan(
        client_order_id=name,
        variant=position.variant,
        session=context.session.day,
        mode=context.settings.mode,
        symbol=position.symbol,
        side="sell",
        intent="stop",
        quantity=quantity,
        order_type="market" if price is None else "stop",
        time_in_force="day" if price is None else "gtc",
        attempt=attempt,
        parent_client_order_id=None if parent is None else parent.client_order_id,
        reason="stop_loss",
        reference_price=position.entry_price,
        stop_price=price,
        seal=context.seal,
    )
    return context.ledger.orders.plan(plan, at=context.clock.now())


def _remember(context: ExecutionContext, position: PositionRow, order: Order, price: Decimal) -> None:
    if (
        position.stop_client_order_id == order.client_order_id
        and position.stop_broker_order_id == order.broker_order_id
        and position.stop_price == price
    ):
        return
    shown = None if order.broker_order_id is None else context.broker.order(order.broker_order_id)
    context.ledger.positions.set_stop(
        position.id,
        needs_stop=True,
        stop_price=price,
        stop_client_order_id=order.client_order_id,
        stop_broker_order_id=order.broker_order_id,
        stop_expires_at=None if shown is None else shown.expires_at,
    )


def _note_unprotected(context: ExecutionContext, position: PositionRow, why: str) -> None:
    """Turn the kill switch to ``entries`` and note a critical for a position without its stop."""
    text = f"{position.symbol}: {position.quantity} shares have NO STOP: {why}"
    context.ledger.state.set_kill("entries", reason=text, by="executor", at=context.clock.now())
    context.notes.alarm(text)
