"""Panic: cancel every order, close every position, whatever the kill switch says. Exits only, never a buy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from backtest.calendar import sessions as calendar
from backtest.core.errors import BrokerError, JutsuError, UnresolvedError
from live.books.variants import id_prefix
from live.ledger.orders import OrderPlan
from live.ledger.tables import Order
from live.model import order_ids as ids
from live.model.broker import BrokerOrder
from live.model.order_state import JournalState
from live.orders.attempts import NOT_ACCEPTED, may_fill
from live.orders.recovery import catch_up
from live.orders.submission import Submission

if TYPE_CHECKING:
    from live.runtime.runtime import Runtime

LOOK_BACK = timedelta(days=59)
POLL_SECONDS = 1.0
GIVE_UP_SECONDS = 60.0


@dataclass
class Result:
    """What panic did and could not do."""

    cancelled: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def close_everything(runtime: Runtime) -> Result:
    """Cancel all live orders, then sell every position the books own; foreign positions are not touched.

    One problem never stops the rest: it is listed. Orders outside the session wait for the next open.
    """
    result = Result()
    # First, so that a run at work sends nothing more, and that a panic that dies leaves nothing switched on.
    runtime.ledger.state.set_kill("all", reason="panic", by="panic", at=runtime.clock.now())
    submission = Submission(runtime.broker, runtime.ledger, runtime.clock)
    _guarded(result, "recovery", lambda: catch_up(runtime))
    _cancel_all(runtime, result)
    sent = [order for order in _sell_all(runtime, submission, result) if order is not None]
    _follow(runtime, submission, sent, result)
    return result


def _cancel_all(runtime: Runtime, result: Result) -> None:
    """Ask for every cancel first, then wait for all of them together."""
    submission = Submission(runtime.broker, runtime.ledger, runtime.clock)
    for shown in _live_orders(runtime, result):
        name = f"{shown.symbol} {shown.side} {shown.quantity} (order {shown.order_id})"
        if _guarded(result, name, lambda shown=shown: runtime.broker.cancel(shown.order_id)):
            result.cancelled.append(name)
    give_up = runtime.clock.monotonic() + GIVE_UP_SECONDS
    while _live_orders(runtime, result) and runtime.clock.monotonic() < give_up:
        runtime.clock.sleep(POLL_SECONDS)
    for order in runtime.ledger.orders.unfinished():
        if order.broker_order_id is not None and not JournalState(order.state).unresolved:
            _guarded(result, order.client_order_id, lambda order=order: submission.refresh(order))
        elif order.state == JournalState.PLANNED:
            now = runtime.clock.now()
            runtime.ledger.orders.transition(
                order.client_order_id, JournalState.LAPSED, at=now, state_reason="panic"
            )


def _live_orders(runtime: Runtime, result: Result) -> list[BrokerOrder]:
    now = runtime.clock.now()
    try:
        listed = runtime.broker.orders(now - LOOK_BACK, now + timedelta(minutes=10))
    except BrokerError as error:
        result.problems.append(f"the order list cannot be read: {error.line()}")
        return []
    return [shown for shown in listed if not shown.state.terminal]


def _sell_all(runtime: Runtime, submission: Submission, result: Result) -> Iterable[Order | None]:
    waiting = runtime.ledger.orders.unresolved()
    for order in waiting:
        result.problems.append(f"{order.client_order_id}: {order.state}, look at the broker yourself")
    for position in runtime.ledger.positions.open_positions():
        name = str(
            ids.OrderName(
                session=runtime.today(),
                symbol=position.symbol,
                intent="exit",
                side="sell",
                variant=_id_prefix(runtime, position.variant),
            )
        )
        attempt = 0
        if runtime.ledger.orders.get(name) is not None:
            name, attempt = runtime.ledger.orders.next_retry_id(name)
        plan = OrderPlan(
            client_order_id=name,
            variant=position.variant,
            session=runtime.today(),
            mode=runtime.settings.mode,
            symbol=position.symbol,
            side="sell",
            intent="exit",
            quantity=position.quantity,
            attempt=attempt,
            reason="panic",
            reference_price=position.entry_price,
        )
        yield _send(runtime, submission, plan, result)


def _id_prefix(runtime: Runtime, variant: str) -> str:
    """Return the prefix everybody gives this variant's ids; the variant itself when no book tells it.

    Panic must work with settings or strategy files that cannot be read any more, and a prefixed id is unique.
    """
    try:
        known = any(book.primary == variant for book in runtime.settings.books)
        return id_prefix(runtime.settings, runtime.strategies, variant) if known else variant
    except JutsuError:
        return variant


def _send(runtime: Runtime, submission: Submission, plan: OrderPlan, result: Result) -> Order | None:
    try:
        order = submission.send(runtime.ledger.orders.plan(plan, at=runtime.clock.now()))
    except (BrokerError, UnresolvedError) as error:
        result.problems.append(f"{plan.symbol}: {error.line()}")
        return None
    if order.state in NOT_ACCEPTED or order.state == JournalState.PLANNED:
        result.problems.append(f"{plan.symbol}: not accepted: {order.state_reason or order.state}")
        return None
    return order


def _follow(runtime: Runtime, submission: Submission, sent: list[Order], result: Result) -> None:
    give_up = runtime.clock.monotonic() + GIVE_UP_SECONDS
    waiting = {order.client_order_id: order for order in sent}
    while True:
        for name in list(waiting):
            after = _refreshed(submission, waiting[name], result)
            if not may_fill(after):
                del waiting[name]
                result.closed.append(f"{after.symbol}: {after.filled_quantity} sold ({after.state})")
        if not waiting or runtime.clock.monotonic() >= give_up or not _in_session(runtime):
            break
        runtime.clock.sleep(POLL_SECONDS)
    why = "" if _in_session(runtime) else ": the exchange is closed, it waits for the next open"
    result.problems.extend(
        f"{order.symbol}: the sell is still {order.state}{why}" for order in waiting.values()
    )


def _refreshed(submission: Submission, order: Order, result: Result) -> Order:
    try:
        return submission.refresh(order) if may_fill(order) else order
    except JutsuError as error:
        result.problems.append(f"{order.client_order_id}: {error.line()}")
        return order


def _in_session(runtime: Runtime) -> bool:
    session = calendar.session(runtime.today())
    return session is not None and session.open <= runtime.clock.now() < session.close


def _guarded(result: Result, name: str, action: object) -> bool:
    """Run one step; note a problem instead of stopping."""
    assert callable(action)
    try:
        action()
    except JutsuError as error:
        result.problems.append(f"{name}: {error.line()}")
        return False
    return True
