"""The sessions a book was rehearsed in, and what the backtest makes of them on the same data."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest.core.errors import JutsuError
from live.runtime.account import is_paper
from live.runtime.factories import make_feed
from live.validation.backtested import backtested
from live.validation.span import LOOK_BACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from live.books.variants import BookVariant
    from live.ledger.ledger import Ledger
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext

_PAPER: Final = "paper"


def rehearsal(ledger: Ledger, variant: str) -> tuple[str, Ledger]:
    """Return the account in which a variant ran the most sessions without money at stake, and its ledger."""
    papers = [_PAPER, *(name for name in ledger.runs.accounts(variant) if is_paper(name) and name != _PAPER)]
    found = [(account, ledger.for_account(account)) for account in papers]
    return max(found, key=lambda one: len(one[1].runs.recent(LOOK_BACK, variant)))


def backtest_returns(context: RunContext, feed: Feed) -> dict[str, float]:
    """Return variant -> return of its backtest over the sessions of its rehearsal, decimal fraction.

    Left out is a book without a close, one of single stocks that entered nothing, and one whose data cannot
    be read or simulated any more: that is no data, never a pass.
    """
    curves = _curves(context, feed, lambda name: rehearsal(context.ledger, name)[1])
    return {name: next(reversed(curve.values())) - 1 for name, curve in curves.items()}


def backtest_curves(context: RunContext, feed: Feed) -> dict[str, dict[date, float]]:
    """Return variant -> session -> what 1 became in the backtest by its close, of the books of this account.

    It reaches from the book's first session to its newest close, as its own curve does; left out is what
    `backtest_returns` leaves out.
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
        if group.primary is not None:
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
    newest = ledger.runs.recent(1, book.name)
    used = _feed(context, feed, newest[0].source if newest else None)
    costs, now = context.settings.execution, context.clock.now()
    return backtested(ledger, book, used, costs, now, to_newest_close=to_newest_close)


def _feed(context: RunContext, feed: Feed, source: str | None) -> Feed:
    """Return a feed of the data a run used: the run log has it in words (`RunContext.data_source`)."""
    if source is None or source == context.data_source:
        return feed
    settings, root = context.settings, context.loaded.root
    if source.startswith("prices:"):
        return make_feed(settings, root, prices=Path(source.removeprefix("prices:")))
    data = settings.data.model_copy(update={"source": source})
    return make_feed(settings.model_copy(update={"data": data}), root, clock=context.clock)
