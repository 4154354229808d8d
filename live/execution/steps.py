"""One executor run for one file, step by step; `live.executor` is the page that calls these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backtest.core.errors import BrokerError, JutsuError
from live.execution import phases, record, stops
from live.execution.context import Desk, Report
from live.execution.job import Job, Phase
from live.execution.window import inside
from live.handoff.canonical import bytes_sha256
from live.ledger.signal_files import Outcome
from live.ledger.tables import Order
from live.orders import recovery
from live.orders.attempts import filled, live
from live.orders.submission import Submission
from live.reconciliation import compare as reconcile
from live.reconciliation.model import Reconciliation
from live.reconciliation.outcome import outcome_of

if TYPE_CHECKING:
    from live.runtime.runtime import Runtime

#: waits after which the broker's positions are compared again: some brokers update them late
SETTLING = (0.0, 1.0, 2.0, 4.0, 8.0)


def desk_for(
    runtime: Runtime,
    job: Job,
    report: Report,
    *,
    phase: Phase,
    skip_time_check: bool,
) -> Desk:
    """Return the desk of a run: the window decides until when orders may leave."""

    def may_send(order: Order | None) -> bool:
        if runtime.ledger.state.kill_level() == "all":
            return False
        protective = order is not None and order.intent == "stop"
        return protective or skip_time_check or inside(job, runtime.clock.now(), phase)

    submission = Submission(runtime.broker, runtime.ledger, runtime.clock, may_send)
    parameters = job.line.strategy.parameters
    loss = parameters.get("stop_loss_pct")
    return Desk(
        broker=runtime.broker,
        ledger=runtime.ledger,
        clock=runtime.clock,
        feed=runtime.feed,
        settings=runtime.settings,
        session=job.session,
        window=job.window,
        variant=job.variant,
        mode=runtime.settings.mode,
        submission=submission,
        report=report,
        deadline=runtime.clock.monotonic() + runtime.settings.safety.run_deadline_seconds,
        prefix=job.variant if job.line.prefix_ids else "",
        keeps_window=not skip_time_check,
        checks_age=runtime.run.quotes_have_age,
        seal=job.signal.seal.digest,
        stop_loss_pct=float(loss) if isinstance(loss, int | float) else None,
        phase=phase,
        max_positions=parameters.get("max_positions"),
        daily_entry_limit=parameters.get("daily_entry_limit"),
    )


def begin(desk: Desk, job: Job) -> None:
    """Keep the bytes that are being executed, before the first order is planned."""
    sha = bytes_sha256(job.content)
    if job.known is not None and job.known.executed_sha256 != sha:
        desk.ledger.signals.executed(job.day, job.variant, sha256=sha, content=job.content.decode())


def start(desk: Desk, runtime: Runtime, *, force: bool) -> None:
    """Recover, put missing stops in place, then compare with the broker."""
    recovered = recovery.recover_all(desk.submission, runtime, today=desk.session.day)
    for order in recovered:
        desk.report.warn(f"{order.client_order_id}: found {order.state} with {order.filled_quantity} filled")
    for order in recovery.end_past_orders(desk.submission, runtime, today=desk.session.day):
        desk.report.warn(
            f"{order.client_order_id}: still lived after its session, cancelled: {order.state} with "
            f"{order.filled_quantity} filled"
        )
    stops.cancel_orphans(desk)
    stops.protect_all(desk, refreshed=True)
    account = runtime.broker.account()
    owned = [row.symbol for row in desk.ledger.positions.open_positions()]
    prices = desk.quotes(owned) if owned else {}
    result = reconcile.require_agreement(runtime, account, prices, force=force)
    for finding in result.findings():
        desk.report.alarm(f"ledger and broker differ (--force): {finding}")
    desk.report.foreign.update({line.symbol: line.broker for line in result.lines if line.kind == "foreign"})
    switch = desk.ledger.state.kill_switch()
    if switch.level != "none":
        desk.report.warn(f"the kill switch is on ({switch.level}), entries are blocked: {switch.reason}")


def trade(desk: Desk, job: Job, *, phase: Phase) -> None:
    """Phases A to E for the orders that may leave."""
    for name, reason in job.held.items():
        if reason != "disabled in the file":
            desk.report.gate(name, reason)
    wait = phase != "place"
    phases.judge_slippage(desk, desk.rows())  # of an earlier run: what stopped its buying stops this one's
    try:
        phases.sell_all(desk, job.go, wait=wait)
        waiting = any(live(desk.attempts(o.client_order_id)) for o in phases.sells_of(job.go))
        if not waiting or wait or desk.max_positions is not None:
            phases.buy_all(desk, job.go, budget_pct=job.line.budget_pct, wait=wait, whole_only=waiting)
    except JutsuError:
        stops.protect_after_failure(desk)
        raise
    if wait and job.go:
        stops.protect_all(desk)
        _tell_unfilled(desk, job)


def _tell_unfilled(desk: Desk, job: Job) -> None:
    for order in job.go:
        attempts = desk.attempts(order.client_order_id)
        if attempts and not live(attempts) and filled(attempts) < attempts[0].quantity:
            done, wanted = filled(attempts), attempts[0].quantity
            text = (
                f"{order.symbol}: {done} of {wanted} shares filled in {len(attempts)} tries ({order.intent})"
            )
            (desk.report.alarm if order.side == "sell" else desk.report.warn)(text)


def finish(desk: Desk, runtime: Runtime, job: Job, *, phase: Phase) -> tuple[Outcome, record.Marked | None]:
    """Phase F: record trades, compare once more, mark the book; return the outcome of the file."""
    rows = desk.rows()
    record.record_trades(runtime, rows, job.signal)
    record.record_late_fills(runtime, job.variant)
    outcome = _outcome(desk, job, phase)
    # Without an order of ours nothing can have changed since the comparison at the start.
    result = _compare_at_end(desk, runtime) if rows else None
    difference = None if result is None or result.agrees else reconcile.error_of(result)
    marked = _mark(desk, runtime, job) if runtime.run.marks and not desk.before_open else None
    with desk.ledger.transaction():
        begin(desk, job)
        if job.known is not None:
            desk.ledger.signals.finish(job.day, job.variant, outcome)
        desk.ledger.runs.executed(
            job.day,
            job.variant,
            at=runtime.clock.now(),
            exit_code=0 if difference is None else difference.exit_code,
            outcome=outcome,
            detail={"warnings": desk.report.warnings, "critical": desk.report.critical},
        )
    if difference is not None:
        raise difference
    return outcome, marked


def _outcome(desk: Desk, job: Job, phase: Phase) -> Outcome:
    if phase == "place" and job.go:
        return "partial"
    enabled = {order.client_order_id for order in job.signal.orders if order.enabled}
    held = enabled & job.held.keys()
    return outcome_of(job.signal, desk.rows(), held=held, gated=desk.report.gated)


def _compare_at_end(desk: Desk, runtime: Runtime) -> Reconciliation:
    """Compare ledger and broker after trading, with patience; then take over the broker's cash."""
    limit = desk.settings.safety.cash_jump_pct
    for wait in SETTLING:
        desk.clock.sleep(wait)
        account = runtime.broker.account()
        result = reconcile.compare(desk.ledger, account, {}, cash_jump_pct=limit)
        if result.agrees:
            reconcile.start_cash(desk.ledger, account, at=runtime.clock.now())
            break
    return result


def _mark(desk: Desk, runtime: Runtime, job: Job) -> record.Marked | None:
    owned = [row.symbol for row in desk.ledger.positions.open_positions(job.variant)]
    prices = desk.quotes(owned) if owned else {}
    if any(symbol not in prices for symbol in owned):
        desk.report.warn("the book could not be marked: a held symbol has no quote")
        return None
    try:
        marked = record.marked_book(runtime, job.variant, prices, budget_pct=job.line.budget_pct)
    except BrokerError as error:
        desk.report.warn(f"the book could not be marked: {error.problem}")
        return None
    record.snapshot(
        runtime,
        job.variant,
        job.day,
        marked,
        context=record.context_of_file(job.signal),
        residual_cash=job.signal.residual_cash,
    )
    return marked


def failed(runtime: Runtime, job: Job, report: Report, *, exit_code: int, why: str) -> None:
    """Note a run that ended with an error; the file may be executed again."""
    runtime.ledger.runs.executed(
        job.day,
        job.variant,
        at=runtime.clock.now(),
        exit_code=exit_code,
        outcome="failed",
        detail={"error": why, "warnings": report.warnings, "critical": report.critical},
    )
