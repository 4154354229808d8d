"""The backtest of the sessions each primary was carried out in, beside its own curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backtest.core.errors import JutsuError
from live.validation.backtested import backtested

if TYPE_CHECKING:
    from datetime import date

    from live.books.variants import BookVariant
    from live.model.feed import Feed
    from live.views.inputs import ViewInputs


@dataclass(frozen=True, slots=True)
class BacktestColumns:
    """One primary in the backtest, column by column, oldest session first.

    Attributes:
        time: the sessions from the book's first to its newest close; empty where there is no curve.
        growth: what a unit at the start became, less 1.
        why: why there is no curve, empty where there is one.
    """

    variant: str
    time: tuple[date, ...]
    growth: tuple[float, ...]
    why: str


def read_backtests(inputs: ViewInputs, feed: Feed) -> tuple[BacktestColumns, ...]:
    """Return the backtest of every primary that ran; what cannot be simulated says why.

    Args:
        inputs: of the account.
        feed: gives bars; a book that ran on other data has no curve.

    Raises:
        SettingsError, UsageError: 2, a book or a strategy file is wrong.
    """
    found = []
    for book in inputs.variants():
        if book.role == "primary" and inputs.ledger.snapshots.series(book.name):
            try:
                found.append(_columns(inputs, book, feed))
            except (JutsuError, OSError) as error:
                found.append(BacktestColumns(book.name, (), (), str(error)))
    return tuple(found)


def _columns(inputs: ViewInputs, book: BookVariant, feed: Feed) -> BacktestColumns:
    newest = inputs.ledger.runs.recent(1, book.name)
    source = newest[0].source if newest else None
    if source not in {None, feed.name}:
        return BacktestColumns(book.name, (), (), f"it ran on {source}, and {feed.name} is configured")
    curve = backtested(inputs.ledger, book, feed, inputs.settings.execution, inputs.now, to_newest_close=True)
    if curve is None:
        return BacktestColumns(book.name, (), (), "nothing was entered, or no session ran yet")
    return BacktestColumns(book.name, tuple(curve), tuple(round(made - 1, 6) for made in curve.values()), "")
