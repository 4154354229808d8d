"""Notes about wash sales for the orders of a file: what a person should know, never a block, never advice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from backtest.core.errors import DataError
from backtest.trading.lots.model import Deferral, LotTrade, TaxLots
from live.books.other_accounts import traded_elsewhere
from live.books.tax_history import TaxHistory, read_history
from live.runtime.known_prices import actions_for

if TYPE_CHECKING:
    from backtest.core.planned_orders import PlannedOrder
    from live.runtime.runtime import RunContext

_PLANNED: Final = "planned:"


def tax_notes(context: RunContext, orders: Sequence[PlannedOrder], day: date) -> tuple[str, ...]:
    """Return what wash sales mean for the orders of a file; none in a replay, which nobody reads.

    What cannot be told is said, and stops nothing.
    """
    if context.run.alone or not orders:
        return ()
    account = lots_name(context)
    elsewhere = traded_elsewhere(context.loaded, context.environ, context.clock.now())
    history = read_history(context.ledger, account, context.settings, others=elsewhere.trades)
    unknown = tuple(f"tax: {problem}" for problem in elsewhere.problems)
    try:
        splits = actions_for(context, history.symbols)
    except DataError as error:
        return (f"tax: no notes about wash sales: {error.line()}",)
    retirement = context.settings.tax.retirement
    notes = order_notes(replace(history, splits=splits), account, orders, day, retirement=retirement)
    return (*notes, *unknown)


def lots_name(context: RunContext) -> str:
    """Return the account as lots carry it: its name where there are several, else its key."""
    return context.settings.account or context.account


def order_notes(
    history: TaxHistory,
    account: str,
    orders: Sequence[PlannedOrder],
    day: date,
    *,
    retirement: bool = False,
) -> tuple[str, ...]:
    """Return one line per order that a wash sale concerns, in the order of the orders.

    The orders are taken as filled at their reference prices in the session `day`, sells before buys.
    """
    if not history.trades or not orders:
        return ()
    found = history.lots(_planned(orders, account, day, retirement=retirement))
    lines = (_line(order, number, found, day) for number, order in enumerate(orders))
    return tuple(line for line in lines if line)


def _planned(orders: Iterable[PlannedOrder], account: str, day: date, *, retirement: bool) -> list[LotTrade]:
    return [
        LotTrade(
            id=f"{_PLANNED}{number}",
            account=account,
            symbol=order.symbol,
            side=order.side,
            quantity=Fraction(order.quantity),
            price=Decimal(repr(order.reference_price)),
            day=day,
            retirement=retirement,
        )
        for number, order in enumerate(orders)
    ]


def _line(order: PlannedOrder, number: int, found: TaxLots, day: date) -> str:
    name = f"{_PLANNED}{number}"
    if order.side == "sell":
        return _sale(order.symbol, name, found, day)
    return _purchase(order.symbol, [d for d in found.deferrals if d.purchase == name], day)


def _sale(symbol: str, name: str, found: TaxLots, day: date) -> str:
    moved = [d for d in found.deferrals if d.sale == name]
    if not moved:
        return ""
    gain = sum((row.gain for row in found.sold if row.sale == name), Decimal(0))
    bought = ", ".join(_bought(d, day) for d in moved)
    return f"tax: {symbol} sells at {gain:+,.2f}; {bought}: {_fate(moved)}"


def _bought(deferral: Deferral, day: date) -> str:
    """Return which purchase replaces the loss; one of the same file is bought with it."""
    shares = f"{shares_text(deferral.quantity)} {deferral.bought_symbol}"
    if deferral.purchase.startswith(_PLANNED):
        return f"buys {shares} in the same session"
    return f"bought {shares} {(day - deferral.bought).days} days ago"


def _purchase(symbol: str, moved: Sequence[Deferral], day: date) -> str:
    earlier = [d for d in moved if not d.sale.startswith(_PLANNED)]
    if not earlier:
        return ""
    sales = sorted({d.sold for d in earlier})
    days = ", ".join(f"{(day - sold).days} days after a loss sale of {sold}" for sold in sales)
    return f"tax: {symbol} buys {days}: {_fate(earlier)}"


def _fate(moved: Sequence[Deferral]) -> str:
    lost = sum((d.amount for d in moved if d.lost), Decimal(0))
    deferred = sum((d.amount for d in moved if not d.lost), Decimal(0))
    parts = [f"loss of {deferred:,.2f} deferred"] if deferred else []
    parts += [f"loss of {lost:,.2f} lost for good (retirement account)"] if lost else []
    return ", ".join(parts)


def shares_text(quantity: Fraction) -> str:
    """Return a count of shares, parts of one with up to six decimals."""
    if quantity.denominator == 1:
        return str(quantity.numerator)
    return f"{float(quantity):.6f}".rstrip("0")
