"""The steps of one executor run on one file, called by `live.executor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backtest.core.errors import BrokerError, DisagreementError, JutsuError, UnresolvedError
from live.books import breakers, unknown_orders
from live.execution import (
    agreement,
    phases,
    record,
    rotation,
    run_text,
    slippage,
    split_stops,
    stops,
    unresolved,
)
from live.execution.context import ExecutionContext, PositionRules, RunNotes
from live.execution.day_notes import detail_of_day
from live.execution.job import Job, Phase
from live.execution.permission import Permission
from live.execution.price_gate import PriceGate
from live.execution.raised_stops import raise_stops
from live.execution.unprotected import name_uncovered
from live.execution.verdict import unfilled, verdict
from live.execution.window import so_far
from live.handoff.canonical import bytes_sha256
from live.ledger.signal_files import Outcome
from live.model.order_state import JournalState
from live.orders import listing, recovery
from live.orders.attempts import by_intent
from live.orders.submission import Submission
from live.reconciliation import compare as reconcile
from live.reconciliation.manual_sales import close_sold_by_hand
from live.reconciliation.model import Reconciliation
from live.reconciliation.outcome import forward, outcome_of
from live.reconciliation.settling import SETTLING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backtest.strategies.base import Strategy
    from live.ledger.ledger import Ledger
    from live.ledger.tables import Order
    from live.model.broker import Account, Broker, BrokerOrder
    from live.model.feed import Feed
    from live.runtime.runtime import RunContext
    from live.system.clock import Clock


def context_for(
    shared: RunContext,
    broker: Broker,
    feed: Feed,
    job: Job,
    notes: RunNotes,
    *,
    phase: Phase,
    skip_time_check: bool,
    second_feed: Feed | None = None,
) -> ExecutionContext:
    """Return the context of a run: the window (or --skip-time-check) decides until when orders may leave."""
    clock = shared.clock
    deadline = clock.monotonic() + shared.settings.safety.run_deadline_seconds
    permission = Permission(
        ledger=shared.ledger,
        clock=clock,
        job=job,
        phase=phase,
        began=clock.now(),
        began_monotonic=clock.monotonic(),
        deadline=deadline,
        keeps_window=not skip_time_check,
        watches_answers=not shared.run.alone,
    )
    return ExecutionContext(
        shared=shared,
        broker=broker,
        feed=feed,
        job=job,
        notes=notes,
        submission=Submission(broker, shared.ledger, clock, permission),
        rules=position_rules(job.book_variant.strategy),
        prices=PriceGate(shared, feed, second_feed, job.book_variant.strategy, job.session, job.window),
        phase=phase,
        deadline=deadline,
        keeps_window=not skip_time_check,
    )


def position_rules(strategy: Strategy) -> PositionRules:
    """Return what the executor must know of a strategy's terms; None for what it does not have."""
    terms = strategy.terms
    return PositionRules(
        stop_loss_pct=terms.stop_loss_pct,
        max_positions=terms.max_positions,
        daily_entry_limit=terms.daily_entry_limit,
    )


def begin(context: ExecutionContext) -> None:
    """Keep the bytes that are being executed, before the first order is planned."""
    job, sha = context.job, bytes_sha256(context.job.content)
    if job.known is not None and job.known.executed_sha256 != sha:
        context.ledger.signals.executed(job.day, job.variant, sha256=sha, content=job.content.decode())


def start(context: ExecutionContext, *, force: bool) -> None:
    """Recover, refuse orders nobody knows, put missing stops in place, then compare with the broker."""
    context.ledger.generation.require_newest(context.ledger.where)
    try:
        _recover(context)
    except UnresolvedError:
        unresolved.protect_before_stopping(context)
        raise
    orders = listing.listed(context.broker, context.clock)
    try:
        unknown_orders.require_known(context.shared, [shown for shown in orders if not shown.state.terminal])
    except UnresolvedError:
        unresolved.protect_before_stopping(context)
        raise
    stops.cancel_orphans(context)
    _protect_first(context)
    account = context.broker.account()
    owned = [row.symbol for row in context.ledger.positions.open_positions()]
    prices = context.quotes(owned) if owned else {}
    before = context.ledger.positions.shares(context.variant)
    try:
        result = reconcile.require_agreement(
            context.shared,
            context.broker,
            account,
            prices,
            force=force,
            known=reconcile.known_to(context.shared),
        )
    except DisagreementError:
        unknown_orders.require_known(context.shared, _successors(context, orders))  # it says more
        raise
    unknown_orders.require_known(context.shared, [shown for shown in orders if shown.state.terminal])
    context.notes.behind |= {line.symbol for line in result.lines if line.ratio is not None}
    if context.ledger.positions.shares(context.variant) != before:
        stops.protect_all(context)  # a late fill of an ended order was booked
    for finding in result.findings():
        context.notes.alarm(f"ledger and broker differ (--force): {finding}")
        context.notes.forced = True
    context.notes.equity = None if account.equity is None else float(account.equity)
    _judge_losses(context, account)
    for rest in (*result.rests(), *result.cash_warnings()):
        context.notes.warn(rest)
    context.notes.foreign.update(
        {line.symbol: line.broker for line in result.lines if line.kind == "foreign"}
    )
    if account.restriction:
        context.notes.stop_buying = f"the broker blocks this account: {account.restriction}"
        context.notes.alarm(context.notes.stop_buying)
    switch = context.ledger.state.kill_switch()
    if switch.level != "none":
        context.notes.warn(
            f"the kill switch is on ({switch.level}): entries are blocked until `jutsu resume`; "
            f"it was turned on because of: {switch.reason}"
        )


def _successors(context: ExecutionContext, orders: Iterable[BrokerOrder]) -> list[BrokerOrder]:
    """Return the ended buys among orders of symbols of which a person replaced our buy."""
    known = context.ledger.orders.recent(200)
    replaced = {row.symbol for row in known if row.side == "buy" and row.state == JournalState.REPLACED}
    return [o for o in orders if o.side == "buy" and o.state.terminal and o.symbol in replaced]


def _recover(context: ExecutionContext) -> None:
    """Find out what became of earlier orders. UnresolvedError 8: of one of them nobody knows."""
    today = context.session.day
    for order in recovery.recover_all(context.submission, context.ledger, context.clock, today=today):
        if not _waited_for_open(context, order):
            context.notes.warn(run_text.found(order))
    for order in recovery.end_past_orders(context.submission, context.ledger, today=today):
        context.notes.warn(
            f"{order.client_order_id}: still lived after its session, cancelled: {order.state} with "
            f"{order.filled_quantity} filled"
        )


def _waited_for_open(context: ExecutionContext, order: Order) -> bool:
    """Whether an order placed before the open filled there, as it was meant to: no news; a stop's is."""
    placed = context.phase == "poll" and order.session == context.session.day and order.intent != "stop"
    return placed and order.filled_quantity == order.quantity


def _protect_first(context: ExecutionContext) -> None:
    """Place missing stops before anything else, unless a split made the books' shares another thing."""
    if not any(row.needs_stop for row in context.ledger.positions.open_positions(context.variant)):
        return
    context.notes.behind |= split_stops.disarm(context, context.broker.account())
    raise_stops(context)
    stops.protect_all(context, refreshed=True)


def trade(context: ExecutionContext) -> None:
    """Phases A to E for the orders that may leave."""
    job = context.job
    for name, reason in job.held.items():
        if reason != "disabled in the file":
            context.notes.gate(name, reason)
    wait = context.phase != "place"
    slippage.judge(context, context.rows())  # also fills of an earlier run that was interrupted
    try:
        phases.sell_all(context, job.go, wait=wait)
        sells = context.attempts_of(phases.sells_of(job.go))
        waiting = any(attempts.open_attempts for attempts in sells.values())
        if not waiting or wait or context.rules.max_positions is not None:
            phases.buy_all(
                context, job.go, budget_pct=job.book_variant.budget_pct, wait=wait, whole_only=waiting
            )
    except JutsuError:
        stops.protect_after_failure(context)
        unresolved.name_unresolved_sales(context)
        raise
    if wait and job.go:
        stops.protect_all(context)
        _note_unfilled(context)
        rotation.note_halves(context)


def _judge_losses(context: ExecutionContext, account: Account) -> None:
    """Block entries when a circuit breaker has tripped, or cannot be judged; exits and stops go on."""
    try:
        judged = breakers.breakers_now(context.shared, account)
    except BrokerError as error:
        context.notes.stop_buying = error.line()
        context.notes.alarm(context.notes.stop_buying)
        return
    context.notes.stop_buying = judged.blocked
    for alarm in judged.alarms():
        context.notes.alarm(alarm)


def _note_unfilled(context: ExecutionContext) -> None:
    """Note orders that ended without all their shares: a sell is critical, a buy a warning."""
    for order, text in unfilled(context):
        (context.notes.alarm if order.side == "sell" else context.notes.warn)(text)


def finish(context: ExecutionContext) -> tuple[Outcome, record.Marked | None]:
    """Phase F: record trades, compare once more, mark the book; return the outcome of the file.

    Raises:
        DataError, DisagreementError: ledger and broker differ.
    """
    shared, job = context.shared, context.job
    # Without an order of ours nothing can have changed since the comparison at the start.
    result = _compare_at_end(context) if context.rows() else None
    name_uncovered(shared.ledger, job.variant, context.notes)
    rows = context.rows()
    with context.ledger.transaction():
        record.record_trades(shared.ledger, rows, job.signal, at=shared.clock.now())
        record.record_late_fills(shared.ledger, job.variant, at=shared.clock.now())
    outcome = forward(so_far(job), _outcome(context))
    account = context.broker.account()
    difference = None if result is None or result.agrees else _difference(context, result)
    error = difference or verdict(context, outcome)
    marked = _marked(context) if shared.run.marks and not context.before_open else None
    with context.ledger.transaction():  # nothing of the broker is asked inside: others wait for it
        breakers.keep_close(shared, job.day, account)
        if marked is not None:
            _keep_marked(context, marked)
        begin(context)
        if job.known is not None:
            context.ledger.signals.finish(job.day, job.variant, outcome)
        context.ledger.runs.executed(
            job.day,
            job.variant,
            at=shared.clock.now(),
            exit_code=0 if error is None else error.exit_code,
            outcome=outcome,
            detail=detail_of_day(
                context.ledger.runs.get(job.day, job.variant), context.notes, _sent(context)
            ),
        )
    if difference is not None:
        raise difference
    return outcome, marked


def _difference(context: ExecutionContext, result: Reconciliation) -> JutsuError:
    """Return the error of books that differ at the end; an order nobody knows that explains it goes first."""
    try:
        unknown_orders.require_known(
            context.shared,
            _successors(context, listing.listed(context.broker, context.clock)),
        )
    except JutsuError as error:
        return error
    return reconcile.error_of(result)


def _outcome(context: ExecutionContext) -> Outcome:
    job = context.job
    waiting = any(tries.open_attempts for tries in context.attempts_of(job.go).values())
    filled = any(row.filled_quantity for row in context.rows())
    if waiting and (context.phase == "place" or (context.phase == "poll" and not filled)):
        return "placed"
    enabled = {order.client_order_id for order in job.signal.orders if order.enabled}
    held = enabled & job.held.keys()
    outcome = outcome_of(job.signal, context.rows(), held=held, gated=context.notes.gated)
    return "partial" if outcome == "failed" and waiting else outcome


def _sent(context: ExecutionContext) -> set[str]:
    return {name for name, tries in by_intent(context.rows()).items() if tries.sent}


def _compare_at_end(context: ExecutionContext) -> Reconciliation:
    """Compare ledger and broker after trading, with patience; then take over the broker's cash.

    Orders that ended short are looked at again: what they filled after all is booked and protected.
    """
    booked = False
    for wait in SETTLING:
        context.clock.sleep(wait)
        booked = agreement.ended_again(context) or booked
        account = context.broker.account()
        result = reconcile.compared(context.shared, account, {})
        if result.agrees:
            reconcile.start_cash(context.ledger, account, at=context.clock.now())
            break
        booked = agreement.filled_meanwhile(context) or booked
    if not result.agrees and context.shared.run.repairs:
        sold = close_sold_by_hand(context.shared, context.broker, result.differences)
        for text in sold:
            context.notes.warn(text)
        result = reconcile.compared(context.shared, account, {}) if sold else result
    if booked and context.phase != "place":
        stops.protect_all(context)
    return result


def _marked(context: ExecutionContext) -> record.Marked | None:
    job = context.job
    owned = [row.symbol for row in context.ledger.positions.open_positions(job.variant)]
    prices = context.quotes(owned) if owned else {}
    if any(symbol not in prices for symbol in owned):
        context.notes.warn("the book could not be marked: a held symbol has no quote")
        return None
    try:
        return record.marked_book(
            context.ledger,
            context.broker.account(),
            job.variant,
            prices,
            budget_pct=job.book_variant.budget_pct,
        )
    except BrokerError as error:
        context.notes.warn(f"the book could not be marked: {error.problem}")
        return None


def _keep_marked(context: ExecutionContext, marked: record.Marked) -> None:
    job = context.job
    record.snapshot(
        context.shared,
        job.variant,
        job.day,
        marked,
        columns=record.context_of_file(job.signal),
        residual_cash=job.signal.residual_cash,
    )


def failed(ledger: Ledger, clock: Clock, job: Job, notes: RunNotes, *, exit_code: int, why: str) -> None:
    """Keep an error, its exit code and the notes in the run log; the file may be executed again."""
    ledger.runs.executed(
        job.day,
        job.variant,
        at=clock.now(),
        exit_code=exit_code,
        outcome=forward(so_far(job), "failed"),
        detail=detail_of_day(ledger.runs.get(job.day, job.variant), notes, ()) | {"error": why},
    )
