"""Records of a run: trades with the context of their decision, performance snapshots, state.json."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtest.calendar.sessions import NEW_YORK
from backtest.core.decision import Book
from backtest.core.errors import DataError, JutsuError
from backtest.simulator.allocation.step import mark
from backtest.strategies.registry import context_columns_of
from backtest.strategies.terms import context_of
from backtest.trading.slippage import slippage_pct
from live.books.variants import primary_book
from live.ledger.backup import write_state_json
from live.ledger.tables import Order
from live.ledger.trades import TradeContext, target_price
from live.orders.booking import REALISED
from live.orders.recovery import catch_up
from live.system.screen import complain

if TYPE_CHECKING:
    from live.execution.job import Job
    from live.handoff.model import SignalFile
    from live.ledger.ledger import Ledger
    from live.model.broker import Account, Broker
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext

LOG = logging.getLogger("jutsu.executor")


@dataclass(frozen=True, slots=True)
class Marked:
    """The book of a primary at given prices."""

    book: Book
    equity: float
    prices: Mapping[str, float]


def context_of_file(signal: SignalFile) -> dict[str, Any]:
    """Return the context columns of a file's strategy, name -> value."""
    return context_of(context_columns_of(signal.strategy.name), signal.decision.diagnostics)


def record_trades(ledger: Ledger, orders: Iterable[Order], signal: SignalFile, *, at: datetime) -> None:
    """Write one row per filled order with the context of its decision; a later, larger fill updates it."""
    known = context_of_file(signal)
    filled = [order for order in orders if order.filled_quantity]
    if not filled:
        return
    with ledger.transaction():
        for order in filled:
            realised = order.details.get(REALISED)
            context = TradeContext(
                execution_time=signal.execution_window.name,
                realised_pnl=None if realised is None else Decimal(str(realised)),
                quote_slippage_pct=_quote_slippage(order),
                parameters=signal.strategy.parameters,
                context=known,
            )
            ledger.trades.record(order, context, at=at)


def record_late_fills(ledger: Ledger, variant: str, *, at: datetime) -> None:
    """Record trades of orders that filled while no run was there to see it: stops above all."""
    late = ledger.orders.without_trade(variant)
    if not late:
        return
    with ledger.transaction():
        for order in late:
            fills = ledger.executions.of_order(order.client_order_id)
            row = ledger.signals.get(order.session, variant)
            signal = {} if row is None else json.loads(row.content)
            realised = order.details.get(REALISED)
            context = TradeContext(
                execution_time=signal.get("execution_window", {}).get("name", ""),
                realised_pnl=None if realised is None else Decimal(str(realised)),
                quote_slippage_pct=_quote_slippage(order),
                parameters=signal.get("strategy", {}).get("parameters", {}),
            )
            day = fills[-1].at.astimezone(NEW_YORK).date() if fills else order.session
            ledger.trades.record(order, context, at=at, session=day)


def marked_book(
    ledger: Ledger, account: Account, variant: str, prices: Mapping[str, float], *, budget_pct: float = 100.0
) -> Marked:
    """Return what a primary owns at `prices`.

    Raises:
        DataError: a held symbol has no price.
    """
    rows = ledger.positions.open_positions(variant)
    missing = sorted(row.symbol for row in rows if row.symbol not in prices)
    if missing:
        raise DataError(f"no price for {', '.join(missing)}", where=variant, remedy="the book was not marked")
    book = primary_book(rows, account, budget_pct, prices)
    return Marked(book, mark(book, prices), prices)


def snapshot(
    context: RunContext,
    variant: str,
    day: date,
    marked: Marked,
    *,
    columns: Mapping[str, Any] | None = None,
    residual_cash: float | None = None,
) -> None:
    """Write the performance snapshot of a session, and what each position is worth."""
    context.ledger.snapshots.add(
        variant,
        day,
        at=context.clock.now(),
        mode=context.settings.mode,
        equity=marked.equity,
        cash=marked.book.cash,
        context=columns,
        residual_cash=residual_cash,
    )
    context.ledger.positions.value(variant, marked.prices, at=context.clock.now())


def mark_session(context: RunContext, broker: Broker, feed: Feed, variant: str, day: date) -> float:
    """Mark a primary at the close of `day`, booking stops that filled during it; return the equity.

    Replay calls it after every close.

    Raises:
        DataError: 4, a held symbol has no price.
    """
    ledger, clock = context.ledger, context.clock
    book = next((b for b in context.settings.books if b.primary == variant), None)
    budget_pct = 100.0 if book is None else book.budget_pct
    catch_up(context, broker)
    record_late_fills(ledger, variant, at=clock.now())
    symbols = [row.symbol for row in ledger.positions.open_positions(variant)]
    prices: dict[str, float] = {}
    for symbol, bars in feed.history(symbols, clock.now()).items() if symbols else ():
        known = bars.until(day)
        if len(known):
            prices[symbol] = float(known.close[-1])
    marked = marked_book(ledger, broker.account(), variant, prices, budget_pct=budget_pct)
    executed = ledger.signals.get(day, variant)
    content = {} if executed is None else json.loads(executed.content)
    known_columns = context_columns_of(content.get("strategy", {}).get("name", ""))
    columns = context_of(known_columns, content.get("decision", {}).get("diagnostics", {}))
    residual = _number(content.get("residual_cash"))
    snapshot(context, variant, day, marked, columns=columns, residual_cash=residual)
    return marked.equity


def write_state(path: Path, signal: SignalFile, marked: Marked | None, *, at: datetime) -> None:
    """Write state.json: the state of the primary for people and scripts, never read back by the program."""
    if marked is None:
        return
    write_state_json(
        path,
        last_run=at,
        mode=signal.mode,
        execution_time=signal.execution_window.name,
        positions=marked.book.shares(),
        equity=marked.equity,
        allocation={target.symbol: target.weight for target in signal.targets},
        context=context_of_file(signal),
    )


def keep_copies(context: RunContext, job: Job, marked: Marked | None) -> None:
    """Write state.json and today's backup; neither may undo a run that was carried out."""
    try:
        write_state(context.state / "state.json", job.signal, marked, at=context.clock.now())
        keep = context.settings.backup.keep_days
        context.ledger.backup(context.state / "backups", keep_days=keep, now=context.clock.now())
    except (OSError, JutsuError) as error:
        LOG.warning("no copy was kept: %s", error)
        complain(f"warning: state.json or the backup could not be written: {error}")


def _quote_slippage(order: Order) -> float | None:
    if order.average_price is None:
        return None
    expected = target_price(order) if order.intent == "stop" else order.quote_price
    return slippage_pct(order.side, order.average_price, expected)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
