"""Every book, primary and shadow, at its close: what `jutsu validate` does once the bars are there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from backtest.calendar import sessions as calendar
from backtest.core.errors import JutsuError
from live.books.closes import mark_closes
from live.books.variants import BookVariant, groups
from live.execution.record import record_late_fills
from live.orders.recovery import catch_up
from live.reconciliation.compare import compare
from live.shadow.virtual_books import plan_from_json, settle

if TYPE_CHECKING:
    from live.model.broker import Broker
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext

LOG = logging.getLogger("jutsu.books")


def mark_every_book(context: RunContext, broker: Broker, feed: Feed) -> None:
    """Book what filled, mark every primary's closes and settle every shadow whose bars are all there.

    What cannot be done now is left to the next run; nothing here is an error of the caller's.
    """
    found = groups(
        context.settings, context.strategies, overrides=context.parameter_overrides, everything=True
    )
    ran = [v for group in found for v in group.variants if context.ledger.runs.recent(1, v.name)]
    try:
        _primaries(context, broker, feed, [variant for variant in ran if variant.role == "primary"])
    except JutsuError as error:
        LOG.warning("the primaries were not marked: %s", error.line())
    for variant in ran:
        if variant.role == "shadow":
            _shadow(context, feed, variant)


def _primaries(context: RunContext, broker: Broker, feed: Feed, variants: list[BookVariant]) -> None:
    if not variants:
        return
    catch_up(context, broker)
    for variant in variants:
        record_late_fills(context.ledger, variant.name, at=context.clock.now())
    account = broker.account()
    limit = context.settings.safety.cash_jump_pct
    if not compare(context.ledger, account, {}, cash_jump_pct=limit).agrees:
        LOG.warning("the primaries were not marked: ledger and broker differ")
        return
    for variant in variants:
        mark_closes(context, feed, variant, account)


def _shadow(context: RunContext, feed: Feed, variant: BookVariant) -> None:
    """Settle the book when every bar of the newest closed session is there: a bar may only be late."""
    now, shadow = context.clock.now(), context.ledger.shadow
    newest = calendar.last_closed_session(now).day
    known = shadow.book(variant.name)
    plans = [plan_from_json(row.decision["plan"]) for row in shadow.pending(variant.name)]
    held = set() if known is None else set(known.book.positions)
    symbols = sorted(held | {order.symbol for plan in plans for order in plan.orders})
    try:
        history = feed.history(symbols, now) if symbols else {}
        if all(s in history and history[s].last >= newest and not history[s].provisional for s in symbols):
            settle(context, feed, variant, now)
    except JutsuError as error:
        LOG.warning("%s was not settled: %s", variant.name, error.line())
