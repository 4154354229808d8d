"""Live against the backtest of the same sessions: bars, ledger and settings become an attribution.

Nothing is kept: final bars are revised and causes are counted from the book's start, so every answer is
computed anew from the ledger's rows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backtest.core.errors import DataError, UsageError
from live.ledger.system_state import drift_key

if TYPE_CHECKING:
    from backtest.reporting.drift.attribution import Attribution
    from live.books.variants import BookVariant
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext

REST = "unexplained"
NO_CLOSE = "no session of this book has been marked at its close yet"
CANDIDATES = "the backtest enters what the files entered: reports of candidates are not kept"
SHARED = "the account is shared: cash that a budget or another book moves in or out is unexplained"


@dataclass(frozen=True, slots=True)
class Measured:
    """One primary: its attribution, or why there is none; notes are things to know about the figures."""

    variant: str
    attribution: Attribution | None
    why: str = ""
    notes: tuple[str, ...] = ()


def measure_drift(context: RunContext, feed: Feed, variant: str | None = None) -> tuple[Measured, ...]:
    """Measure every primary, or the one named.

    Raises:
        UsageError: the name is no primary.
        DataError: a bar of a session that was traded is missing.
    """
    from live.books.variants import groups

    settings = context.settings
    overrides = context.parameter_overrides
    found = groups(settings, context.strategies, overrides=overrides, everything=True)
    primaries = [group.primary for group in found if group.primary is not None]
    chosen = [book for book in primaries if variant in {None, book.name}]
    if variant is not None and not chosen:
        raise UsageError(
            f"{variant} is no primary",
            where="--variant",
            remedy=f"one of {', '.join(book.name for book in primaries)}; shadows are compared by `jutsu "
            "compare`",
        )
    return tuple(_measure(context, feed, book, primaries) for book in chosen)


def keep_drift(context: RunContext, feed: Feed) -> tuple[str, ...]:
    """Keep the causes of every book as of its newest marked close, for the figures; return warnings.

    Kept is a number for people's charts alone: `jutsu drift` computes its own.

    Raises:
        DataError: a bar of a session that was traded is missing.
    """
    from backtest.reporting.drift.attribution import bps, unexplained_is_large
    from backtest.reporting.drift.facts import CAUSES

    warnings: list[str] = []
    for found in measure_drift(context, feed):
        rows = () if found.attribution is None else found.attribution.rows
        row = next((row for row in reversed(rows) if row.live is not None), None)
        if row is None or row.live is None:
            continue
        rest = row.live - row.explained
        amounts = {step.cause: amount for step, amount in zip(CAUSES, row.causes, strict=True)}
        kept = {n: round(float(bps(a, row.backtest) or 0), 4) for n, a in (amounts | {REST: rest}).items()}
        context.ledger.state.set(drift_key(found.variant), json.dumps(kept), at=context.clock.now())
        if unexplained_is_large(rest, row.backtest, len(rows)):
            warnings.append(
                f"{found.variant}: {rest:+,.2f} of the gap to the backtest is unexplained: `jutsu drift`"
            )
    return tuple(warnings)


def _measure(
    context: RunContext, feed: Feed, book: BookVariant, primaries: Sequence[BookVariant]
) -> Measured:
    from backtest.reporting.drift.attribution import attribute
    from live.runtime.known_prices import actions_for
    from live.validation.live_book import read_live_book

    strategy = book.strategy
    if not strategy.family.holds_weights:
        return _measure_positions(context, feed, book, primaries)
    symbols = sorted({*strategy.signal_symbols, *strategy.tradable_symbols})
    live = read_live_book(context.ledger, book.name, actions_for(context, symbols))
    if live is None:
        return Measured(book.name, None, NO_CLOSE)
    last = live.sessions[-1].session
    symbols = sorted({*symbols, *live.positions})
    bars = {s: item.until(last) for s, item in feed.history(symbols, context.clock.now()).items()}
    signal = strategy.signal_symbols[0]
    if signal not in bars or not len(bars[signal]) or bars[signal].last < last or bars[signal].provisional:
        raise DataError(
            f"no final bar of {last}",
            where=signal,
            remedy="import that session, or run it again when the vendor has published it",
        )
    found = attribute(live, strategy, bars, context.settings.execution)
    return Measured(book.name, found, notes=_notes(context, book, primaries))


def _measure_positions(
    context: RunContext, feed: Feed, book: BookVariant, primaries: Sequence[BookVariant]
) -> Measured:
    from backtest.reporting.drift.positions import attribute_positions
    from backtest.simulator.positions.virtual import rules_of
    from live.runtime.known_prices import actions_for
    from live.validation.live_positions import read_live_positions

    held = {row.symbol for row in context.ledger.trades.between(None, None) if row.variant == book.name}
    live = read_live_positions(context.ledger, book.strategy, actions_for(context, sorted(held)))
    if live is None or isinstance(live, str):
        return Measured(book.name, None, live or NO_CLOSE)
    last = live.sessions[-1].live.session
    symbols = sorted({*held, *(c.ticker for known in live.sessions for c in known.candidates)})
    bars = {s: item.until(last) for s, item in feed.history(symbols, context.clock.now()).items()}
    missing = [symbol for symbol in symbols if symbol not in bars or not len(bars[symbol])]
    if missing:
        raise DataError(
            f"no bars of {', '.join(missing)}", where="drift", remedy="import them, or `--prices`"
        )
    found = attribute_positions(live, rules_of(book.strategy, context.settings.execution), bars)
    return Measured(book.name, found, notes=(CANDIDATES, *_notes(context, book, primaries)))


def _notes(context: RunContext, book: BookVariant, primaries: Sequence[BookVariant]) -> tuple[str, ...]:
    others = [other.name for other in primaries if other.name != book.name]
    shared = book.budget_pct < 100 or any(context.ledger.trades.recent(1, variant=name) for name in others)
    return (SHARED,) if shared else ()
