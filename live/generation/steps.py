"""The steps of stage 1 for one variant: window, data, book, decision, size, file."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

from backtest.core.bars import Bars
from backtest.core.decision import Book, Decision, Situation
from backtest.core.errors import DataError, DisagreementError
from backtest.core.execution_rules import ExecutionRules
from backtest.strategies.base import Evaluation, Strategy
from backtest.strategies.history import short_history
from backtest.trading.sizing import Plan, check_limits, plan_orders, scaled_weights
from live.books.realign import pending, realigned
from live.books.targets import legs_after, off_target_lines
from live.books.tax_notes import tax_notes
from live.books.variants import BookVariant
from live.generation import corporate_actions as splits
from live.generation import price_check as prices_checked
from live.generation.candidates import NO_REPORT, CandidateInput
from live.generation.due import Due
from live.generation.market import SessionMarket, check_history, check_quotes, gather, require_adjusted
from live.generation.proposal import signal_file
from live.handoff.limits import require_limits
from live.handoff.model import AccountInput, SignalFile, named_reference
from live.ledger.ledger import Ledger
from live.model.broker import Broker
from live.model.feed import Feed
from live.orders.recovery import recover_all
from live.orders.submission import Submission
from live.runtime.known_prices import known_to
from live.runtime.runtime import RunContext
from live.settings import manifest
from live.settings.digest import settings_sha256
from live.settings.frozen_origin import FrozenData, data_finding
from live.settings.manifest import frozen_floor
from live.settings.model import Settings

LOG = logging.getLogger("jutsu.generator")

DEMO_WARNING = "DEMO data: a seeded synthetic market, not real prices"


class Evaluator(Protocol):
    """Computes a strategy's series; replay computes each once and reads row t."""

    def __call__(self, strategy: Strategy, history: Mapping[str, Bars]) -> Evaluation:
        """Return the evaluation of `strategy` over `history`."""
        ...


def evaluate(strategy: Strategy, history: Mapping[str, Bars]) -> Evaluation:
    """Compute everything from the history given (the daily stage)."""
    return strategy.evaluate(history)


def judged_market(
    context: RunContext,
    feed: Feed,
    second: Feed | None,
    variant: BookVariant,
    due_: Due,
    entered: Mapping[str, date],
    judge: prices_checked.PriceJudge,
) -> tuple[SessionMarket, tuple[str, ...]]:
    """Return the data of one variant and what its signal file says about them.

    Args:
        context: settings, manifest, recorded actions and confirmed prices.
        feed: bars and quotes.
        second: another source of prices to compare with, None without one.
        variant: whose data.
        due_: the session and the instant.
        entered: held symbol -> session of its entry.
        judge: judges bars and openings.

    Raises:
        DataError: 5, data that are missing, stale, shorter than wanted or not believable.
    """
    held, two = tuple(sorted(entered)), second is not None
    market = market_for(context, feed, variant, due_, held, second=second)
    check_history_floor(context, variant, due_, market)
    untested = check_frozen_history(context, variant, market)
    doubts = believed_prices(context, variant, market, entered, judge, two_sources=two)
    return market, (*untested, *doubts)


def market_for(
    context: RunContext,
    feed: Feed,
    variant: BookVariant,
    due_: Due,
    held: tuple[str, ...],
    *,
    second: Feed | None = None,
) -> SessionMarket:
    """Read and check the data of one variant. DataError 5 when anything needed is missing, stale or raw.

    An allocation needs a fresh bar of everything it holds. A book of single stocks must not stand still
    because one of them is halted or delisted: that one is kept, named in the warnings, and the others go on.
    Prices of `second` are compared with those of `feed`.
    """
    strategy = variant.strategy
    wanted = {*strategy.signal_symbols, *strategy.tradable_symbols, *held}
    market = gather(
        feed,
        wanted,
        due_.window,
        due_.at,
        leading=strategy.signal_symbols,
        max_age_seconds=context.settings.data.max_quote_age_seconds if context.run.quotes_have_age else None,
        second=second,
    )
    _refuse_demo(context.settings, market)
    require_adjusted(market)
    check_history(market, strategy.signal_symbols)
    if strategy.family.needs_fresh_bars_of_holdings:
        market.require(held)
    check_quotes(
        market,
        strategy.signal_symbols,
        max_difference_pct=context.settings.data.max_price_difference_pct,
    )
    return market


def _refuse_demo(settings: Settings, market: SessionMarket) -> None:
    """Refuse made-up bars in online_live, wherever they lie: an imported demo market looks like any store."""
    made_up = sorted(s for s, bars in market.bars.items() if bars.source.startswith("demo"))
    if made_up and settings.mode == "online_live":
        raise DataError(
            f"demo data must never trade real money: {', '.join(made_up)}",
            where="data",
            remedy="import real bars, or set data.source to a vendor",
        )


def believed_prices(
    context: RunContext,
    variant: BookVariant,
    market: SessionMarket,
    entered: Mapping[str, date],
    judge: prices_checked.PriceJudge,
    *,
    two_sources: bool = False,
) -> tuple[str, ...]:
    """Put every price that is used before the price gate; return what the signal file says about them.

    Recorded splits explain nothing here: the prices are adjusted, so a step that is left is a wrong price or
    a history of the old shares.

    Args:
        context: the run.
        variant: the variant; its strategy names the relations.
        market: bars and quotes.
        entered: held symbol -> session of its entry.
        judge: judges bars and openings.
        two_sources: prices were asked of a second source too.

    Raises:
        DataError: 5, a price that nothing explains and nobody confirmed; no flag goes on in spite of it.
    """
    known = known_to(context, variant.strategy.price_relations, market.bars)
    adjusted = prices_checked.without_splits(known)
    found = judge(market, adjusted)
    if not variant.strategy.family.needs_fresh_bars_of_holdings:
        found = prices_checked.newest_only(found, market.window.decides_on, entered)
    limit = context.settings.data.max_price_difference_pct / 100
    quoted = prices_checked.judge_quotes(market, known, max_difference=limit)
    odd = prices_checked.require_believable((*found, *quoted), known)
    warnings = prices_checked.warnings_of(odd, market.bars, known)
    if not two_sources:
        return warnings
    silent = sorted(set(market.quotes) - set(market.second_source))
    return (*warnings, f"the second source has no price of {', '.join(silent)}") if silent else warnings


def check_history_floor(context: RunContext, variant: BookVariant, due_: Due, market: SessionMarket) -> None:
    """Stop when the history is shorter than the strategy wants. DataError 5.

    A replay only warns, like the backtest; so does a variant whose manifest holds a lower floor.
    """
    if context.run.alone:
        return
    frozen = frozen_floor(context.manifest, variant.name)
    short = short_history(variant.strategy, market.bars, due_.window.decides_on, floor=frozen)
    if short is not None:
        raise DataError(
            f"{short.path}: {short.problem}",
            where="history",
            remedy=f"{short.remedy}, or `jutsu config freeze --history-floor N`",
            findings=[short],
        )


def check_frozen_history(context: RunContext, variant: BookVariant, market: SessionMarket) -> tuple[str, ...]:
    """Compare the history with what the variant was tested on; return warnings. DataError 5 online.

    Trials on `--prices`, the demo and replays are compared with nothing.
    """
    source = context.settings.data.source
    if context.run.alone or context.data_source != source or source == "demo":
        return ()
    entry = manifest.read(context.manifest).get(variant.name, {})
    now = FrozenData.of(source, variant.strategy, market.bars)
    found = data_finding(entry, now, complete=context.run.about_now)
    if found is not None and context.settings.mode == "online_live":
        raise DataError(f"{found.path}: {found.problem}", where="history", remedy=found.remedy)
    return () if found is None else (str(found),)


def check_held_history(
    context: RunContext, variant: BookVariant, due_: Due, market: SessionMarket, held: tuple[str, ...]
) -> None:
    """Stop when a held symbol's history was restated and the books count the old shares. DataError 5."""
    if held and not context.run.alone:
        earlier = context.ledger.signals.previous(due_.session.day, variant.name)
        if earlier is not None and not _adopted_since(context.ledger, earlier.generated_at):
            splits.require_same_history(earlier, market.bars, held)


def _adopted_since(ledger: Ledger, at: datetime) -> bool:
    """Whether a person has taken over the broker's holdings since: then the split is in the books."""
    adopted = ledger.state.get("last_adoption")
    return adopted is not None and datetime.fromisoformat(adopted.split(" ")[0]) > at


@dataclass(frozen=True, slots=True)
class Proposed:
    """A decision with its orders."""

    decision: Decision
    plan: Plan


def propose(
    context: RunContext,
    variant: BookVariant,
    due_: Due,
    market: SessionMarket,
    book: Book,
    memory: Mapping[str, Any],
    evaluator: Evaluator,
    report: CandidateInput = NO_REPORT,
) -> Proposed:
    """Decide and size, to the targets when a person asked so. DataError 5: a target leg without a price.

    Raises:
        LimitError: 7, a limit would be exceeded.
    """
    strategy = variant.strategy
    decide = evaluator(strategy, market.bars).decide
    situation = Situation(
        session=due_.session.day,
        decided_on=due_.window.decides_on,
        book=book,
        memory=dict(memory),
        candidates=report.candidates,
    )
    primary = variant.role == "primary" and strategy.family.holds_weights
    asked = pending(context.ledger, variant.name, before=due_.session.day) if primary else None
    decision = decide(situation) if asked is None else realigned(decide, situation, asked.words)
    decision = replace(decision, skipped=(*report.excluded, *decision.skipped))
    market.require(target.symbol for target in decision.targets if target.weight > 0)
    prices = market.reference_prices()
    rules = context.settings.execution
    marks = market.last_prices()
    if not strategy.family.needs_fresh_bars_of_holdings:
        # A stock without a bar yesterday may trade today: the executor's quote decides, not the old bar.
        prices = {**marks, **prices}
    plan = plan_orders(decision, book, prices, rules, marks=marks)
    check_limits(plan, book, rules)
    return Proposed(decision, plan)


def _off_target(
    proposed: Proposed, held: Mapping[str, int], market: SessionMarket, rules: ExecutionRules
) -> tuple[str, ...]:
    """Return one warning per leg that stays off its target although the orders of the file fill."""
    decision = proposed.decision
    if not decision.targets:
        return ()
    prices = {**market.last_prices(), **market.reference_prices()}
    legs = legs_after(proposed.plan, scaled_weights(decision, rules), held, prices)
    return tuple(
        f"off target: {line}; `jutsu realign` puts the orders into the next file"
        for line in off_target_lines(legs)
    )


def draft(
    context: RunContext,
    variant: BookVariant,
    due_: Due,
    market: SessionMarket,
    account: AccountInput,
    proposed: Proposed,
    report: CandidateInput = NO_REPORT,
    warnings: Sequence[str] = (),
) -> SignalFile:
    """Return the sealed signal file of a proposal. LimitError 7 for a file that its executor would refuse."""
    demo = (DEMO_WARNING,) if any(b.source.startswith("demo") for b in market.bars.values()) else ()
    stale = tuple(
        f"{symbol}: held, but its newest bar is {bars.last}: judged on old data"
        for symbol, bars in sorted(market.bars.items())
        if symbol in account.positions and bars.last != due_.window.decides_on
    ) + tuple(
        f"{symbol}: held, but there are no bars at all"
        for symbol in account.positions
        if symbol not in market.bars
    )
    primary = variant.role == "primary"
    off = _off_target(proposed, account.positions, market, context.settings.execution) if primary else ()
    tax = tax_notes(context, proposed.plan.orders, due_.session.day) if primary else ()
    used = sorted(
        {*variant.strategy.signal_symbols, *account.positions, *(t.symbol for t in proposed.decision.targets)}
        | {order.symbol for order in proposed.plan.orders}
    )
    signal = signal_file(
        variant=variant,
        session=due_.session,
        window=due_.window,
        mode=context.settings.mode,
        market=market,
        used_symbols=used,
        account=named_reference(account, context.settings.account),
        decision=proposed.decision,
        plan=proposed.plan,
        rules=context.settings.execution,
        limit_above_quote_pct=above_quote_pct(context.settings),
        settings_sha256=settings_sha256(context.settings),
        package_version=context.version,
        candidates=report.facts,
        warnings=(*demo, *report.problems, *report.notes, *stale, *warnings, *off, *tax),
    )
    require_limits(signal, context.settings.execution.limits)
    return signal


def above_quote_pct(settings: Settings) -> float | None:
    """Return how much more than their quote buys may pay, percent; None where they are market orders."""
    limited = settings.execution.buy_order == "marketable_limit"
    return settings.safety.slippage_abort_pct if limited else None


def resolve_open_questions(context: RunContext, broker: Broker, due_: Due) -> None:
    """Look up orders whose fate an earlier run left unknown: until then the book to decide on is not known.

    Raises:
        UnresolvedError: 8, still unknown. DisagreementError: 4, in a dry run, which may not look it up.
        LimitError: 7, an executor is at work.
    """
    waiting = context.ledger.orders.unresolved()
    if not waiting:
        return
    if context.run.scratch:
        raise DisagreementError(
            f"order {waiting[0].client_order_id} is in state {waiting[0].state}",
            where="ledger",
            remedy="a real run looks it up first",
        )
    submission = Submission(broker, context.ledger, context.clock, lambda _: False)
    with context.only_run(f"{due_.session.day}_generator"):
        recover_all(submission, context.ledger, context.clock, today=due_.session.day)
