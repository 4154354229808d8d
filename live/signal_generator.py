"""Stage 1, `python -m live.signal_generator`: read the market, decide, write one signal file per variant.

Reads like the daily checklist: kill switch, settings and manifest, session and window, data, account and
reconciliation, decision, size and limits, file; then every shadow with its virtual book.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import get_args

import live.system.startup
from backtest.calendar import sessions as calendar
from backtest.core.command_line import OneLineParser
from backtest.core.decision import ExecutionTime
from backtest.core.errors import JutsuError
from live.books import breakers, realign, unknown_orders
from live.books.closes import agreed_and_marked
from live.books.memory import memory_of_primary, memory_of_shadow
from live.books.variants import BookVariant, Group, groups, primary_book, taken_elsewhere
from live.execution.gates import check_kill_switch
from live.generation import steps as generation
from live.generation.candidates import CandidateInput
from live.generation.due import Due, NotDue
from live.generation.due import due as due_now
from live.generation.known_tickers import known_tickers
from live.generation.late_reports import WORDS, newer_report
from live.generation.missed_sessions import note_missed
from live.generation.notices import (
    alert_breakers,
    alert_unprotected,
    note_failure,
    summary_of,
    tell_blocked_entries,
)
from live.generation.price_check import PriceJudge, judge
from live.generation.refusals import refuse_after_orders, refuse_to_overwrite
from live.generation.report_folder import todays_report
from live.generation.waiting import tell_waiting
from live.handoff.canonical import bytes_sha256, render
from live.handoff.model import AccountInput, SignalFile
from live.handoff.write import file_name, require_place, signal_path, write_bytes, write_schema, write_signal
from live.ledger.signal_files import GeneratedSignal
from live.metrics.measured import measured
from live.operations import checks as preflight
from live.operations.watch import tell_missed
from live.orders import listing
from live.orders.recovery import catch_up
from live.runtime.arguments import add_shared, run_of
from live.runtime.each_account import each_account
from live.runtime.each_book import each_book
from live.runtime.lifecycle import alerting, leave, opening
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.runtime.past import refuse_the_past
from live.runtime.runtime import Runtime
from live.settings import manifest
from live.settings.digest import snapshot as snapshot_of
from live.shadow import virtual_books as shadow
from live.shadow.split_books import fractions_of
from live.system.clock import SystemClock
from live.system.screen import say

LOG = logging.getLogger("jutsu.generator")

#: gives the candidates of a session when they do not come from a report file (replay)
Reports = Callable[[date], CandidateInput]


@dataclass(frozen=True, slots=True)
class Request:
    """What one run of the generator was asked to do."""

    strategies: tuple[str, ...] = ()
    force: bool = False
    quiet: bool = False
    execution_time: str | None = None
    report_file: Path | None = None
    groups: tuple[Group, ...] = ()
    reports: Reports | None = None
    evaluator: generation.Evaluator = generation.evaluate
    judge: PriceJudge = judge


def run(runtime: Runtime, request: Request) -> int:
    """Generate every due file; return the exit code."""
    check_kill_switch(runtime.ledger)
    chosen = request.groups or approved_groups(runtime, request)
    if calendar.session(runtime.today()) is None:
        _announce(request, f"{runtime.today()} is not a trading day: nothing to do")
        return 0
    _warn_of_the_future(runtime, request)
    with runtime.ledger.rehearsal() if runtime.run.scratch else nullcontext(), each_book() as turn:
        for group in chosen:
            with turn():
                _run_group(runtime, request, group)
    return 0


def _warn_of_the_future(runtime: Runtime, request: Request) -> None:
    """A mistyped year on the demo market would otherwise close the ledger to every session until then."""
    as_of = runtime.run.as_of
    if as_of is not None and as_of.day > SystemClock().now().date():
        then = "a real run closes this ledger" if runtime.run.scratch else "this ledger is now closed"
        _announce(request, f"warning: {as_of.day} has not come yet; {then} to earlier sessions")


def approved_groups(runtime: Runtime, request: Request) -> tuple[Group, ...]:
    """Return the variants to run after checking them against the manifest (exit 2 on a mismatch)."""
    chosen = groups(
        runtime.settings,
        runtime.strategies,
        request.strategies,
        overrides=runtime.loaded.parameter_overrides,
        execution_time=request.execution_time,
    )
    for warning in manifest.require(
        runtime.manifest,
        [variant.strategy for group in chosen for variant in group.variants],
        runtime.settings,
        except_for={"execution_time"} if request.execution_time else (),
    ):
        _announce(request, f"warning: {warning}")
    return chosen


def _run_group(runtime: Runtime, request: Request, group: Group) -> None:
    if group.primary is not None:
        try:
            _announce(request, _primary(runtime, request, group.primary))
        except JutsuError as error:
            note_failure(runtime.context, group.primary, error)
            raise
    for line in group.shadows:
        _announce(request, _shadow(runtime, request, line))


def _announce(request: Request, result: str) -> None:
    LOG.info("%s", result)
    if not request.quiet:
        say(result)


def _primary(runtime: Runtime, request: Request, variant: BookVariant) -> str:
    """Generate the file of the variant that trades."""
    due = _arrive(runtime, variant)
    if isinstance(due, NotDue):
        return due.why
    report = _report(runtime, request, variant, due)
    done = _already_done(runtime, request, variant, due, report)
    if done is not None:
        return done
    runtime.ledger.generation.require_newest(runtime.ledger.where)
    generation.resolve_open_questions(runtime.context, runtime.broker, due)
    for warning in run_preflight_and_note_missed(runtime, variant, due):
        _announce(request, f"warning: {warning}")
    catch_up(runtime.context, runtime.broker)
    unknown_orders.require_known(runtime.context, listing.living(runtime.broker, runtime.clock))
    alert_unprotected(runtime.context, variant)
    report = known_tickers(runtime.feed, report, due.at)
    switch = runtime.ledger.state.kill_switch()
    if switch.level != "none":  # a rotation would sell and then not be allowed to buy
        report = report.blocked(f"entries and rotation are blocked: the kill switch is on: {switch.reason}")
    rows = runtime.ledger.positions.open_positions(variant.name)
    entered = {row.symbol: row.entry_session for row in rows}
    market, doubts = generation.judged_market(
        runtime.context, runtime.feed, runtime.second_feed, variant, due, entered, request.judge
    )
    prices = market.reference_prices()
    if not request.force:
        generation.check_held_history(runtime.context, variant, due, market, tuple(sorted(entered)))
    account = runtime.broker.account()
    agreed = agreed_and_marked(
        runtime.context, runtime.broker, runtime.feed, variant, account, prices, force=request.force
    )
    judged = breakers.breakers_now(runtime.context, account)
    if judged.blocked:
        report = report.blocked(judged.blocked)
        alert_breakers(runtime.context, judged)
    rows = runtime.ledger.positions.open_positions(variant.name)  # the comparison may have closed one
    if report.candidates:
        report = report.without(taken_elsewhere(runtime.context, variant, agreed))
    book = primary_book(rows, account, variant.budget_pct, prices)
    memory = memory_of_primary(runtime.ledger, variant.strategy, before=due.session.day)
    evaluator = request.evaluator
    proposed = generation.propose(runtime.context, variant, due, market, book, memory, evaluator, report)
    snapshot = AccountInput(
        reference=account.reference,
        equity=round(proposed.plan.equity, 2),
        cash=round(book.cash, 2),
        positions=book.shares(),
    )
    tell_blocked_entries(runtime.context, variant, due, report)
    texts = (*doubts, *agreed.rests(), *agreed.cash_warnings())
    signal = generation.draft(runtime.context, variant, due, market, snapshot, proposed, report, texts)
    return _hand_off(runtime, request, variant, due, signal)


def _arrive(runtime: Runtime, variant: BookVariant) -> Due | NotDue:
    """Come to the variant's window (a run about a date has no time of its own) and tell what is due there."""
    session = calendar.session(runtime.today())
    if session is not None:
        runtime.arrive(calendar.window(session, variant.strategy.execution_time))
    return due_now(runtime.context, variant)


def run_preflight_and_note_missed(runtime: Runtime, variant: BookVariant, due: Due) -> tuple[str, ...]:
    """Run the preflight (exit by the failed check) and name the sessions that were missed."""
    missed = note_missed(runtime.context, variant, due.session.day)
    looked = preflight.health(runtime.context, runtime.broker) if runtime.run.about_now else ()
    checks = preflight.require(looked)
    return (*checks, missed) if missed else checks


def _report(runtime: Runtime, request: Request, variant: BookVariant, due: Due) -> CandidateInput:
    """Return today's candidates of a positions strategy; without a report its exits still run."""
    if not variant.strategy.family.reads_candidates:
        return CandidateInput()
    if request.reports is not None:
        return request.reports(due.session.day)
    return todays_report(runtime.context, variant, due.session.day, request.report_file)


def _shadow(runtime: Runtime, request: Request, variant: BookVariant) -> str:
    """Settle the shadow's pending session, then generate its next file on its virtual book."""
    due = _arrive(runtime, variant)
    if isinstance(due, NotDue):
        return due.why
    report = _report(runtime, request, variant, due)
    done = _already_done(runtime, request, variant, due, report)
    if done is not None:
        return done
    again = request.force or runtime.ledger.signals.get(due.session.day, variant.name) is not None
    report = known_tickers(runtime.feed, report, due.at)
    book = shadow.settled_book(runtime.context, runtime.broker, runtime.feed, variant, due.at)
    entered = {symbol: position.entry_date for symbol, position in book.positions.items()}
    market, doubts = generation.judged_market(
        runtime.context, runtime.feed, runtime.second_feed, variant, due, entered, request.judge
    )
    memory = memory_of_shadow(runtime.ledger, variant.name, before=due.session.day)
    evaluator = request.evaluator
    proposed = generation.propose(runtime.context, variant, due, market, book, memory, evaluator, report)
    snapshot = AccountInput(
        reference=f"virtual-{variant.name}",
        equity=round(proposed.plan.equity, 2),
        cash=round(book.cash, 2),
        positions=book.shares(),
    )
    warnings = (*doubts, *fractions_of(book))
    signal = generation.draft(runtime.context, variant, due, market, snapshot, proposed, report, warnings)
    shadow.keep_pending(runtime.ledger, variant, due, book, proposed, report, replace=again)
    return _hand_off(runtime, request, variant, due, signal)


def _already_done(
    runtime: Runtime, request: Request, variant: BookVariant, due: Due, report: CandidateInput
) -> str | None:
    """Return a message when this session's file exists; put a vanished file back; None to generate.

    A file made from an earlier report is made again from the newer one, as long as no order was sent.
    """
    refuse_the_past(runtime.context, due.session)
    path = runtime.signals / file_name(due.session.day.isoformat(), variant.name, runtime.settings.account)
    require_place(path)
    row = runtime.ledger.signals.get(due.session.day, variant.name)
    if row is None:
        return None
    if request.force:
        refuse_after_orders(runtime.ledger, due.session.day, variant.name)
        return None
    newer = newer_report(runtime.ledger, variant, due, row, path, report)
    if newer == "take":
        _announce(
            request, f"{variant.name}: a newer report: the file is made again, an approval of it is void"
        )
        return None
    if newer != "same":
        return f"already done: {path}; {WORDS[newer]}"
    if not path.exists() and not runtime.run.scratch:
        write_schema(runtime.signals)
        write_bytes(path, row.content.encode())
        return f"already done: {path} was missing and is back as generated"
    return f"already done: {path}"


def _hand_off(runtime: Runtime, request: Request, variant: BookVariant, due: Due, signal: SignalFile) -> str:
    """Write the file and record it; the ledger first, so that a crash in between can put the file back."""
    account = runtime.settings.account
    path = signal_path(runtime.signals, signal, account)
    content = render(signal)
    summary = summary_of(signal, variant.strategy.context_columns)
    warned = "".join(f"\n  warning: {text}" for text in signal.warnings)
    if runtime.run.scratch:
        return f"dry run: would write {path}: {summary}{warned}"
    known = runtime.ledger.signals.get(due.session.day, variant.name) is not None
    refuse_to_overwrite(path, content, force=request.force or known)
    now = runtime.clock.now()
    with runtime.ledger.transaction():
        if known:
            refuse_after_orders(runtime.ledger, due.session.day, variant.name)  # by a faster executor
        runtime.ledger.signals.record(
            GeneratedSignal(
                session=due.session.day,
                variant=variant.name,
                role=variant.role,
                path=str(path),
                content=content.decode(),
                seal=signal.seal.digest,
                bytes_sha256=bytes_sha256(content),
                generated_at=now,
                memory=signal.decision.memory,
            )
        )
        realign.carried(runtime.ledger, variant.name, due.session.day, signal.decision.diagnostics, at=now)
        runs, mode = runtime.ledger.runs, runtime.settings.mode
        runs.due(
            due.session.day,
            variant.name,
            role=variant.role,
            mode=mode,
            due_at=due.window.opens_at,
            source=runtime.data_source,
            past=not runtime.run.about_now,
        )
        detail = {"orders": len(signal.orders)}
        runs.generated(due.session.day, variant.name, role=variant.role, mode=mode, at=now, detail=detail)
        runtime.ledger.config.remember(
            signal.inputs.settings_sha256,
            snapshot_of(runtime.settings),
            by="signal_generator",
            reason="settings of this run",
            at=now,
        )
    write_signal(runtime.signals, signal, content, account=account, durable=runtime.run.durable)
    if variant.role == "primary":
        tell_waiting(runtime.context, due, signal, path, bytes_sha256(content))
    return f"wrote {path}: {summary}{warned}"


def parser() -> argparse.ArgumentParser:
    """Return the command line of stage 1."""
    made = OneLineParser(
        prog="python -m live.signal_generator",
        description="Decide for this session and write one signal file per variant.",
    )
    add_shared(made)
    add = made.add_argument
    add(
        "--strategy",
        action="append",
        default=[],
        metavar="VARIANT|FILE",
        help="repeatable; default: all books",
    )
    add("--report-file", type=Path, metavar="FILE", help="candidates of an earnings strategy (JSON or HTML)")
    add(
        "--execution-time",
        choices=get_args(ExecutionTime),
        help="override the strategy's window for this run",
    )
    add("--force", action="store_true", help="generate again, voiding an approval; continue past differences")
    add("--dry-run", action="store_true", help="decide and print, write nothing")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run stage 1 from the command line."""
    live.system.startup.settled()

    def body(args: argparse.Namespace, options: Options, log_file: list[Path | None]) -> int:
        kind = run_of(args)
        request = Request(
            strategies=tuple(args.strategy),
            force=args.force,
            execution_time=args.execution_time,
            report_file=args.report_file,
        )
        stage = "signal_generator"
        with (
            measured("generator", options, kind) as ending,
            opening(stage, options, kind),
            open_runtime(stage, options, kind) as runtime,
        ):
            log_file[0], ending.loaded = runtime.log_file, runtime.loaded
            with alerting(runtime, stage):
                tell_missed(runtime.context, starting=True)
                ending.code = run(runtime, request)
        return ending.code

    return each_account("generator", lambda: parser().parse_args(argv), body)


if __name__ == "__main__":
    leave(main())
