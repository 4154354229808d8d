"""The sessions a book was rehearsed in, and what the backtest makes of them on the same data."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest.core.errors import JutsuError
from live.runtime.factories import make_feed
from live.validation.rehearsed_positions import positions_return
from live.validation.span import LOOK_BACK, span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from live.books.variants import BookVariant
    from live.ledger.ledger import Ledger
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext


#: accounts in which no money is at stake
ACCOUNTS: Final = ("paper", "alpaca-paper")


def rehearsal(ledger: Ledger, variant: str) -> tuple[str, Ledger]:
    """Return the account in which a variant ran the most sessions without money at stake, and its ledger."""
    found = [(account, ledger.for_account(account)) for account in ACCOUNTS]
    return max(found, key=lambda one: len(one[1].runs.recent(LOOK_BACK, variant)))


def backtest_returns(context: RunContext, feed: Feed) -> dict[str, float]:
    """Return variant -> return of its backtest over the sessions of its rehearsal, decimal fraction.

    Left out is a book without a close, one of single stocks that entered nothing, and one whose data cannot
    be read or simulated any more: that is no data, never a pass.
    """
    curves = _curves(context, feed, lambda name: rehearsal(context.ledger, name)[1])
    weights = {name: next(reversed(curve.values())) - 1 for name, curve in curves.items()}
    return weights | dict(_returns_of_positions(context, feed))


def _returns_of_positions(context: RunContext, feed: Feed) -> Iterator[tuple[str, float]]:
    """Yield the books of single stocks with the return of the backtest of their entries."""
    from live.books.variants import groups

    loaded = groups(context.settings, context.strategies, overrides=context.parameter_overrides)
    books = (group.primary for group in loaded if group.primary is not None)
    for book in (book for book in books if not book.strategy.family.holds_weights):
        ledger = rehearsal(context.ledger, book.name)[1]
        span = span_of(ledger, book.name)
        if span is None:
            continue
        source = next(run.source for run in ledger.runs.recent(1, book.name))
        used, now, costs = _feed(context, feed, source), context.clock.now(), context.settings.execution
        try:
            made = positions_return(ledger, book.strategy, span, costs, used, now)
        except (JutsuError, OSError):
            continue
        if made is not None:
            yield book.name, made


def backtest_curves(context: RunContext, feed: Feed) -> dict[str, dict[date, float]]:
    """Return variant -> session -> what 1 became in the backtest by its close, of the books of this account.

    It reaches from the book's first session to its newest close, as its own curve does; left out are books of
    single stocks, and what `backtest_returns` leaves out.
    """
    return _curves(context, feed, lambda _: context.ledger, to_newest_close=True)


def _curves(
    context: RunContext,
    feed: Feed,
    ledger_of: Callable[[str], Ledger],
    *,
    to_newest_close: bool = False,
) -> dict[str, dict[date, float]]:
    from live.books.variants import groups

    loaded = groups(context.settings, context.strategies, overrides=context.parameter_overrides)
    found = {}
    for group in loaded:
        if group.primary is not None and group.primary.strategy.family.holds_weights:
            try:
                ledger = ledger_of(group.primary.name)
                curve = _simulated(context, feed, ledger, group.primary, to_newest_close=to_newest_close)
            except (JutsuError, OSError):
                continue
            if curve:
                found[group.primary.name] = curve
    return found


def _simulated(
    context: RunContext, feed: Feed, ledger: Ledger, book: BookVariant, *, to_newest_close: bool
) -> dict[date, float] | None:
    from backtest.simulator.allocation.simulate import simulate

    span = span_of(ledger, book.name)
    if span is None:
        return None
    end = ledger.snapshots.series(book.name)[-1].session if to_newest_close else span.last
    strategy, source = book.strategy, next(run.source for run in ledger.runs.recent(1, book.name))
    symbols = sorted({*strategy.signal_symbols, *strategy.tradable_symbols})
    history = _feed(context, feed, source).history(symbols, context.clock.now())
    result = simulate(
        strategy,
        history,
        start=span.first,
        end=end,
        cash=span.start_equity,
        rules=context.settings.execution,
    )
    values = (result.equity / span.start_equity).tolist()
    return dict(zip((day.item() for day in result.dates), values, strict=True))


def _feed(context: RunContext, feed: Feed, source: str | None) -> Feed:
    """Return a feed of the data a run used: the run log has it in words (`RunContext.data_source`)."""
    if source is None or source == context.data_source:
        return feed
    settings, root = context.settings, context.loaded.root
    if source.startswith("prices:"):
        return make_feed(settings, root, prices=Path(source.removeprefix("prices:")))
    data = settings.data.model_copy(update={"source": source})
    return make_feed(settings.model_copy(update={"data": data}), root, clock=context.clock)
