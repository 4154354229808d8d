"""Panic: end our working orders, sell every position, whatever the kill switch says. Never a buy.

Quantities are the broker's. Shares no book owns and orders this program did not send are listed and left
alone, unless `everything` is asked for. A step that fails is a problem of the result and ends no other step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from backtest.calendar import sessions as calendar
from backtest.core.errors import BrokerError, JutsuError
from live.alerts import outbox as alerts
from live.alerts.causes import key_of
from live.books.memory import remember_held
from live.execution.closing import Closing
from live.execution.record import record_late_fills
from live.ledger.tables import Order
from live.model.broker import Account, BrokerOrder
from live.model.order_state import JournalState
from live.orders.attempts import may_fill
from live.orders.listing import living
from live.orders.submission import Submission
from live.reconciliation.settling import settled

if TYPE_CHECKING:
    from live.alerts.causes import CauseName
    from live.alerts.channels import Level
    from live.ledger.ledger import Ledger
    from live.model.broker import Broker
    from live.runtime.runtime import RunContext
    from live.system.clock import Clock

POLL_SECONDS = 1.0
GIVE_UP_SECONDS = 60.0
#: variant in whose name shares are sold that no book owned
OUTSIDE = "outside"


@dataclass
class Result:
    """What panic did and could not do.

    Attributes:
        cancelled: orders ended. closed: positions sold.
        problems: what went wrong. left: what is still there and why.
    """

    cancelled: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Foreign:
    """Shares no book owns (symbol -> whole shares) and live orders this program did not send."""

    shares: dict[str, int] = field(default_factory=dict)
    orders: tuple[BrokerOrder, ...] = ()


def foreign(context: RunContext, broker: Broker) -> Foreign:
    """Return the shares no book owns and the live orders nobody here sent.

    Raises:
        BrokerError: the account or its orders cannot be read.
    """
    owned = context.ledger.positions.shares()
    account = settled(context, broker, broker.account())
    more = {
        symbol: held - owned.get(symbol, 0)
        for symbol, held in account.shares().items()
        if held > owned.get(symbol, 0)
    }
    ours = _ours(context.ledger)
    return Foreign(more, tuple(order for order in living(broker, context.clock) if not ours(order)))


def close_everything(context: RunContext, broker: Broker, *, everything: bool = False) -> Result:
    """Alert, end our working orders, sell what the books own of what the broker holds, back up.

    Each stop rests until the sell of its position is next, and is put back when that sell is not accepted.
    Orders outside the session wait for the next open.

    Args:
        context: the account.
        broker: where its orders and shares are.
        everything: sell foreign shares and cancel foreign orders too; a person asked for it.
    """
    result = Result()
    # First, so that a run at work sends nothing more, and that a panic that dies leaves nothing switched on.
    context.ledger.state.set_kill("all", reason="panic", by="panic", at=context.clock.now())
    text = f"account {context.account_name}: every position is being closed"
    _alert(context, result, "began", text, "critical")
    submission = Submission(broker, context.ledger, context.clock)
    _catch_up(context.ledger, context.clock, submission, result)
    _end_orders(broker, context.ledger, context.clock, submission, result, everything=everything)
    closing = Closing(context, broker, submission, result.problems, result.cancelled)
    _guarded(result, "the attached stops", closing.adopt_attached_stops)
    counted = _guarded(result, "nothing is sold, every stop stays", lambda: _count(context))
    account = _account(context, broker, result) if counted else None
    if account is not None:
        closing.quotes.update(
            {h.symbol: h.market_value / h.quantity for h in account.holdings if h.market_value and h.quantity}
        )
        if everything:
            _guarded(result, "foreign shares", lambda: _take_over(context, account))
        sent = [order for symbol in _symbols(context.ledger) for order in closing.sell_symbol(symbol)]
        _follow(context, closing, sent, result)
        _guarded(result, "the trades", partial(_record, context, sent))
        _guarded(result, "what the strategies remember", lambda: _remember(context, broker))
    _name_rest(context, broker, result)
    _keep_copy(context, result)
    text = "; ".join((*result.problems, *result.left)) or "every position is closed"
    level: Level = "critical" if result.problems or result.left else "warning"
    _alert(context, result, "ended", text, level)
    return result


def _count(context: RunContext) -> None:
    """Count this run as its first sale would: where that fails no sale leaves, and no stop is taken off."""
    with context.ledger.transaction():
        context.ledger.generation.raise_once(at=context.clock.now())
    context.ledger.generation.write_once()


def _remember(context: RunContext, broker: Broker) -> None:
    """Strategies remember what is held from now on, so that the next decision proposes orders again."""
    account, now = broker.account(), context.clock.now()
    leaving = {o.symbol for o in context.ledger.orders.unfinished() if o.intent == "exit" and may_fill(o)}
    for book in context.settings.books:
        remember_held(
            context.ledger, book.primary, account, budget_pct=book.budget_pct, at=now, leaving=leaving
        )


def _record(context: RunContext, sent: Sequence[Order]) -> None:
    """Write the sales into the trades, of any book and of foreign shares; a run writes later fills."""
    configured = {book.primary for book in context.settings.books}
    for variant in sorted({*configured, OUTSIDE, *(order.variant for order in sent)}):
        record_late_fills(context.ledger, variant, at=context.clock.now())


def _symbols(ledger: Ledger) -> list[str]:
    return sorted({row.symbol for row in ledger.positions.open_positions()})


def _catch_up(ledger: Ledger, clock: Clock, submission: Submission, result: Result) -> None:
    """Refresh every unfinished order and book its fills; planned orders that were never sent are ended."""
    for order in ledger.orders.unfinished():
        state = JournalState(order.state)
        if state is JournalState.PLANNED:
            now = clock.now()
            ledger.orders.transition(order.client_order_id, JournalState.LAPSED, at=now, state_reason="panic")
        elif order.broker_order_id is not None and not state.unresolved:
            _guarded(result, order.client_order_id, partial(submission.refresh, order))
        elif state.unresolved:
            result.problems.append(
                f"{order.client_order_id}: {order.state}, look at the broker yourself; "
                f"{order.symbol} was not sold"
            )


def _end_orders(
    broker: Broker, ledger: Ledger, clock: Clock, submission: Submission, result: Result, *, everything: bool
) -> None:
    """Cancel our buys and sells; with `everything` foreign orders too. Our stops stay for now."""
    mine = [
        order
        for order in ledger.orders.unfinished()
        if order.intent != "stop" and order.broker_order_id is not None and may_fill(order)
    ]
    targets = {str(order.broker_order_id): f"{order.symbol} {order.side} {order.quantity}" for order in mine}
    if everything:
        ours = _ours(ledger)
        for shown in _listed(broker, clock, result):
            if not ours(shown):
                targets[shown.order_id] = f"{shown.symbol} {shown.side} {shown.quantity} (foreign)"
    asked = [
        order_id
        for order_id, name in targets.items()
        if _guarded(result, f"{name} (order {order_id})", partial(broker.cancel, order_id))
    ]
    result.cancelled.extend(f"{targets[order_id]} (order {order_id})" for order_id in asked)
    _wait_until_ended(broker, clock, asked, result)
    for order in mine:
        _guarded(result, order.client_order_id, partial(submission.refresh, order))


def _wait_until_ended(broker: Broker, clock: Clock, order_ids: Sequence[str], result: Result) -> None:
    give_up = clock.monotonic() + GIVE_UP_SECONDS
    waiting = list(order_ids)
    while waiting:
        waiting = [order_id for order_id in waiting if not _has_ended(broker, order_id)]
        if not waiting or clock.monotonic() >= give_up:
            break
        clock.sleep(POLL_SECONDS)
    result.problems.extend(f"order {order_id}: the cancel was not confirmed" for order_id in waiting)


def _has_ended(broker: Broker, order_id: str) -> bool:
    try:
        shown = broker.order(order_id)
    except BrokerError:
        return False
    return shown is not None and shown.state.terminal


def _ours(ledger: Ledger) -> Callable[[BrokerOrder], bool]:
    """Return the question whether an order of the broker is one of ours or was attached to one of ours."""
    bound = ledger.orders.bound_broker_ids()

    def ours(shown: BrokerOrder) -> bool:
        known = shown.client_order_id is not None and ledger.orders.get(shown.client_order_id) is not None
        return known or shown.order_id in bound or shown.parent_id in bound

    return ours


def _listed(broker: Broker, clock: Clock, result: Result) -> list[BrokerOrder]:
    try:
        return list(living(broker, clock))
    except BrokerError as error:
        result.problems.append(f"the order list cannot be read: {error.line()}")
        return []


def _account(context: RunContext, broker: Broker, result: Result) -> Account | None:
    """Return the account, None when it cannot be read: then nothing is sold and every stop stays."""
    try:
        return settled(context, broker, broker.account())
    except BrokerError as error:
        result.problems.append(f"the account cannot be read, nothing was sold: {error.line()}")
        return None


def _take_over(context: RunContext, account: Account) -> None:
    """Put shares no book owns into a book of their own, so that their sale is journalled like every other."""
    owned, now = context.ledger.positions.shares(), context.clock.now()
    for symbol, held in account.shares().items():
        more = held - owned.get(symbol, 0)
        cost = next((h.average_price for h in account.holdings if h.symbol == symbol), None)
        if more > 0:
            context.ledger.positions.buy(
                OUTSIDE,
                symbol,
                more,
                cost or Decimal(0),
                session=context.today(),
                mode=context.settings.mode,
                at=now,
            )


def _follow(context: RunContext, closing: Closing, sent: Sequence[Order], result: Result) -> None:
    """Wait for the sells together; what a sell leaves gets its stop back."""
    give_up = context.clock.monotonic() + GIVE_UP_SECONDS
    waiting = {order.client_order_id: order for order in sent}
    while True:
        for name in list(waiting):
            after = waiting[name] = _refreshed(closing.submission, waiting[name], result)
            if not may_fill(after):
                del waiting[name]
                closing.sell_ended(after)
                result.closed.append(f"{after.symbol}: {after.filled_quantity} sold ({after.state})")
        if not waiting or context.clock.monotonic() >= give_up or not _in_session(context):
            break
        context.clock.sleep(POLL_SECONDS)
    why = "" if _in_session(context) else ": the exchange is closed, it waits for the next open"
    result.problems.extend(
        f"{order.symbol}: the sell is still {order.state}{why}" for order in waiting.values()
    )


def _refreshed(submission: Submission, order: Order, result: Result) -> Order:
    try:
        return submission.refresh(order) if may_fill(order) else order
    except JutsuError as error:
        problem = f"{order.client_order_id}: {error.line()}"
        if problem not in result.problems:
            result.problems.append(problem)
        return order


def _name_rest(context: RunContext, broker: Broker, result: Result) -> None:
    """Name everything that is still at the broker."""
    ours = _ours(context.ledger)
    try:
        account = settled(context, broker, broker.account())
    except BrokerError as error:
        result.problems.append(f"what is left cannot be read: {error.line()}")
        return
    owned = context.ledger.positions.shares()
    fractions = {h.symbol: h.quantity for h in account.holdings if h.quantity != int(h.quantity)}
    others = {h.symbol: h.asset_type for h in account.holdings if h.asset_type != "equity"}
    for symbol, held in account.shares().items():
        own = min(max(held, 0), owned.get(symbol, 0))
        if own:
            result.left.append(f"{symbol}: {own} shares of ours")
        if held - own > 0:
            result.left.append(f"{symbol}: {held - own} shares that no book owns")
        if held < 0:
            result.left.append(f"{symbol}: {held} shares, a short position: close it by hand")
    result.left.extend(
        f"{symbol}: a fraction of a share ({quantity})" for symbol, quantity in fractions.items()
    )
    result.left.extend(
        f"{symbol}: {kind}, which this program never trades" for symbol, kind in others.items()
    )
    result.left.extend(
        f"{shown.symbol}: order {shown.order_id} ({shown.side} {shown.quantity})"
        + ("" if ours(shown) else ", not ours")
        for shown in _listed(broker, context.clock, result)
    )


def _keep_copy(context: RunContext, result: Result) -> None:
    """Back the ledger up, after the sells."""
    if not context.run.keeps_copies:
        return
    keep, now = context.settings.backup.keep_days, context.clock.now()
    try:
        context.ledger.backup(context.state / "backups", keep_days=keep, now=now)
    except (OSError, JutsuError) as error:
        result.problems.append(f"no backup was written: {error}")


def _alert(context: RunContext, result: Result, step: str, text: str, level: Level) -> None:
    """Send an alert; a failure is a problem of the result and is not raised."""
    cause: CauseName = "panic_began" if step == "began" else "panic_ended"
    key = key_of(cause, session=context.today(), detail=context.clock.now().isoformat())
    try:
        undelivered = alerts.send(context, key=key, level=level, title=f"panic {step}", body=text)
    except (OSError, JutsuError) as error:
        undelivered = (f"no alert could be kept: {error}",)
    result.problems.extend(undelivered)


def _in_session(context: RunContext) -> bool:
    session = calendar.session(context.today())
    return session is not None and session.open <= context.clock.now() < session.close


def _guarded(result: Result, name: str, action: Callable[[], object]) -> bool:
    """Run one step; note a problem instead of stopping."""
    try:
        action()
    except JutsuError as error:
        result.problems.append(f"{name}: {error.line()}")
        return False
    return True
