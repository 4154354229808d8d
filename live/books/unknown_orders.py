"""Orders at the broker that the ledger does not know: found before a run does anything, judged by a person.

An order is foreign when its symbol is none that a book trades, or when a person said so. Everything else may
be ours: sent by a run whose ledger was lost. Sending the same again would double it (settled 47).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from backtest.calendar.sessions import NEW_YORK
from backtest.core.errors import Finding, UnresolvedError, UsageError
from live.books.owners import at_its_level, intended, order_in_file, session_orders
from live.books.variants import id_prefix
from live.ledger.restore import take
from live.model.order_ids import OrderName, parse
from live.model.order_state import JournalState
from live.orders.listing import listed
from live.orders.resolve import ITS_ID, NO_SUCH_ORDER
from live.runtime.declared import declared_symbols

if TYPE_CHECKING:
    from datetime import date

    from live.ledger.ledger import Ledger
    from live.model.broker import Broker, BrokerOrder
    from live.runtime.runtime import RunContext
    from live.system.clock import Clock

_ANSWERED: Final = "broker_orders_answered"


def unknown(context: RunContext, orders: Iterable[BrokerOrder]) -> tuple[BrokerOrder, ...]:
    """Return the orders that live, or filled today, and may be ours although the ledger knows nothing.

    A restored ledger has forgotten what it traded too: then any symbol may be ours, and whatever filled since
    its newest signal file counts.
    """
    known = context.ledger.orders.bound_broker_ids() | _answered(context.ledger).keys()
    today = context.today()
    orders = tuple(orders)
    restored = context.ledger.generation.restored()
    return tuple(
        shown
        for shown in orders
        if not {shown.order_id, shown.parent_id} & known
        and (
            not shown.state.terminal
            or _filled_on(context.ledger, shown, today)
            or (restored and _forgotten(context.ledger, shown))
        )
        and not _journalled(context.ledger, shown)
        and not _protects(context.ledger, shown, orders)
        and (restored or _may_be_ours(context, shown))
    )


def _forgotten(ledger: Ledger, shown: BrokerOrder) -> bool:
    """Whether an order filled something after the newest thing that a restored ledger remembers."""
    newest = ledger.signals.recent(1)
    if not shown.filled_quantity or not newest or shown.entered_at is None:
        return bool(shown.filled_quantity)
    return shown.entered_at >= newest[0].generated_at


def _protects(ledger: Ledger, shown: BrokerOrder, listed_with: Iterable[BrokerOrder]) -> bool:
    """Tell whether it is the one resting stop over exactly the shares of a position that needs a stop.

    Whoever placed it, it protects: the run takes it for the position's stop instead of placing a second. Two
    of them could sell the shares twice, so they are a person's matter.
    """
    resting = [
        other
        for other in listed_with
        if (other.symbol, other.side, other.order_type) == (shown.symbol, "sell", "stop")
        and not other.state.terminal
    ]
    rows = [row for row in ledger.positions.open_positions() if row.needs_stop]
    held = any((row.symbol, row.quantity) == (shown.symbol, shown.quantity) for row in rows)
    return held and resting == [shown]


def require_known(context: RunContext, orders: Iterable[BrokerOrder]) -> None:
    """Stop when one of these orders may be ours and is not in the ledger.

    Raises:
        UnresolvedError: names each with what a person can do (exit code 8).
    """
    found = unknown(context, orders)
    if not found:
        return
    named = ", ".join(described(shown) for shown in found)
    first, count = found[0], "an order" if len(found) == 1 else f"{len(found)} orders"
    raise UnresolvedError(
        f"the broker has {count} that the ledger does not know: {named}",
        where="the orders at the broker",
        remedy=f"`jutsu resolve --broker-order {first.order_id} --foreign` when it is not of this program, "
        f"`jutsu resolve --broker-order {first.order_id} --adopt --variant VARIANT` when it is",
        findings=tuple(Finding(shown.order_id, described(shown)) for shown in found),
    )


def described(shown: BrokerOrder) -> str:
    """Return one order in words: symbol, side, shares, how much of it filled, id."""
    return (
        f"{shown.symbol} {shown.side} {shown.quantity} {shown.order_type} {shown.time_in_force}, "
        f"{shown.filled_quantity} filled, {shown.state} (order {shown.order_id})"
    )


def declare_foreign(broker: Broker, ledger: Ledger, clock: Clock, order_id: str, *, by: str) -> BrokerOrder:
    """Remember that a broker's order is not of this program.

    Raises:
        UsageError: no such order, or it already is one of ours.
    """
    shown = _free_order(broker, ledger, order_id)
    remember(ledger, clock, [order_id], verdict="foreign", by=by)
    return shown


def adopt(context: RunContext, broker: Broker, order_id: str, variant: str, *, by: str) -> str:
    """Take a broker's order into a book, with its fills and its stop; return its client order id.

    Raises:
        UsageError: no such order, no such book, already ours, or its stop is not known yet.
    """
    shown = _free_order(broker, context.ledger, order_id)
    if variant not in {book.primary for book in context.settings.books}:
        raise UsageError(f"{variant} is no configured primary", where="--variant")
    name = _name_for(context, shown, variant)
    others = [o for o in listed(broker, context.clock) if o.order_id != order_id]
    meant = intended(context, variant, name, (shown, *others))
    if meant is None:
        raise UsageError(
            "nobody knows where the stop of this order belongs before it filled",
            where=order_id,
            remedy="wait for its fill, then adopt it",
        )
    now = context.clock.now()
    why = f"adopted by {by}"
    with context.ledger.transaction():
        made = take(
            context.ledger,
            shown,
            name,
            variant=variant,
            meant=meant,
            mode=context.settings.mode,
            at=now,
            reason=why,
        )
        _keep_level(context.ledger, shown, variant)
        remember(context.ledger, context.clock, [order_id], verdict=f"adopted for {variant}", by=by)
    return made


def _keep_level(ledger: Ledger, shown: BrokerOrder, variant: str) -> None:
    """A stop that a person adopts stays at its level: it no longer follows the fill."""
    held = ledger.positions.get(variant, shown.symbol)
    if held is not None and shown.order_type == "stop":
        ledger.positions.set_details(held.id, at_its_level(held.details))


def remember(ledger: Ledger, clock: Clock, order_ids: Collection[str], *, verdict: str, by: str) -> None:
    """Keep what a person said about orders of the broker, by their ids."""
    if not order_ids:
        return
    now = clock.now()
    answer = {"verdict": verdict, "by": by, "at": now.isoformat()}
    text = json.dumps({**_answered(ledger), **dict.fromkeys(order_ids, answer)})
    ledger.state.set(_ANSWERED, text, at=now)


def _answered(ledger: Ledger) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(ledger.state.get(_ANSWERED) or "{}")
    return found


def _filled_on(ledger: Ledger, shown: BrokerOrder, day: date) -> bool:
    """Whether something of an order filled on a day and is not among the booked executions."""
    if not shown.filled_quantity:
        return False
    if not shown.executions:
        return _day(shown.entered_at) == day
    booked = ledger.executions.known(e.execution_id for e in shown.executions)
    return any(_day(e.at) == day and e.execution_id not in booked for e in shown.executions)


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.astimezone(NEW_YORK).date()


def _journalled(ledger: Ledger, shown: BrokerOrder) -> bool:
    """Whether the journal looks for it under its own name; a row that never left or ended proves nothing."""
    row = ledger.orders.get(shown.client_order_id or "")
    return row is not None and JournalState(row.state).unresolved


def _may_be_ours(context: RunContext, shown: BrokerOrder) -> bool:
    if parse(shown.client_order_id or "") is not None:
        return True
    books = declared_symbols(context.settings, context.strategies)
    declared = {symbol for symbols in books.values() for symbol in symbols}
    return (
        shown.symbol in declared
        or shown.symbol in context.ledger.orders.symbols()
        or any(shown.symbol == o.symbol for b in books for o in session_orders(context, b, context.today()))
    )


def _free_order(broker: Broker, ledger: Ledger, order_id: str) -> BrokerOrder:
    shown = broker.order(order_id)
    if shown is None:
        raise UsageError(NO_SUCH_ORDER, where=order_id, remedy=ITS_ID)
    if order_id in ledger.orders.bound_broker_ids():
        raise UsageError("this order already belongs to one of ours", where=order_id)
    return shown


def _name_for(context: RunContext, shown: BrokerOrder, variant: str) -> OrderName:
    """Return the name it has, or the one that the session's file gave it, or a new one."""
    day = _day(shown.entered_at) or context.today()
    planned = order_in_file(context, variant, shown, day)
    own = parse(shown.client_order_id or (planned.client_order_id if planned else ""))
    if own is None:
        intents = ("entry", "stop") if shown.order_type == "stop" else ("entry", "exit")
        own = OrderName.of(
            id_prefix(context.settings, context.strategies, variant),
            session=day,
            symbol=shown.symbol,
            intent=intents[shown.side == "sell"],
            side=shown.side,
        )
    row = context.ledger.orders.get(str(own))
    if row is None or (row.broker_order_id is None and row.state == JournalState.PLANNED):
        return own
    following, _ = context.ledger.orders.next_retry_id(str(own))
    return parse(following) or own


def ended(orders: Sequence[BrokerOrder]) -> tuple[str, ...]:
    """Return the ids of the orders that can fill no more."""
    return tuple(shown.order_id for shown in orders if shown.state.terminal)
