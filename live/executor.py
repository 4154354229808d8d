"""Stage 2, `python -m live.executor`: carry out today's signal file, safely and only once.

Reads like the daily checklist: kill switch, read and validate, session and window, approval, one at a time,
recover, (A) cancel stops and sell, (B) wait, (C) recount, (D) buy, (E) wait and place stops, (F) reconcile,
record, report. Running it twice, or being killed anywhere and run again, never doubles and never
loses an order.
"""

from __future__ import annotations

import live.system.startup

# isort: split
import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from backtest.calendar import sessions as calendar
from backtest.core.command_line import OneLineParser
from backtest.core.errors import JutsuError, UsageError
from live.books.variants import BookVariant, groups
from live.execution import rerun_rules, steps
from live.execution.context import RunNotes
from live.execution.day_notes import earlier_notes
from live.execution.gates import check_kill_switch
from live.execution.guarding import guard, unprotected
from live.execution.job import Job, Phase, read_job, window_of
from live.execution.record import keep_copies
from live.execution.run_text import counts, detail_lines, dry_run_text
from live.execution.session_files import lies_there, nothing_due, session_files, variants_of
from live.execution.unprotected import name_unprotected
from live.execution.verdict import OrdersMissed, PricesDoubted, verdict
from live.execution.window import WindowMissed, before_window, require_phase, too_late, window_missed
from live.metrics.measured import measured
from live.model.run import Run
from live.operations import checks as preflight
from live.operations.watch import tell_missed
from live.orders.lost_stops import lost_stops
from live.reconciliation import compare as reconcile
from live.reporting.announcing import announce
from live.runtime.arguments import add_shared, run_of
from live.runtime.each_account import each_account
from live.runtime.each_book import ENDS_ALL, each_book
from live.runtime.interrupted import naming_orders
from live.runtime.lifecycle import ALERTED, alerting, leave, opening
from live.runtime.open import open_runtime
from live.runtime.options import Options
from live.runtime.past import name_limits_of_now, refuse_the_past
from live.runtime.runtime import Runtime
from live.settings import manifest
from live.settings.model import PaperFault
from live.system.screen import complain, say
from live.views.execution_report import read_execution
from live.views.words import outcome_words

LOG = logging.getLogger("jutsu.executor")
SESSION: Final[Phase] = "session"
#: flags of a signal file, which a session of breakouts has not
_NO_SESSION: Final = (
    "--signals-file", "--accept-edits", "--force", "--skip-time-check", "--prices", "--paper-fault",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExecutorRequest:
    """What one run of the executor was asked to do.

    Attributes:
        variant: the primary to execute; None: every configured primary.
        signals_file: a file to execute instead of the session's own.
        variants: the configured variants when the caller already has them (replay).
    """

    variant: str | None = None
    signals_file: Path | None = None
    accept_edits: bool = False
    force: bool = False
    skip_time_check: bool = False
    phase: Phase = "all"
    quiet: bool = False
    variants: tuple[BookVariant, ...] | None = None


def run(runtime: Runtime, request: ExecutorRequest) -> int:
    """Execute every due file; return the exit code. Errors carry theirs."""
    check_kill_switch(runtime.ledger)
    variants = _variants(runtime) if request.variants is None else request.variants
    if request.variants is None:
        strategies = [variant.strategy for variant in variants]
        online = runtime.settings.mode == "online_live"  # offline the generator has warned
        manifest.require(runtime.manifest, strategies, runtime.settings, code=online)
    session = calendar.session(runtime.today())
    if session is None:
        _say(request, f"{runtime.today()} is not a trading day: nothing to do")
        return 0
    refuse_the_past(runtime.context, session)
    with each_book() as turn:
        for path in _paths(runtime, request, variants):
            with turn():
                _say(request, _one_file(runtime, request, path, variants, session))
    return 0


def _one_file(
    runtime: Runtime,
    request: ExecutorRequest,
    path: Path,
    variants: Sequence[BookVariant],
    session: calendar.Session,
) -> str:
    if request.signals_file is None and not lies_there(path):
        return _without_file(runtime, request, path, variants, session)
    window = window_of(path, session) if runtime.waits_for_window else None
    if window is not None:
        runtime.arrive(window)
    job = read_job(runtime.context, path, variants, session, accept_edits=request.accept_edits)
    return _execute(runtime, request, job)


def _without_file(
    runtime: Runtime,
    request: ExecutorRequest,
    path: Path,
    variants: Sequence[BookVariant],
    session: calendar.Session,
) -> str:
    """Say that nothing is due, after placing stops that are missing: those wait for no file."""
    placed = ""
    watched = not (runtime.run.scratch or runtime.run.alone)
    for variant in variants_of(runtime.context, path, variants) if watched else ():
        found = unprotected(runtime.context, runtime.broker, variant.name)
        if found:
            notes = RunNotes()
            with runtime.only_run(f"{session.day}_{variant.name}"):
                try:
                    guard(runtime.context, runtime.broker, runtime.feed, variant, session, notes)
                finally:
                    _print_details(request, notes)
            placed = f"; {', '.join(found)}: the stop is in place"
    return nothing_due(runtime.context, path, variants) + placed


def _execute(runtime: Runtime, request: ExecutorRequest, job: Job) -> str:
    """Carry out one file and say in one line what happened."""
    require_phase(job, request.phase)
    if rerun_rules.carried_out(job) and not _unprotected(runtime, job) and not _apart(runtime, job):
        return f"already done: {job.path}"
    if runtime.run.scratch:
        return dry_run_text(job)
    if not request.skip_time_check and before_window(job, runtime.clock.now(), request.phase):
        opens = job.window.opens_at.astimezone(calendar.NEW_YORK)
        return f"{job.variant}: too early, the window {job.window.name} opens at {opens:%H:%M} New York"
    notes = RunNotes(earlier=earlier_notes(runtime.ledger.runs.get(job.day, job.variant)))
    with runtime.only_run(f"{job.day}_{job.variant}"):
        rerun_rules.require_current(runtime.context, job)
        try:
            outcome = _carry_out(runtime, request, job, notes)
        except JutsuError as error:
            _note_failure(runtime, job, notes, error)
            _print_details(request, notes)
            _print_forced(runtime, request, job, notes)
            raise
    words = outcome_words(outcome, opened=runtime.clock.now() >= job.session.open)
    summary = f"{job.variant} {job.day}: {words}, {counts(job, notes)}"
    announce(runtime.context, job, notes, summary)
    _print_details(request, notes)
    _print_forced(runtime, request, job, notes)
    return summary


def _unprotected(runtime: Runtime, job: Job) -> bool:
    """Whether a position of this book is without its stop: then a finished file is worth another run."""
    return any(row.variant == job.variant for row in runtime.ledger.positions.unprotected())


def _apart(runtime: Runtime, job: Job) -> bool:
    """Whether shares or stops of the books are at the broker no more: a finished file is not the end then."""
    if runtime.run.scratch or runtime.run.alone:
        return False
    if reconcile.compared(runtime.context, runtime.broker.account(), {}).differences:
        return True
    return bool(lost_stops(runtime.ledger, runtime.broker, runtime.clock, job.variant))


def _note_failure(runtime: Runtime, job: Job, notes: RunNotes, error: JutsuError) -> None:
    """Record and alert a run that ends with an error; what fails here is logged and never raised.

    Positions left without their stop are named, those of every book when no other one has its turn.
    """
    try:
        name_unprotected(runtime.ledger, None if isinstance(error, ENDS_ALL) else job.variant, notes)
        if not isinstance(error, WindowMissed | OrdersMissed | PricesDoubted):  # these are recorded already
            steps.failed(
                runtime.ledger, runtime.clock, job, notes, exit_code=error.exit_code, why=error.line()
            )
    except (OSError, JutsuError) as problem:
        LOG.warning("the failure could not be recorded: %s", problem)
    if announce(runtime.context, job, notes, f"stopped: {error.line()}", error):
        error.add_note(ALERTED)
        return
    for text in notes.critical:  # what is told in another way says it too
        error.add_note(text)


def _carry_out(runtime: Runtime, request: ExecutorRequest, job: Job, notes: RunNotes) -> str:
    """Run the phases and return the outcome with its words; every step may be repeated after a crash.

    Raises:
        JutsuError: any of the typed errors, among them WindowMissed (7) for a run that came too late and
            OrdersMissed (7) for one whose orders did not come about.
    """
    context = steps.context_for(
        runtime.context,
        runtime.broker,
        runtime.feed,
        job,
        notes,
        phase=request.phase,
        skip_time_check=request.skip_time_check,
        second_feed=runtime.second_feed,
    )
    late = not request.skip_time_check and window_missed(job, runtime.clock.now(), request.phase)
    if not late:
        for warning in preflight.require(
            preflight.before_trading(runtime.context, runtime.broker, job.session)
        ):
            LOG.warning("%s", warning)
    steps.start(context, force=request.force)
    stands = rerun_rules.ended_in_time(context) if late else ""
    if stands:
        return f"the window is over, {stands} stands"
    error = too_late(context) if late else None
    if error is not None:
        raise error
    if not late:
        rerun_rules.require_unchanged(context)
        if job.go:
            steps.begin(context)
        steps.trade(context)
    outcome, marked = steps.finish(context)
    if runtime.run.keeps_copies:
        keep_copies(runtime.context, job, marked)
    missed = verdict(context, outcome)
    if missed is not None:
        raise missed
    return outcome


def _session(args: argparse.Namespace, options: Options, kind: Run) -> int:
    """Make a pass over the sessions of breakouts that are due; return 0, errors carry their exit code."""
    named = [flag for flag in _NO_SESSION if getattr(args, flag.strip("-").replace("-", "_"))]
    if named or args.phase != SESSION:
        problem = f"{named[0]} is not for a session" if named else "--loop needs --phase session"
        raise UsageError(problem, where="--phase", remedy="leave the flag out")
    from live.runtime.orb import is_set_up, open_orb
    from live.session.stage import run_loop, run_once

    if options.shared and not is_set_up(options, kind):
        return 0  # of several accounts not every one has such a book
    with (
        opening("executor", options, kind),
        open_orb("executor", options, kind) as orb,
        alerting(orb.context, "executor"),
    ):
        check_kill_switch(orb.context.ledger)
        if args.loop and not kind.scratch:
            run_loop(orb, say, check=lambda: check_kill_switch(orb.context.ledger))
        else:
            for line in run_once(orb, only_news=not sys.stdout.isatty()):
                say(line)
    return 0


def _paths(runtime: Runtime, request: ExecutorRequest, variants: Sequence[BookVariant]) -> list[Path]:
    if request.signals_file is not None:
        return [request.signals_file]
    return session_files(runtime.context, variants, request.variant)


def _variants(runtime: Runtime) -> tuple[BookVariant, ...]:
    chosen = groups(
        runtime.settings,
        runtime.strategies,
        overrides=runtime.loaded.parameter_overrides,
        everything=True,
    )
    return tuple(variant for group in chosen for variant in group.variants)


def _print_details(request: ExecutorRequest, notes: RunNotes) -> None:
    """Show what the summary only counts; the log has it already."""
    for text in () if request.quiet else detail_lines(notes):
        complain(text)


def _print_forced(runtime: Runtime, request: ExecutorRequest, job: Job, notes: RunNotes) -> None:
    """Say what a run sent that went on although ledger and broker differed."""
    if request.quiet or not notes.forced:
        return
    orders = read_execution(runtime.ledger, job.day, job.variant).orders
    for order in orders:
        state = f"{order.side} {order.ordered:,} {order.symbol} ({order.intent}), {order.filled:,} filled"
        complain(f"sent with --force: {state}")
    if not orders:
        complain("sent with --force: nothing")


def _say(request: ExecutorRequest, text: str) -> None:
    LOG.info("%s", text)
    if not request.quiet:
        say(text)


def parser() -> argparse.ArgumentParser:
    """Return the command line of stage 2."""
    made = OneLineParser(
        prog="python -m live.executor",
        description="Carry out the session's signal file, safely and once.",
    )
    add_shared(made)
    add = made.add_argument
    add("--signals-file", type=Path, metavar="FILE", help="default: the session's primary")
    add(
        "--phase",
        choices=get_args(Phase),
        default="all",
        help="auction orders: place, then poll; session: one pass over a session of breakouts, on paper",
    )
    add("--loop", action="store_true", help="with --phase session: a pass each minute until it is over")
    add(
        "--paper-fault",
        choices=get_args(PaperFault),
        help="how the paper broker misbehaves (rehearsal)",
    )
    add("--accept-edits", action="store_true", help="approve the edited bytes for this run")
    add("--force", action="store_true", help="go on although ledger and broker differ")
    add("--skip-time-check", action="store_true", help="ignore the execution window")
    add("--dry-run", action="store_true", help="print every order, touch neither broker nor ledger")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run stage 2 from the command line."""
    live.system.startup.finished()

    def body(args: argparse.Namespace, options: Options, log_file: list[Path | None]) -> int:
        kind = run_of(args)
        if args.phase == SESSION or args.loop:
            return _session(args, options, kind)
        request = ExecutorRequest(
            signals_file=args.signals_file,
            accept_edits=args.accept_edits,
            force=args.force,
            skip_time_check=args.skip_time_check,
            phase=args.phase,
        )
        with (
            measured("executor", options, kind) as ending,
            opening("executor", options, kind),
            open_runtime("executor", options, kind) as runtime,
        ):
            log_file[0], ending.loaded = runtime.log_file, runtime.loaded
            with alerting(runtime, "executor"), naming_orders(runtime.context):
                name_limits_of_now(runtime.context)
                tell_missed(runtime.context)
                ending.code = run(runtime, request)
        return ending.code

    return each_account("executor", lambda: parser().parse_args(argv), body)


if __name__ == "__main__":
    leave(main())
