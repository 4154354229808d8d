"""Stage 1, `python -m live.signal_generator`: read the market, decide, write one signal file per variant.

Reads like the daily checklist: kill switch, settings and manifest, session and window, data, account and
reconciliation, decision, size and limits, file; then every shadow with its virtual book.
"""

from __future__ import annotations

import live.system.startup

# isort: split
import argparse
import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final, get_args

from backtest.calendar import sessions as calendar
from backtest.core.command_line import OneLineParser
from backtest.core.decision import ExecutionTime
from backtest.core.errors import JutsuError, UsageError
from live.alerts.causes import remedy_of
from live.books import breakers, unknown_orders
from live.books.closes import agreed_and_marked
from live.books.memory import memory_of_primary, memory_of_shadow
from live.books.variants import BookVariant, Group, groups, primary_book, taken_elsewhere
from live.execution.gates import check_kill_switch
from live.generation import steps as generation
from live.generation.candidate_bars import with_candidate_bars
from live.generation.candidates import BLOCKED, CandidateInput
from live.generation.due import Due, NotDue
from live.generation.due import due as due_now
from live.generation.hand_off import already_done, hand_off
from live.generation.known_tickers import known_tickers
from live.generation.missed_sessions import note_missed
from live.generation.notices import (
    alert_breakers,
    alert_unprotected,
    note_failure,
    tell_blocked_entries,
)
from live.generation.price_check import PriceJudge, judge
from live.generation.report_folder import todays_report
from live.handoff.model import AccountInput
from live.metrics.measured import measured
from live.model.run import ORB_BOOK, Run
from live.operations import checks as preflight
from live.operations.watch import tell_missed
from live.orders import listing
from live.orders.recovery import catch_up
from live.runtime.arguments import add_shared, run_of
from live.runtime.each_account import each_account
from live.runtime.each_book import each_book
from live.runtime.interrupted import naming_orders
from live.runtime.lifecycle import alerting, leave, opening
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.runtime.past import name_limits_of_now
from live.runtime.runtime import Runtime
from live.settings import manifest
from live.shadow import virtual_books as shadow
from live.shadow.split_books import fractions_of
from live.system.clock import SystemClock
from live.system.screen import say

LOG = logging.getLogger("jutsu.generator")
#: flags of a signal file, which a book of breakouts has not
_NO_PLAN: Final = ("--report-file", "--execution-time", "--prices")

#: gives the candidates of a session when they do not come from a report file (replay)
Reports = Callable[[date], CandidateInput]


@dataclass(frozen=True, slots=True)
class GeneratorRequest:
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


def run(runtime: Runtime, request: GeneratorRequest) -> int:
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


def _to_come(kind: Run) -> bool:
    """Whether a run is about a day after today, by the clock of this machine."""
    today = SystemClock().now().astimezone(calendar.NEW_YORK).date()
    return kind.as_of is not None and kind.as_of.day > today


def _refuse_the_future(kind: Run, *, force: bool) -> None:
    """A mistyped year on the demo market would otherwise close the ledger to every session until then."""
    if kind.as_of is not None and _to_come(kind) and not (force or kind.scratch):
        raise UsageError(
            f"{kind.as_of.day} has not come yet",
            where="--as-of",
            remedy="correct the date; --force runs it and closes this ledger to earlier sessions",
        )


def _warn_of_the_future(runtime: Runtime, request: GeneratorRequest) -> None:
    as_of = runtime.run.as_of
    if as_of is not None and _to_come(runtime.run):
        then = "a run with --force closes this ledger" if runtime.run.scratch else "this ledger is now closed"
        _announce(request, f"warning: {as_of.day} has not come yet; {then} to earlier sessions")


def approved_groups(runtime: Runtime, request: GeneratorRequest) -> tuple[Group, ...]:
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


def _run_group(runtime: Runtime, request: GeneratorRequest, group: Group) -> None:
    if group.primary is not None:
        try:
            _announce(request, _primary(runtime, request, group.primary))
        except JutsuError as error:
            note_failure(runtime.context, group.primary, error)
            raise
    for variant in group.shadows:
        _announce(request, _shadow(runtime, request, variant))


def _announce(request: GeneratorRequest, result: str) -> None:
    LOG.info("%s", result)
    if not request.quiet:
        say(result)


def _primary(runtime: Runtime, request: GeneratorRequest, variant: BookVariant) -> str:
    """Generate the file of the variant that trades."""
    asked = _asked(runtime, request, variant)
    if isinstance(asked, str):
        return asked
    due, report = asked
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
        why = f"{BLOCKED}: the kill switch is on: {switch.reason}"
        report = report.blocked(why, remedy_of("kill_switch"))
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
        report = report.blocked(judged.blocked, *judged.remedies)
        alert_breakers(runtime.context, judged)
    rows = runtime.ledger.positions.open_positions(variant.name)  # the comparison may have closed one
    if report.candidates:
        report = report.without(taken_elsewhere(runtime.context, variant, agreed))
    book = primary_book(rows, account, variant.budget_pct, prices)
    market = with_candidate_bars(market, runtime.feed, variant, report)
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
    forced = (f"ledger and broker differ (--force): {found}" for found in agreed.findings())
    texts = (*doubts, *forced, *agreed.rests(), *agreed.cash_warnings())
    signal = generation.draft(runtime.context, variant, due, market, snapshot, proposed, report, texts)
    return hand_off(runtime.context, variant, due, signal, force=request.force)


def _asked(
    runtime: Runtime, request: GeneratorRequest, variant: BookVariant
) -> tuple[Due, CandidateInput] | str:
    """Return what is due and today's candidates; a message when nothing is, or its file is there."""
    due = _arrive(runtime, variant)
    if isinstance(due, NotDue):
        return due.why
    report = _report(runtime, request, variant, due)
    announce = partial(_announce, request)
    done = already_done(runtime.context, variant, due, report, force=request.force, announce=announce)
    return (due, report) if done is None else done


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


def _report(runtime: Runtime, request: GeneratorRequest, variant: BookVariant, due: Due) -> CandidateInput:
    """Return today's candidates of a positions strategy; without a report its exits still run."""
    if not variant.strategy.family.reads_candidates:
        return CandidateInput()
    if request.reports is not None:
        return request.reports(due.session.day)
    return todays_report(runtime.context, variant, due.session.day, request.report_file)


def _shadow(runtime: Runtime, request: GeneratorRequest, variant: BookVariant) -> str:
    """Settle the shadow's pending session, then generate its next file on its virtual book."""
    asked = _asked(runtime, request, variant)
    if isinstance(asked, str):
        return asked
    due, report = asked
    again = request.force or runtime.ledger.signals.get(due.session.day, variant.name) is not None
    report = known_tickers(runtime.feed, report, due.at)
    book = shadow.settled_book(runtime.context, runtime.broker, runtime.feed, variant, due.at)
    entered = {symbol: position.entry_date for symbol, position in book.positions.items()}
    market, doubts = generation.judged_market(
        runtime.context, runtime.feed, runtime.second_feed, variant, due, entered, request.judge
    )
    market = with_candidate_bars(market, runtime.feed, variant, report)
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
    return hand_off(runtime.context, variant, due, signal, force=request.force)


def _orb_plan(args: argparse.Namespace, options: Options, kind: Run) -> int:
    """Write the plan of the next session of breakouts; return 0, errors carry their exit code."""
    named = [flag for flag in _NO_PLAN if getattr(args, flag.strip("-").replace("-", "_"))]
    if args.strategy != [ORB_BOOK] or named:
        other = named[0] if named else "another --strategy"
        raise UsageError(f"{other} is not for a plan of breakouts", where="--strategy", remedy="leave it out")
    from live.generation.orb_plan import plan_next
    from live.runtime.orb import is_set_up, open_orb

    if options.shared and not is_set_up(options, kind):
        return 0  # of several accounts not every one has such a book
    with (
        opening("signal_generator", options, kind),
        open_orb("signal_generator", options, kind) as orb,
        alerting(orb.context, "signal_generator"),
    ):
        check_kill_switch(orb.context.ledger)
        say(plan_next(orb, force=args.force))
    return 0


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
        help="repeatable; default: all books; orb: the plan of the next session of breakouts",
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
    live.system.startup.finished()

    def body(args: argparse.Namespace, options: Options, log_file: list[Path | None]) -> int:
        kind = run_of(args)
        _refuse_the_future(kind, force=args.force)
        if ORB_BOOK in args.strategy:
            return _orb_plan(args, options, kind)
        request = GeneratorRequest(
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
            with alerting(runtime, stage), naming_orders(runtime.context):
                name_limits_of_now(runtime.context)
                tell_missed(runtime.context, starting=True)
                ending.code = run(runtime, request)
        return ending.code

    return each_account("generator", lambda: parser().parse_args(argv), body)


if __name__ == "__main__":
    leave(main())
