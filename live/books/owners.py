"""Whose order is it? What a broker's order says about the book that sent it, for a ledger that forgot it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backtest.core.errors import JutsuError
from backtest.strategies.registry import find_strategy
from live.books.variants import id_prefix
from live.handoff.model import SignalFile, SignalOrder
from live.handoff.read import read
from live.handoff.write import file_name
from live.ledger.restore import Intended
from live.model.order_ids import OrderName, base_id, parse
from live.model.ticks import to_tick
from live.runtime.declared import declared_symbols

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from decimal import Decimal
    from pathlib import Path

    from live.model.broker import BrokerOrder
    from live.runtime.runtime import RunContext
    from live.settings.model import Settings

#: candidate detail from which a stop follows the fill
STOP_PCT = "stop_loss_pct"
#: level of a stop that its rules raised and that is not placed yet, with the session of the file
RAISED_STOP = "raised_stop"


def owner_of(context: RunContext, name: OrderName) -> str | None:
    """Return the variant whose order carries this name; None when more than one book may have sent it.

    A name that carries its variant says it. A bare one belongs to the only book with bare ids that trades the
    symbol. The ledger's journal is the map of who used bare ids before: a book that is configured no more
    may have traded anything, so with one of those in the journal a bare name proves nothing. Of several
    accounts only a name that carries this one proves anything.
    """
    if name.account != context.settings.account:
        return None
    configured = [book.primary for book in context.settings.books]
    if name.variant:
        return name.variant
    before = {order.variant for order in context.ledger.orders.recent(None) if _bare(order.client_order_id)}
    if not before <= set(configured):
        return None
    bare = [v for v in configured if not id_prefix(context.settings, context.strategies, v)]
    owners = {v for v in bare if may_trade(context.settings, context.strategies, v, name.symbol)} | {
        order.variant
        for order in context.ledger.orders.recent(None)
        if order.symbol == name.symbol and _bare(order.client_order_id)
    }
    return owners.pop() if len(owners) == 1 else None


def may_trade(settings: Settings, strategies: Path, variant: str, symbol: str) -> bool:
    """Whether a book may trade a symbol: one of its own, or for a book of single stocks no other book's."""
    declared = declared_symbols(settings, strategies)
    mine = declared.get(variant, ())
    return symbol in mine if mine else all(symbol not in theirs for theirs in declared.values())


def intended(
    context: RunContext, variant: str, name: OrderName, orders: Sequence[BrokerOrder]
) -> Intended | None:
    """Return what an entry was meant to get: its protective stop and what the position remembers.

    The signal file says it; without one, the stop the broker attached to it or the strategy's distance from
    the fill. None when the strategy places stops and none of them gives a price: a person must look.

    Args:
        context: books, time and settings of the run.
        variant: owner of the order.
        name: of the order.
        orders: the order itself first, then whatever else the broker lists.
    """
    shown = orders[0]
    attached = next((o.stop_price for o in orders if o.parent_id == shown.order_id and o.stop_price), None)
    loss = stop_loss_pct(context.strategies, variant)
    planned = _in_file(context, variant, name.session, str(name))
    if planned is not None:
        return _of_file(planned, attached, loss)
    if shown.side == "sell" or loss is None:
        return Intended(attached, attached)
    if attached is None and shown.average_price is None:
        return None
    price = attached or to_tick(float(shown.average_price or 0) * (1 - loss / 100))
    return Intended(price, attached, {STOP_PCT: loss})


def _of_file(planned: SignalOrder, attached: Decimal | None, loss: float | None) -> Intended:
    """Return what the file says; a stop that nobody moved by hand follows the fill."""
    details: dict[str, Any] = {k: v for k, v in planned.details.items() if k != STOP_PCT}
    loss = planned.details.get(STOP_PCT, loss)
    if planned.stop is None:
        return Intended(None, attached, details)
    stop = to_tick(planned.stop.price)
    if loss is not None and stop == to_tick(planned.reference_price * (1 - loss / 100)):
        details[STOP_PCT] = loss
    return Intended(stop, attached, details)


def at_its_level(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return the details of a position whose stop stays where it is: it follows neither fill nor rule."""
    return {key: value for key, value in details.items() if key not in {STOP_PCT, RAISED_STOP}}


def order_in_file(context: RunContext, variant: str, shown: BrokerOrder, day: date) -> SignalOrder | None:
    """Return the order of a session's signal file that a broker's order carries out, None without one."""
    return next(
        (
            o
            for o in session_orders(context, variant, day)
            if (o.symbol, o.side) == (shown.symbol, shown.side)
        ),
        None,
    )


def _in_file(context: RunContext, variant: str, day: date, client_order_id: str) -> SignalOrder | None:
    wanted = base_id(client_order_id)
    return next((o for o in session_orders(context, variant, day) if o.client_order_id == wanted), None)


def session_orders(context: RunContext, variant: str, day: date) -> Sequence[SignalOrder]:
    """Return the orders of a session's signal file, none where there is no readable one."""
    try:
        name = file_name(day.isoformat(), variant, context.settings.account)
        _, data = read(context.signals / name)
        return SignalFile.model_validate(data).orders
    except (JutsuError, ValueError):  # no file, or none that can be read: it says nothing
        return ()


def stop_loss_pct(strategies: Path, variant: str) -> float | None:
    """Return the distance of a strategy's stops, percent; None without stops, or when it cannot be read."""
    try:
        return find_strategy(variant, strategies).terms.stop_loss_pct
    except JutsuError:
        return None


def _bare(client_order_id: str) -> bool:
    name = parse(client_order_id)
    return name is not None and not name.variant
