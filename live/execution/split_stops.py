"""Stops across a split. Nothing is sold because a resting stop still has the old price or the old count.

Before the books follow (`jutsu reconcile --adopt`) a stop that would sell at once, or more than is held, is
cancelled and nothing is placed. With the adoption the stop gets the new count and level.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from backtest.data.quality.actions import CorporateAction
from backtest.data.quality.split_stops import RestingStop, StopAfterSplit, stop_after_split
from live.execution.stop_orders import place_stop
from live.model.order_state import JournalState
from live.model.ticks import tick
from live.orders.submission import Submission
from live.reconciliation.compare import compared
from live.reconciliation.splits import FRACTION, after_split, holding_of

if TYPE_CHECKING:
    from live.execution.context import ExecutionContext
    from live.ledger.ledger import Ledger
    from live.ledger.tables import Order, PositionRow
    from live.model.broker import Account, Broker
    from live.model.feed import Feed
    from live.reconciliation.model import Reconciliation, SymbolDifference
    from live.runtime.runtime import RunContext
    from live.system.clock import Clock


@dataclass(frozen=True, slots=True)
class Behind:
    """A position before the books followed a split: `ratio` new shares per old share."""

    row: PositionRow
    ratio: Fraction


def behind(ledger: Ledger, result: Reconciliation) -> tuple[Behind, ...]:
    """Return the positions that an adoption would scale."""
    ratios = {line.symbol: line.ratio for line in result.lines if line.ratio is not None}
    rows = ledger.positions.open_positions()
    return tuple(Behind(row, ratios[row.symbol]) for row in rows if row.symbol in ratios)


def disarm(context: ExecutionContext, account: Account) -> frozenset[str]:
    """Cancel stops that a split made dangerous; return the symbols whose books have not followed it.

    Those get no stop and no sale of ours: shares, entry and level in the books are of before the split.
    """
    lines = [line for line in compared(context.shared, account, {}).lines if line.ratio is not None]
    for line in lines:
        _disarm(context, account, line)
    return frozenset(line.symbol for line in lines)


def _disarm(context: ExecutionContext, account: Account, line: SymbolDifference) -> None:
    last = _last(context.feed, context.clock, account, line.symbol)
    for order in _resting(context.ledger, line.symbol):
        shown = context.broker.order(str(order.broker_order_id))
        if shown is None or shown.state.terminal or shown.stop_price is None:
            continue
        left = shown.quantity - shown.filled_quantity
        if left <= line.broker and last is not None and shown.stop_price < last:
            continue
        context.submission.cancel(order)
        context.notes.alarm(
            f"{line.symbol}: the stop of {left} shares at {shown.stop_price:f} is of before a split, "
            f"the price is {last or 'not known'}: cancelled; {line.broker} shares have NO STOP until "
            "`jutsu reconcile --adopt`"
        )


def carry_over(context: RunContext, broker: Broker, feed: Feed, before: Iterable[Behind]) -> tuple[str, ...]:
    """Give adopted positions the stop they need after the split; return one line per position.

    Raises:
        BrokerError, UnresolvedError: the broker cannot be read, or a cancel was not answered.
    """
    submission = Submission(broker, context.ledger, context.clock)
    account = broker.account()
    texts = (_carry(context, broker, feed, submission, account, one) for one in before if one.row.needs_stop)
    return tuple(text for text in texts if text)


def _carry(
    context: RunContext,
    broker: Broker,
    feed: Feed,
    submission: Submission,
    account: Account,
    one: Behind,
) -> str:
    row = one.row
    now = context.ledger.positions.get(row.variant, row.symbol)
    held = Decimal(0) if now is None else now.quantity + Decimal(str(now.details.get(FRACTION, "0")))
    mine = [order for order in _resting(context.ledger, row.symbol) if order.variant == row.variant]
    shown = {order.client_order_id: broker.order(str(order.broker_order_id)) for order in mine}
    alive = [order for order in mine if (s := shown[order.client_order_id]) and not s.state.terminal]
    resting = shown[alive[0].client_order_id] if len(alive) == 1 else None
    stop = None
    if resting is not None and resting.stop_price is not None:
        stop = RestingStop(resting.quantity - resting.filled_quantity, resting.stop_price)
    scaled = after_split(row, one.ratio, on=context.today())
    last = _last(feed, context.clock, account, row.symbol) or scaled.entry_price
    split = CorporateAction(row.symbol, context.today(), "split", one.ratio)
    level = scaled.stop_price or scaled.entry_price
    todo = stop_after_split(holding_of(row), split, held, stop, last, tick=tick(level))
    if todo is None:
        return f"{row.symbol}: not one split for all its shares: look at its stop yourself"
    if todo.action == "keep" and now is not None and alive:
        return _keep(submission, context.ledger, now, alive[0], todo)
    for order in alive:
        if not JournalState(submission.cancel(order).state).terminal:
            return f"{row.symbol}: its old stop could not be cancelled: look at the broker"
    if now is None or todo.price is None:
        return f"{row.symbol}: no whole share is left to protect" if alive else ""
    if todo.action == "ask":
        return (
            f"{row.symbol}: {last:f} is at or below its stop {todo.price} after the split: none was placed. "
            "The next run of the executor sells the shares; to keep them, place a stop of your own there"
        )
    if _of_the_past(context.ledger):
        return f"{row.symbol}: the next run places its stop for {now.quantity} shares at {todo.price}"
    why = place_stop(context, submission, now, todo.price)
    return f"{row.symbol}: " + (
        f"{now.quantity} shares have NO STOP: {why}"
        if why
        else f"stop for {now.quantity} shares at {todo.price}"
    )


def _of_the_past(ledger: Ledger) -> bool:
    """Whether the sessions of this ledger are past ones (`--as-of`): an order of now has no place there."""
    newest = ledger.runs.recent(1)
    return bool(newest) and newest[0].past is True


def _keep(
    submission: Submission, ledger: Ledger, position: PositionRow, order: Order, todo: StopAfterSplit
) -> str:
    """Bind the stop the broker scaled by itself."""
    order = submission.refresh(order)  # takes over count and level
    ledger.positions.set_stop(
        position.id,
        stop_price=order.stop_price,
        stop_client_order_id=order.client_order_id,
        stop_broker_order_id=order.broker_order_id,
    )
    return f"{position.symbol}: the broker has scaled the stop: {todo.quantity} shares at {order.stop_price}"


def _resting(ledger: Ledger, symbol: str) -> Sequence[Order]:
    return [
        order
        for order in ledger.orders.unfinished()
        if order.symbol == symbol and order.intent == "stop" and order.broker_order_id is not None
    ]


def _last(feed: Feed, clock: Clock, account: Account, symbol: str) -> Decimal | None:
    """Return the price of a new share: quote, else what the broker values the shares at."""
    quote = feed.quotes([symbol], clock.now()).get(symbol)
    price = None if quote is None else quote.last or quote.mid
    if price:
        return Decimal(repr(price))
    for held in account.holdings:
        if held.symbol == symbol and held.market_value and held.quantity:
            return held.market_value / held.quantity
    return None
