"""One executor run for one file, step by step; `live.executor` is the page that calls these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from backtest.calendar import sessions as calendar
from backtest.core.errors import BrokerError, JutsuError, LimitError, SignalFileError
from live.books.variants import Line
from live.execution import phases, record, stops
from live.execution.context import Desk, Report, filled, live
from live.handoff.approval import Standing, orders_to_send, standing
from live.handoff.canonical import as_data, bytes_sha256
from live.handoff.model import SignalFile, SignalOrder
from live.handoff.read import parse, read_bytes
from live.handoff.rules import Expectations
from live.handoff.validate import validate
from live.ledger.signal_files import Outcome
from live.ledger.tables import Order
from live.orders import recovery
from live.orders.submission import Submission
from live.reconciliation import compare as reconcile
from live.reconciliation.outcome import outcome_of

if TYPE_CHECKING:
    from live.ledger.tables import SignalRow
    from live.runtime.open import Runtime

Phase = Literal["all", "place", "poll"]
#: waits after which the broker's positions are compared again: some brokers update them late
SETTLING = (0.0, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True)
class Job:
    """A file that was read, judged and found worth executing.

    Attributes:
        known: the ledger's record of the generated original, None when this ledger never wrote it.
        go: orders that may leave. held: client order id -> why an order stays.
    """

    path: Path
    content: bytes
    signal: SignalFile
    known: SignalRow | None
    session: calendar.Session
    window: calendar.ExecutionWindow
    line: Line
    standing: Standing
    go: tuple[SignalOrder, ...]
    held: Mapping[str, str]

    @property
    def day(self) -> date:
        """Session date."""
        return self.session.day

    @property
    def variant(self) -> str:
        """Variant name."""
        return self.line.variant


def read_job(
    runtime: Runtime, path: Path, lines: Sequence[Line], session: calendar.Session, *, accept_edits: bool
) -> Job:
    """Read and judge one file; touches nothing.

    Raises:
        SignalFileError: 2, invalid, or edited and not approved. LimitError: 7, valid but over a limit.
    """
    content = read_bytes(path)
    line = _line_of(content, lines, path)
    known = runtime.ledger.signals.get(session.day, line.variant)
    sha = bytes_sha256(content)
    trusted = known is not None and known.bytes_sha256 == sha
    original = None if known is None or trusted else SignalFile.model_validate_json(known.content)
    signal = validate(
        content,
        expectations=_expectations(runtime, lines, line, session),
        original=original,
        trusted=trusted,
        where=str(path),
    )
    window = calendar.window(session, signal.execution_window.name)
    now = runtime.arrive(window)
    stands = standing(
        known,
        sha,
        runtime.settings.approval,
        runtime.settings.mode,
        now,
        accept_edits=accept_edits,
    )
    if stands.refused:
        raise _refused(path, stands, original, signal)
    go, held = orders_to_send(signal, stands, runtime.settings.approval)
    reasons = {item.order.client_order_id: item.reason for item in held}
    return Job(path, content, signal, known, session, window, line, stands, go, reasons)


def _line_of(content: bytes, lines: Sequence[Line], path: Path) -> Line:
    """Return the line the file says it belongs to; for an unreadable file any line finds the faults."""
    data = parse(content).data
    strategy = data.get("strategy") if isinstance(data, dict) else None
    variant = strategy.get("variant") if isinstance(strategy, dict) else None
    found = next((line for line in lines if line.variant == variant), None)
    if found is not None:
        return found
    primary = next((line for line in lines if line.role == "primary"), None)
    if primary is None:
        raise SignalFileError("no primary variant is configured", where=str(path), remedy="set books")
    return primary


def _expectations(
    runtime: Runtime, lines: Sequence[Line], line: Line, session: calendar.Session
) -> Expectations:
    return Expectations(
        session=session.day,
        mode=runtime.settings.mode,
        roles={known.variant: known.role for known in lines},
        names={known.variant: known.strategy.name for known in lines},
        symbols=frozenset({*line.strategy.signal_symbols, *line.strategy.tradable_symbols}),
        role="primary",
        limits=runtime.settings.execution.limits,
    )


def _refused(
    path: Path, stands: Standing, original: SignalFile | None, signal: SignalFile
) -> SignalFileError:
    from live.handoff.diff import changes

    edits: list[str] = []
    if original is not None:
        edits = [str(change) for change in changes(as_data(original), as_data(signal))]
    return SignalFileError(
        stands.reason + ("".join(f"\n  {edit}" for edit in edits)),
        where=str(path),
        remedy=f"nothing was executed; `jutsu review {path}` and approve, or use --accept-edits",
    )


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
        return protective or skip_time_check or _inside(job, runtime.clock.now(), phase)

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
        checks_age=not runtime.offline_past,
        seal=job.signal.seal.digest,
        stop_loss_pct=float(loss) if isinstance(loss, int | float) else None,
        phase=phase,
        max_positions=parameters.get("max_positions"),
        daily_entry_limit=parameters.get("daily_entry_limit"),
    )


def _inside(job: Job, now: datetime, phase: Phase) -> bool:
    """Tell whether orders may leave: the window, in a split run the session around it."""
    if phase == "place":
        return job.session.open.replace(hour=0) <= now <= job.window.closes_at
    if phase == "poll":
        return job.session.open <= now < job.session.close
    return job.window.opens_at <= now <= job.window.closes_at


def before_window(runtime: Runtime, job: Job, *, phase: Phase) -> bool:
    """Whether it is too early to do anything."""
    if phase == "place":
        return False
    return runtime.clock.now() < (job.window.opens_at if phase == "all" else job.session.open)


def window_missed(runtime: Runtime, job: Job, *, phase: Phase) -> bool:
    """Whether it is too late to send anything."""
    last = job.window.closes_at if phase != "poll" else job.session.close
    return runtime.clock.now() > last


class WindowMissed(LimitError):  # noqa: N818 - named for what a person reads
    """The run came too late to send anything."""


def too_late(desk: Desk, runtime: Runtime, job: Job) -> WindowMissed | None:
    """Note a window that passed; None when an earlier, interrupted run had carried out everything."""
    rows = desk.rows()
    outcome = outcome_of(job.signal, rows, held=job.held, reached_end=False)
    if rows and outcome == "completed":
        return None
    if job.known is not None and job.known.outcome != "completed":
        desk.ledger.signals.finish(job.day, job.variant, "partial" if rows else "expired")
    desk.ledger.runs.missed(job.day, job.variant, mode=runtime.settings.mode)
    closes = job.window.closes_at.astimezone(calendar.NEW_YORK)
    return WindowMissed(
        f"the execution window {job.window.name} of {job.day} closed at {closes:%H:%M} New York",
        where=str(job.path),
        remedy="nothing new was sent; the next session proposes again (check the cron line)",
    )


def require_phase(job: Job, phase: Phase) -> None:
    """Refuse auction orders in a run that would wait for them (exit 2)."""
    if phase == "all" and any(order.order_type == "market_on_open" for order in job.go):
        raise SignalFileError(
            "orders for the opening auction cannot be placed and awaited in one run",
            where=str(job.path),
            remedy="run --phase place before the open and --phase poll after it",
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
        stops.protect_in_spite(desk)
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
    marked = None if runtime.simulated or desk.before_open else _mark(desk, runtime, job)
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


def _compare_at_end(desk: Desk, runtime: Runtime) -> reconcile.Reconciliation:
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
    cell = job.signal.decision.diagnostics.get("cell")
    record.snapshot(
        runtime,
        job.variant,
        job.day,
        marked,
        cell=cell if isinstance(cell, int) else None,
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
