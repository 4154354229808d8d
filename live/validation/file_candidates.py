"""The candidates that a signal file still tells of, so that its decision can be made again."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from backtest.calendar import sessions as calendar
from backtest.core.candidate import Candidate
from backtest.core.decision import RISK_SKIP

if TYPE_CHECKING:
    from backtest.strategies.base import Strategy
    from live.handoff.model import SignalFile


def measured(signal: SignalFile, strategy: Strategy) -> set[str]:
    """Return the candidates of a file whose bars the strategy's rules measure."""
    if not strategy.terms.reads_bars_of_candidates:
        return set()
    return {*(o.symbol for o in signal.orders), *(skip.symbol for skip in signal.skipped)}


def candidates_of_file(signal: SignalFile, strategy: Strategy, day: date) -> tuple[Candidate, ...] | None:
    """Return the candidates that were or could have been bought, None when there was no valid report.

    Entries carry their candidate, and so does what risk rules refused. Of those left out for lack of room
    only score and grade are kept: enough to see whether the final bars would have made room, as price and
    filter were already passed.
    """
    facts = signal.inputs.candidates
    if facts is None or not facts.get("accepted"):
        return None
    report_date = _report_date(strategy, day)
    taken = entered_candidates(signal, strategy)
    waiting = [
        Candidate(
            ticker=skip.symbol,
            report_date=report_date,
            grade=skip.details["grade"],
            score=skip.details.get("score"),
            price=1.0,
        )
        for skip in signal.skipped
        if skip.reason in {"capacity_full", "daily_limit"}
    ]
    refused = [
        Candidate(
            ticker=skip.symbol,
            report_date=report_date,
            grade=skip.details["grade"],
            score=skip.details.get("score"),
            price=skip.details["price"],
        )
        for skip in signal.skipped
        if skip.reason.startswith(RISK_SKIP) and "grade" in skip.details
    ]
    return (*taken, *waiting, *refused)


def entered_candidates(signal: SignalFile, strategy: Strategy) -> tuple[Candidate, ...]:
    """Return the candidates that the entries of a file carry; none where orders were added by hand."""
    report_date = _report_date(strategy, date.fromisoformat(signal.trade_date))
    return tuple(
        Candidate(
            ticker=order.symbol,
            report_date=report_date,
            grade=order.details["grade"],
            score=order.details.get("score"),
            price=order.reference_price,
        )
        for order in signal.orders
        if order.intent == "entry" and "grade" in order.details
    )


def _report_date(strategy: Strategy, day: date) -> date:
    """Return a report date that leads to this session under the strategy's entry mode."""
    if strategy.terms.entry_mode == "next_day_open":
        return calendar.previous_session(day).day
    return day
