"""What the simulator makes of the sessions a book was carried out in, on data that is given."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from live.validation.rehearsed_positions import positions_curve
from live.validation.span import span_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from backtest.core.execution_rules import ExecutionRules
    from live.books.variants import BookVariant
    from live.ledger.ledger import Ledger
    from live.model.feed import Feed


def backtested(
    ledger: Ledger,
    book: BookVariant,
    feed: Feed,
    costs: ExecutionRules,
    at: datetime,
    *,
    to_newest_close: bool = False,
) -> dict[date, float] | None:
    """Return session -> what 1 became by its close in the backtest, from the book's first session on.

    Args:
        ledger: of the account the book ran in.
        book: an allocation, or a book of positions, which then enters what its files entered.
        feed: the data that the runs used.
        costs: slippage and commission of fills.
        at: now.
        to_newest_close: to the newest close the book was marked at, not to the newest session that ran.

    Returns:
        None for a book without a close, and for one of positions that entered nothing.

    Raises:
        DataError: the data cannot be read. UsageError: too few bars to decide on.
    """
    from backtest.simulator.allocation.simulate import simulate

    span = span_of(ledger, book.name)
    if span is None:
        return None
    if to_newest_close:
        span = replace(span, last=ledger.snapshots.series(book.name)[-1].session)
    strategy = book.strategy
    if not strategy.family.holds_weights:
        return positions_curve(ledger, strategy, span, costs, feed, at)
    symbols = sorted({*strategy.signal_symbols, *strategy.tradable_symbols})
    result = simulate(
        strategy,
        feed.history(symbols, at),
        start=span.first,
        end=span.last,
        cash=span.start_equity,
        rules=costs,
    )
    values = (result.equity / span.start_equity).tolist()
    return dict(zip((day.item() for day in result.dates), values, strict=True))
