"""Virtual books across a split: recorded actions scale them, and no split passes unrecorded.

A book counts the shares of the session it was marked at; the history counts today's. Which of the two share
counts a history has is not guessed from dates: the book is worth what it was marked at, so the count that is
worth it is the right one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from backtest.core.bars import Bars
from backtest.core.decision import Book, OpenPosition
from backtest.core.errors import DataError, Finding
from backtest.data.quality.actions import CorporateAction, Holding, scale_bars, scale_book
from backtest.data.quality.splits import RATIOS
from live.reconciliation.splits import FRACTION

if TYPE_CHECKING:
    from backtest.core.planned_orders import PlannedOrder
    from live.ledger.shadow_books import ShadowBook

#: a mark may differ by this fraction from the same shares at today's history of that session
OUTSIDE: Final = 0.02


def splits_between(
    actions: Iterable[CorporateAction], after: date, until: date
) -> tuple[CorporateAction, ...]:
    """Return the splits with `after` < ex-date <= `until`, oldest first."""
    found = (a for a in actions if a.kind == "split" and after < a.ex_date <= until)
    return tuple(sorted(found, key=lambda split: split.ex_date))


def restated(
    known: ShadowBook,
    splits: Sequence[CorporateAction],
    history: Mapping[str, Bars],
    orders: Sequence[PlannedOrder] = (),
) -> bool:
    """Tell whether the history counts the shares after `splits` while the book counts those before.

    Seen from the book's mark when it holds such a symbol, else from the reference price of a pending order.
    """
    symbols = {split.symbol for split in splits}
    if symbols & set(known.book.positions):
        as_is = _worth(known.book, history, known.session)
        scaled = _worth(scaled_book(known.book, splits), history, known.session)
        if as_is is not None and scaled is not None:
            return abs(scaled - known.equity) < abs(as_is - known.equity)
    for order in orders:
        for split in splits:
            close = _close(history.get(order.symbol), known.session)
            if split.symbol == order.symbol and close is not None:
                price, ratio = order.reference_price, float(split.ratio)
                return abs(price / (close * ratio) - 1) < abs(price / close - 1)
    return False


def scaled_book(book: Book, splits: Sequence[CorporateAction]) -> Book:
    """Return the book after `splits`: whole shares, and a fraction kept in the position's details."""
    held = [_holding(position) for position in book.positions.values()]
    after = {holding.symbol: holding for holding in scale_book(held, splits)}
    touched = {split.symbol for split in splits}
    positions = {
        symbol: _position(position, after[symbol]) if symbol in touched else position
        for symbol, position in book.positions.items()
    }
    return Book(cash=book.cash, positions=positions)


def before_splits(history: Mapping[str, Bars], splits: Sequence[CorporateAction]) -> dict[str, Bars]:
    """Return restated histories in the prices of before `splits`, as orders of that time were filled."""
    found = dict(history)
    for split in splits:
        if split.symbol in found:
            found[split.symbol] = scale_bars(found[split.symbol], replace(split, ratio=1 / split.ratio))
    return found


def require_same_shares(variant: str, known: ShadowBook, history: Mapping[str, Bars]) -> None:
    """Stop when a virtual book is no longer worth what it was marked at.

    Raises:
        DataError: 5, the history was restated and no recorded split says why.
    """
    worth = _worth(known.book, history, known.session)
    if worth is None or abs(worth - known.equity) <= OUTSIDE * abs(known.equity):
        return
    names = ", ".join(sorted(known.book.positions))
    finding = Finding(
        variant,
        f"its virtual book of {names} was worth {known.equity:,.2f} on {known.session}, "
        f"at today's history of that session {worth:,.2f}: a split?",
        "check the corporate action; if it is one: `jutsu data split SYMBOL DATE NEW:OLD`",
    )
    raise DataError(
        f"the history of held symbols changed: {finding.problem}",
        where=variant,
        remedy=finding.remedy,
        findings=[finding],
    )


def require_same_prices(
    variant: str, orders: Sequence[PlannedOrder], day: date, history: Mapping[str, Bars]
) -> None:
    """Stop when a pending order was made at a price that its session's bar has a split's factor away.

    Raises:
        DataError: 5, naming every symbol.
    """
    names = sorted({o.symbol for o in orders if _by_a_split(o.reference_price, history.get(o.symbol), day)})
    if names:
        raise DataError(
            f"prices of {', '.join(names)} on {day} are a split away from those decided on",
            where=variant,
            remedy="check the corporate action; if it is one: `jutsu data split SYMBOL DATE NEW:OLD`",
        )


def _by_a_split(price: float, bars: Bars | None, day: date) -> bool:
    near = None if bars is None else bars.until(day)
    if near is None or not len(near):
        return False
    low, high = float(near.low[-2:].min()) * (1 - OUTSIDE), float(near.high[-2:].max()) * (1 + OUTSIDE)
    return not low <= price <= high and any(low <= price / float(ratio) <= high for ratio in RATIOS)


def fractions_of(book: Book) -> tuple[str, ...]:
    """Return one line per position with a part of a share that no order can reach."""
    return tuple(
        f"{symbol}: {position.details[FRACTION]} of a share is left of a split; only whole shares are ordered"
        for symbol, position in sorted(book.positions.items())
        if FRACTION in position.details
    )


def _holding(position: OpenPosition) -> Holding:
    fraction = Decimal(str(position.details.get(FRACTION, "0")))
    stop = None if position.stop_price is None else Decimal(repr(position.stop_price))
    return Holding(position.symbol, position.quantity + fraction, Decimal(repr(position.entry_price)), stop)


def _position(before: OpenPosition, after: Holding) -> OpenPosition:
    details = {name: value for name, value in before.details.items() if name != FRACTION}
    if after.fraction:
        details[FRACTION] = str(after.fraction.normalize())
    return replace(
        before,
        quantity=after.whole_shares,
        entry_price=float(after.entry_price),
        stop_price=None if after.stop_price is None else float(after.stop_price),
        details=details,
    )


def _worth(book: Book, history: Mapping[str, Bars], day: date) -> float | None:
    total = book.cash
    for symbol, position in book.positions.items():
        close = _close(history.get(symbol), day)
        if close is None:
            return None
        total += position.quantity * close
    return total


def _close(bars: Bars | None, day: date) -> float | None:
    if bars is None:
        return None
    known = bars.until(day)
    return float(known.close[-1]) if len(known) else None
