"""What the positions simulator makes of the entries a book decided: the backtest of its rehearsal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.handoff.model import SignalFile
from live.validation.file_candidates import entered_candidates
from live.validation.span import LOOK_BACK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from backtest.core.execution_rules import ExecutionRules
    from backtest.strategies.base import Strategy
    from live.ledger.ledger import Ledger
    from live.model.feed import Feed
    from live.validation.span import Span


def positions_curve(
    ledger: Ledger, strategy: Strategy, span: Span, costs: ExecutionRules, feed: Feed, at: datetime
) -> dict[date, float] | None:
    """Return session -> what 1 became by its close in the simulator, from the book's own entries.

    The entries are those of the files as they were generated, so size, fills, stops, exits and rotation are
    compared, not which candidates there were: reports are not kept. None when the book entered nothing, or
    held something before its first session.

    Args:
        ledger: of the rehearsal.
        strategy: of the book.
        span: its sessions and the equity before them.
        costs: slippage of fills.
        feed: the data that the runs used.
        at: now.

    Raises:
        DataError: the data cannot be read.
    """
    from backtest.simulator.positions.simulate import simulate
    from backtest.simulator.positions.virtual import rules_of

    files = [signal for signal in _files(ledger, strategy.variant) if _within(signal, span)]
    candidates = [candidate for signal in files for candidate in entered_candidates(signal, strategy)]
    if not candidates or files[0].inputs.account.positions:
        return None
    # Who is in a file has passed the filter, and no longer carries what it reads.
    chosen = {"quality_filter": False, "daily_entry_limit": None, "data_end_date": span.last}
    rules = rules_of(strategy, costs).model_copy(update={**chosen, "initial_cash": span.start_equity})
    tickers = sorted({candidate.ticker for candidate in candidates})
    prices = {symbol: bars.until(span.last) for symbol, bars in feed.history(tickers, at).items()}
    result = simulate(candidates, prices, rules)
    return {
        point.day: 1 + (point.realized + point.unrealized) / span.start_equity
        for point in result.equity
        if point.day >= span.first
    } or None


def _files(ledger: Ledger, variant: str) -> Iterator[SignalFile]:
    """Yield the generated files of a variant, oldest first."""
    for row in reversed(ledger.signals.recent(LOOK_BACK, variant)):
        yield SignalFile.model_validate_json(row.content)


def _within(signal: SignalFile, span: Span) -> bool:
    return span.first.isoformat() <= signal.trade_date <= span.last.isoformat()
