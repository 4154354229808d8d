"""The sessions a book was rehearsed in, and what the backtest makes of them on the same data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest.core.errors import JutsuError
from live.runtime.factories import make_feed

if TYPE_CHECKING:
    from collections.abc import Callable

    from live.books.variants import BookVariant
    from live.ledger.ledger import Ledger
    from live.model.feed import Feed
    from live.runtime.runtime import Runtime


#: accounts in which no money is at stake
ACCOUNTS: Final = ("paper", "alpaca-paper")
#: newest sessions of a book that are looked at
LOOK_BACK: Final = 250


def rehearsal(ledger: Ledger, variant: str) -> tuple[str, Ledger]:
    """Return the account in which a variant ran the most sessions without money at stake, and its ledger."""
    found = [(account, ledger.for_account(account)) for account in ACCOUNTS]
    return max(found, key=lambda one: len(one[1].runs.recent(LOOK_BACK, variant)))


@dataclass(frozen=True, slots=True)
class Span:
    """The sessions a book was carried out in, its equity before the first decision and at the last close."""

    first: date
    last: date
    start_equity: float
    end_equity: float

    @property
    def made(self) -> float:
        """What the book made, decimal fraction."""
        return self.end_equity / self.start_equity - 1


def span_of(ledger: Ledger, variant: str) -> Span | None:
    """Return what a book did from its first decision to the newest session that ran; None before its close.

    Closes of later sessions, in which nothing ran, are no part of it.
    """
    ran = next((run.session for run in ledger.runs.recent(LOOK_BACK, variant) if run.executed_at), None)
    series = ledger.snapshots.series(variant, until=ran) if ran is not None else ()
    opening = ledger.signals.get(series[0].session, variant) if series else None
    if opening is None:
        return None
    start = float(json.loads(opening.content)["inputs"]["account"]["equity"])
    return Span(series[0].session, series[-1].session, start, series[-1].equity)


def backtest_returns(runtime: Runtime) -> dict[str, float]:
    """Return variant -> return of its backtest over the sessions of its rehearsal, decimal fraction.

    Left out is a book without a close, one that trades positions (its candidates are not kept), and one whose
    data cannot be read or simulated any more: that is no data, never a pass.
    """
    curves = _curves(runtime, lambda name: rehearsal(runtime.ledger, name)[1])
    return {name: next(reversed(curve.values())) - 1 for name, curve in curves.items()}


def backtest_curves(runtime: Runtime) -> dict[str, dict[date, float]]:
    """Return variant -> session -> what 1 became in the backtest by its close, of the books of this account.

    It begins with the book's first session; left out are the same books as by `backtest_returns`.
    """
    return _curves(runtime, lambda _: runtime.ledger)


def _curves(runtime: Runtime, ledger_of: Callable[[str], Ledger]) -> dict[str, dict[date, float]]:
    from live.books.variants import groups

    loaded = groups(runtime.settings, runtime.strategies, overrides=runtime.loaded.parameter_overrides)
    found = {}
    for group in loaded:
        if group.primary is not None and group.primary.strategy.family.holds_weights:
            try:
                curve = _simulated(runtime, ledger_of(group.primary.name), group.primary)
            except (JutsuError, OSError):
                continue
            if curve:
                found[group.primary.name] = curve
    return found


def _simulated(runtime: Runtime, ledger: Ledger, book: BookVariant) -> dict[date, float] | None:
    from backtest.simulator.allocation.simulate import simulate

    span = span_of(ledger, book.name)
    if span is None:
        return None
    strategy, source = book.strategy, next(run.source for run in ledger.runs.recent(1, book.name))
    symbols = sorted({*strategy.signal_symbols, *strategy.tradable_symbols})
    history = _feed(runtime, source).history(symbols, runtime.clock.now())
    result = simulate(
        strategy,
        history,
        start=span.first,
        end=span.last,
        cash=span.start_equity,
        rules=runtime.settings.execution,
    )
    values = (result.equity / span.start_equity).tolist()
    return dict(zip((day.item() for day in result.dates), values, strict=True))


def _feed(runtime: Runtime, source: str | None) -> Feed:
    """Return a feed of the data a run used: the run log has it in words (`Runtime.data_source`)."""
    if source is None or source == runtime.data_source:
        return runtime.feed
    settings, root = runtime.settings, runtime.loaded.root
    if source.startswith("prices:"):
        return make_feed(settings, root, prices=Path(source.removeprefix("prices:")))
    data = settings.data.model_copy(update={"source": source})
    return make_feed(settings.model_copy(update={"data": data}), root, clock=runtime.clock)
