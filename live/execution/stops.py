"""Protective stops at the broker: one live stop for each position that needs one, for exactly its shares.

A position whose stop cannot be placed or confirmed turns the kill switch to `entries` and is a critical note.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from backtest.core.errors import AuthenticationFailed, BrokerError, JutsuError, UnresolvedError
from live.books.owners import STOP_PCT
from live.execution.context import ExecutionContext
from live.execution.gates import quote_problem
from live.execution.moved_stops import keep_by_hand, moved_level
from live.execution.raised_stops import raised_level
from live.execution.stop_rows import buys_of_position, entry_of, remember, stop_plan
from live.execution.stop_sizes import Cover, cover_of, settled_cover
from live.execution.unprotected import name_unprotected
from live.ledger.tables import Order, PositionRow
from live.model.broker import Broker, BrokerOrder, ShowsFamily
from live.model.order_state import JournalState
from live.model.quote_quality import spread_problem
from live.model.ticks import tick, to_tick
from live.orders.attempts import NOT_ACCEPTED, may_fill
from live.orders.listing import LIST_LAG, LIST_MARGIN

#: a stop that would expire this soon is replaced
RENEW_BEFORE = timedelta(days=7)


def wanted_price(position: PositionRow, entry: Order | None, day: date | None = None) -> Decimal | None:
    """Return the stop price of a position on the tick grid, None when no price is known.

    A level that the file of the session `day` raised it to counts when it is higher than all below.

    In this order: `stop_loss_pct` of its details below the fill; the price kept with the position (a person's
    choice); the price planned with `entry`.
    """
    own, raised = _own_price(position, entry), raised_level(position, day)
    return own if raised is None or own is None else max(own, raised)


def _own_price(position: PositionRow, entry: Order | None) -> Decimal | None:
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
    price = wanted_price(position, None, context.session.day)
    if len(stops) != 1 or price is None or position.stop_broker_order_id is None:
        return False
    (stop,) = stops
    if stop.state == JournalState.UNKNOWN_LIVE:
        return False
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
    price = wanted_price(position, entry, context.session.day)
    if price is None:
        _note_unprotected(context, position, "no stop price is known")
        return
    try:
        resting = _resting(context, position)
        if not resting and keep_by_hand(context, position):
            return
        if any(order.order_type == "market" for order in resting):
            return  # it was below its stop: the sale is under way
        for lost in (order for order in resting if order.state == JournalState.UNKNOWN_LIVE):
            _note_not_shown(context, lost)
        if len(resting) == 1:
            price = moved_level(context, position, resting[0]) or price
        if len(resting) == 1 and not _must_change(context, resting[0], position, price):
            remember(context, position, resting[0], price)
            return
        cover = cover_of(context, position)
        if len(resting) == 1 and not _must_change(context, resting[0], position, price, cover.shares):
            _note_uncovered(context, position, cover)
            return
        if not _cancel_all(context, resting):
            _note_unprotected(context, position, "an old stop could not be cancelled")
            return
        # A stop that filled while we cancelled it leaves nothing to protect.
        left = context.ledger.positions.get(context.variant, position.symbol)
        if left is not None:
            _place_covered(context, left, price, cover)
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


def _resting(context: ExecutionContext, position: PositionRow) -> list[Order]:
    """Return the live stops of a position as the broker shows them now; part-filled tries can leave several.

    Stops that the broker attached to a buy are adopted into the ledger first; fills seen here are booked.
    """
    for buy in buys_of_position(context, position):
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
    planned = stop_plan(
        context, position, child.stop_price or Decimal(0), quantity=child.quantity, parent=entry
    )
    context.submission.adopt(planned, child)


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


def _must_change(
    context: ExecutionContext,
    resting: Order,
    position: PositionRow,
    price: Decimal,
    shares: int | None = None,
) -> bool:
    """Tell whether a resting stop is not the right one for `shares` of a position, None: for all of them."""
    wanted = position.quantity if shares is None else shares
    if resting.quantity - resting.filled_quantity != wanted or resting.stop_price is None:
        return True
    if position.stop_expires_at is not None and position.stop_expires_at < context.clock.now() + RENEW_BEFORE:
        return True
    return abs(resting.stop_price - price) >= tick(price)


def _place_covered(context: ExecutionContext, position: PositionRow, price: Decimal, cover: Cover) -> None:
    """Place the stop for what it can cover; a refusal of shares that were just bought is looked into once."""
    shares = min(cover.shares, position.quantity)
    refused = _place(context, position, price, shares) if shares else ""
    if refused:
        context.clock.sleep(LIST_LAG.total_seconds())
        if keep_by_hand(context, position):
            return  # it was not listed yet
        cover = settled_cover(context, position)
        smaller = cover.shares < shares
        refused = _place(context, position, price, cover.shares) if smaller and cover.shares else refused
        refused = "" if smaller and not cover.shares else refused
    if refused:
        _note_unprotected(context, position, refused)
    else:
        _note_uncovered(context, position, cover)


def _place(context: ExecutionContext, position: PositionRow, price: Decimal, shares: int) -> str:
    """Place a stop for `shares`; return why there is none, empty when it was accepted."""
    limit = context.settings.execution.limits.max_stop_orders_per_run
    if sum(1 for o in context.rows() if o.intent == "stop" and o.sent_at is not None) >= limit:
        return f"max_stop_orders_per_run ({limit}) is reached"
    below = _below(context, position, price)
    entry = entry_of(context, position)
    if below is not None:
        context.notes.alarm(
            f"{position.symbol}: {below:g} is at or below the stop {price}: "
            f"{shares} shares are sold at market"
        )
    order = stop_plan(context, position, None if below is not None else price, quantity=shares, parent=entry)
    order = context.submission.send(order)
    if order.state in NOT_ACCEPTED or order.state == JournalState.PLANNED:
        return f"the stop was not accepted: {order.state_reason or order.state}"
    still = context.ledger.positions.get(context.variant, position.symbol)
    if still is not None and below is None and not JournalState(order.state).terminal:
        remember(context, still, order, price)
    return ""


def _note_not_shown(context: ExecutionContext, stop: Order) -> None:
    """Note as critical that nobody can say whether a stop still rests: brokers list the past weeks only."""
    context.notes.alarm(
        f"{stop.symbol}: the broker does not say how its stop {stop.client_order_id} (order "
        f"{stop.broker_order_id}) stands: look at the broker's own screen; when it is gone, "
        f"`jutsu resolve {stop.client_order_id} --absent` lets the next run place a new one"
    )


def _note_uncovered(context: ExecutionContext, position: PositionRow, cover: Cover) -> None:
    """Keep which shares of the books have no stop because they are not there, or not free."""
    problem = cover.problem(position)
    if problem:
        context.notes.uncovered[position.symbol] = problem


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
        checks_age=context.shared.run.quotes_have_age,
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


def _note_unprotected(context: ExecutionContext, position: PositionRow, why: str) -> None:
    """Turn the kill switch to ``entries`` and note a critical for a position without its stop."""
    text = f"{position.symbol}: {position.quantity} shares have NO STOP: {why}"
    context.ledger.state.set_kill("entries", reason=text, by="executor", at=context.clock.now())
    context.notes.alarm(text)
