"""One session of a book: carry a plan out, then mark what is held.

Pure: the simulator and the shadow books share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from backtest.core.decision import Book, OpenPosition
from backtest.core.errors import DataError, JutsuError
from backtest.core.execution_rules import ExecutionRules
from backtest.core.planned_orders import Plan, PlannedOrder
from backtest.trading.fills import Fill, book_value, fill_market
from backtest.trading.sizing import afford, cuts, sizing_equity

_NOTHING: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class Executed:
    """One order that filled.

    Attributes:
        order: as it was sent: the quantity is what the recount left of the plan.
        fill: what it filled at.
        realised_pnl: gain or loss it books, in cents' precision: a sale's cash flow minus quantity times the
            average price paid; a purchase books minus its commission.
    """

    order: PlannedOrder
    fill: Fill
    realised_pnl: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan: the fills in the order they happened, the book after them, what was not done."""

    executed: tuple[Executed, ...]
    book: Book
    warnings: tuple[str, ...] = ()


def carry_out(
    plan: Plan,
    book: Book,
    prices: Mapping[str, float],
    rules: ExecutionRules,
    *,
    session: date,
    marks: Mapping[str, float] = _NOTHING,
) -> Outcome:
    """Fill the sells, recount the buys with the cash they left, fill those.

    Args:
        plan: orders of one decision.
        book: what is owned before.
        prices: price at the execution instant per symbol that trades (before slippage).
        rules: costs, reserve.
        session: the session that trades; new positions are dated with it.
        marks: last known prices of holdings that do not trade now, for the recount's equity.

    Returns:
        The fills and the new book. An order without a price is not filled and named in the warnings, as is
        a buy that the recount cut.
    """
    executed: list[Executed] = []
    unpriced = [order for order in plan.orders if order.symbol not in prices]
    warnings = [f"{order.symbol}: no price to {order.side} at, order not filled" for order in unpriced]
    priced = [order for order in plan.orders if order.symbol in prices]
    for order in priced:
        if order.side == "sell":
            done, book = _fill(order, book, prices, rules, session=session)
            executed.append(done)
    buys = [order for order in priced if order.side == "buy"]
    if buys:
        equity = sizing_equity(book, {**marks, **prices})
        affordable = afford(buys, cash=book.cash, equity=equity, prices=prices, rules=rules)
        warnings.extend(cuts(buys, affordable))
        for order in affordable:
            done, book = _fill(order, book, prices, rules, session=session)
            executed.append(done)
    return Outcome(executed=tuple(executed), book=book, warnings=tuple(warnings))


def book_fill(book: Book, order: PlannedOrder, fill: Fill, session: date) -> Book:
    """Return the book after a fill. The average price paid ignores commissions; a sale leaves it alone.

    Raises:
        JutsuError: more shares sold than held.
    """
    held = book.positions.get(order.symbol)
    positions = {symbol: row for symbol, row in book.positions.items() if symbol != order.symbol}
    if fill.side == "sell":
        if held is None or held.quantity < fill.quantity:
            owned = held.quantity if held else 0
            raise JutsuError(f"sold {fill.quantity} shares but holds {owned}", where=order.symbol)
        if held.quantity > fill.quantity:
            positions[order.symbol] = replace(held, quantity=held.quantity - fill.quantity)
    elif held is None:
        positions[order.symbol] = OpenPosition(
            symbol=order.symbol,
            quantity=fill.quantity,
            entry_price=fill.price,
            entry_date=session,
            stop_price=order.stop_price,
            details=dict(order.details or {}),
        )
    else:
        quantity = held.quantity + fill.quantity
        paid = held.quantity * held.entry_price + fill.quantity * fill.price
        positions[order.symbol] = replace(held, quantity=quantity, entry_price=paid / quantity)
    return Book(cash=round(book.cash + fill.cash_flow, 2), positions=positions)


def realised_pnl(book: Book, order: PlannedOrder, fill: Fill) -> float:
    """Return what `fill` realises against `book` (the book before it), rounded to cents."""
    if fill.side == "buy":
        return 0.0 - fill.commission if fill.commission else 0.0
    return round(fill.cash_flow - fill.quantity * book.positions[order.symbol].entry_price, 2)


def mark(book: Book, prices: Mapping[str, float]) -> float:
    """Return cash plus every position at `prices`, to the cent. DataError names a position without one."""
    for symbol in sorted(book.positions):
        if symbol not in prices:
            raise DataError("held, but has no price to mark it at", where=symbol, remedy="import its bars")
    return book_value(book.cash, ((p.quantity, prices[p.symbol]) for p in book.positions.values()))


def _fill(
    order: PlannedOrder,
    book: Book,
    prices: Mapping[str, float],
    rules: ExecutionRules,
    *,
    session: date,
) -> tuple[Executed, Book]:
    fill = fill_market(order.side, order.quantity, prices[order.symbol], rules)
    after = book_fill(book, order, fill, session)
    return Executed(order=order, fill=fill, realised_pnl=realised_pnl(book, order, fill)), after
