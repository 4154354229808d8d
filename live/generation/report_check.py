"""What a report would lead to: its session, and what of it would be bought or skipped; nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from backtest.calendar import sessions as calendar
from backtest.core.decision import Book, Decision, EntrySignal, OpenPosition, Situation, Skip
from backtest.core.errors import UsageError
from backtest.trading.sizing import plan_orders
from live.books.variants import BookVariant, groups, taken_by_books
from live.generation.candidates import CandidateInput, LoadedReport, judged_report, load_report
from live.generation.known_tickers import known_tickers

if TYPE_CHECKING:
    from live.ledger.ledger import Ledger
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext

BELOW_GRADE = "below_min_grade"


@dataclass(frozen=True, slots=True)
class ReportCheck:
    """A report as one book would trade it.

    Attributes:
        session: the session it is for, None when it does not say.
        made_after_close: its own date is of an earlier session, after whose close it was made.
        window_over: that session's execution window is over.
        entries: what would be bought, best first, prices in account currency.
        rotated_out: symbol sold to make room for the first entry, None without a rotation.
        skipped: what would not be bought, with reason codes.
        cash_known: whether the account's cash was judged too.
        problems: why nothing at all would be bought. notes: what else to know.
    """

    file: str
    variant: str
    report_date: date | None
    session: date | None
    made_after_close: bool
    window_over: bool
    entries: tuple[EntrySignal, ...]
    rotated_out: str | None
    skipped: tuple[Skip, ...]
    cash_known: bool
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def check_report(context: RunContext, feed: Feed, path: Path, name: str | None = None) -> ReportCheck:
    """Return what the report would lead to in the book as the ledger knows it now.

    Args:
        context: ledger and settings.
        feed: prices.
        path: the report.
        name: the variant to ask, None for the only one that reads reports.

    Raises:
        UsageError: the file cannot be read, or no (or more than one) book reads reports.
    """
    variant = _reader(context, name)
    try:
        found = load_report(path)
    except OSError as error:
        raise UsageError(f"the report cannot be read: {error.strerror}", where=str(path)) from error
    session = found.session(variant.strategy.terms.entry_mode)
    if session is None:
        reason = found.report.reason or "the report has no date"
        return _check(found, variant, None, problems=(f"no session: {reason}",))
    return _for_session(context, feed, variant, found, session)


def _for_session(
    context: RunContext, feed: Feed, variant: BookVariant, found: LoadedReport, session: date
) -> ReportCheck:
    mode = variant.strategy.terms.entry_mode
    judged = judged_report(found, session=session, entry_mode=mode, mode=context.settings.mode)
    now = context.clock.now()
    traded = calendar.session(session)
    assert traded is not None  # a report leads to a session
    over = now > calendar.window(traded, variant.strategy.execution_time).closes_at
    if judged.candidates is None:
        return _check(found, variant, session, window_over=over, problems=judged.problems)
    judged = known_tickers(feed, judged.without(taken_by_books(context, variant)), now)
    decision, cash_known = _decision(context, feed, variant, session, judged)
    return _check(
        found,
        variant,
        session,
        window_over=over,
        decision=decision,
        skipped=(*judged.excluded, *decision.skipped, *_below_grade(judged, decision)),
        cash_known=cash_known,
        problems=_blocked(context.ledger),
        notes=judged.notes,
    )


def _reader(context: RunContext, name: str | None) -> BookVariant:
    """Return the book the report is for."""
    found = groups(
        context.settings,
        context.strategies,
        overrides=context.parameter_overrides,
        everything=True,
    )
    readers = [group.primary for group in found if group.primary and _reads(group.primary)]
    if name is not None:
        readers = [variant for variant in readers if variant.name == name]
    if len(readers) != 1:
        names = ", ".join(variant.name for variant in readers) or "none"
        raise UsageError(
            f"the report must be checked for one book that reads reports; there is: {names}",
            where="--strategy",
            remedy="name its primary, or add the book to config/live.yaml",
        )
    return readers[0]


def _reads(variant: BookVariant) -> bool:
    return variant.strategy.family.reads_candidates


def _decision(
    context: RunContext, feed: Feed, variant: BookVariant, session: date, judged: CandidateInput
) -> tuple[Decision, bool]:
    """Return the decision on the book as it is, and whether what the cash cannot pay was taken out."""
    held = {row.symbol: OpenPosition.of(row) for row in context.ledger.positions.open_positions(variant.name)}
    names = {*held, *_measured(variant, judged)}
    bars = feed.history(sorted(names), context.clock.now()) if names else {}
    estimate = context.ledger.cash.estimate()
    prices = {symbol: float(known.close[-1]) for symbol, known in bars.items() if len(known)}
    marks = {symbol: position.entry_price for symbol, position in held.items()} | prices
    owned = sum(position.quantity * marks[symbol] for symbol, position in held.items())
    cash = 0.0 if estimate is None else float(estimate.cash)
    book = Book(min(cash, max(0.0, (cash + owned) * variant.budget_pct / 100 - owned)), held)
    decided_on = calendar.previous_session(session).day
    situation = Situation(session, decided_on, book, memory={}, candidates=judged.candidates)
    decision = variant.strategy.evaluate(bars).decide(situation)
    if estimate is None:
        return decision, False
    plan = plan_orders(decision, book, marks, context.settings.execution)
    bought = {order.symbol for order in plan.orders if order.side == "buy"}
    kept = tuple(entry for entry in decision.entries if entry.symbol in bought)
    return replace(decision, entries=kept, skipped=plan.skipped), True


def _measured(variant: BookVariant, judged: CandidateInput) -> set[str]:
    """Return the candidates whose bars the rules of the book measure."""
    reads = variant.strategy.terms.reads_bars_of_candidates
    return {candidate.ticker for candidate in judged.candidates or ()} if reads else set()


def _below_grade(judged: CandidateInput, decision: Decision) -> tuple[Skip, ...]:
    named = {entry.symbol for entry in decision.entries} | {skip.symbol for skip in decision.skipped}
    return tuple(
        Skip(candidate.ticker, BELOW_GRADE, {"grade": candidate.grade})
        for candidate in judged.candidates or ()
        if candidate.ticker not in named
    )


def _blocked(ledger: Ledger) -> tuple[str, ...]:
    switch = ledger.state.kill_switch()
    return () if switch.level == "none" else (f"the kill switch is on ({switch.level}): {switch.reason}",)


def _check(
    found: LoadedReport,
    variant: BookVariant,
    session: date | None,
    *,
    window_over: bool = False,
    decision: Decision | None = None,
    skipped: Sequence[Skip] = (),
    cash_known: bool = True,
    problems: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> ReportCheck:
    rotated = None
    if decision is not None and decision.entries:
        rotated = next((e.symbol for e in decision.exits if e.reason == "rotated_out"), None)
    plain = found.session(variant.strategy.terms.entry_mode, by_date=True)
    return ReportCheck(
        file=found.name,
        variant=variant.name,
        report_date=found.report.report_date,
        session=session,
        made_after_close=session is not None and plain != session,
        window_over=window_over,
        entries=() if decision is None or problems else decision.entries,
        rotated_out=None if problems else rotated,
        skipped=tuple(skipped),
        cash_known=cash_known,
        problems=problems,
        notes=notes if decision is None else (*notes, *decision.warnings),
    )
