"""Replay: both real stages, session by session over history, with a simulated clock and the paper broker.

Nothing here decides or fills: it moves the clock, calls the stages and marks the books after each close. Each
strategy's series are computed once over the whole history and read at row t; the look-ahead audit proves that
this is the same as cutting the history at t.
"""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from backtest.calendar import sessions as calendar
from backtest.candidates.schedule import entry_session
from backtest.core.bars import Bars
from backtest.core.candidate import Candidate
from backtest.core.errors import DataError, JutsuError, UsageError
from backtest.core.files import write_atomic
from backtest.simulator.windows import daily_bar_warning
from backtest.strategies.base import Evaluation, Strategy
from backtest.strategies.history import short_history
from live import executor, signal_generator
from live.books.variants import BookVariant, Group
from live.execution.record import mark_session
from live.execution.verdict import OrdersMissed
from live.generation.candidates import simulated_report
from live.generation.price_check import JudgedOnce
from live.runtime.runtime import Runtime
from live.shadow import virtual_books as shadow
from live.system.clock import SimulatedClock
from live.system.lock import single_instance

LOG = logging.getLogger("jutsu.replay")

ORDER_COLUMNS = (
    "session",
    "variant",
    "client_order_id",
    "symbol",
    "side",
    "intent",
    "quantity",
    "state",
    "filled_quantity",
    "reference_price",
    "average_price",
    "commission",
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A session whose stage did not end with 0."""

    session: date
    stage: str
    code: int
    why: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """The outcome of a replay: sessions run, failures, warnings and the files written."""

    sessions: int
    failures: tuple[Failure, ...]
    equity_file: Path
    orders_file: Path
    warnings: tuple[str, ...] = ()


@dataclass
class CachedSeries:
    """Evaluates each strategy once over the whole history (and again only when the history differs)."""

    history: Mapping[str, Bars]
    _known: dict[str, Evaluation] = field(default_factory=dict)

    def __call__(self, strategy: Strategy, history: Mapping[str, Bars]) -> Evaluation:
        """Return the evaluation over the whole history; what the stage could see is a prefix of it."""
        del history
        known = self._known.get(strategy.variant)
        if known is None:
            whole = {symbol: bars for symbol, bars in self.history.items() if len(bars)}
            known = self._known[strategy.variant] = strategy.evaluate(whole)
        return known


def replay(
    runtime: Runtime,
    *,
    start: date,
    end: date,
    strategies: Sequence[str] = (),
    keep_going: bool = False,
    candidates: Sequence[Candidate] | None = None,
    reports: signal_generator.Reports | None = None,
    symbols: Sequence[str] = (),
    on_session: Callable[[date], None] | None = None,
) -> Replayed:
    """Run every session from `start` to `end` through both stages.

    Candidates of a positions strategy come from a list for simulation (`candidates`) or from a function of
    the session (`reports`); `symbols` are what may be traded besides the symbols of the strategies.

    Raises:
        UsageError: the ledger is not fresh, or the range is empty.
        JutsuError: of the first session that failed, naming it, unless `keep_going`.
    """
    if not isinstance(runtime.clock, SimulatedClock) or not runtime.run.alone:
        raise JutsuError("replay needs a simulated clock and an account of its own")
    _require_fresh(runtime)
    sessions = calendar.sessions(start, end)
    if not sessions:
        raise UsageError(f"no trading session between {start} and {end}", where="--start / --end")
    chosen = signal_generator.approved_groups(
        runtime, signal_generator.GeneratorRequest(strategies=tuple(strategies))
    )
    known = {*_symbols(chosen), *symbols, *(candidate.ticker for candidate in candidates or ())}
    whole = runtime.feed.history(sorted(known), sessions[-1].close + timedelta(minutes=1))
    request = signal_generator.GeneratorRequest(
        strategies=tuple(strategies),
        quiet=True,
        evaluator=CachedSeries(dict(whole)),
        judge=JudgedOnce(dict(whole)),
        reports=reports if candidates is None else scheduled(candidates, chosen),
    )
    failures: list[Failure] = []
    with single_instance(runtime.state, runtime.account, run_id="replay"):
        for session in sessions:
            with runtime.ledger.batch():
                failure = _one(runtime, request, chosen, session, keep_going=keep_going)
            if failure is not None:
                failures.append(failure)
                if not keep_going:
                    break
            if on_session is not None:
                on_session(session.day)
    files = write_results(runtime, chosen)
    if failures and not keep_going:
        _stop(failures[0])
    warnings = tuple(_warnings(chosen, whole, sessions[0]))
    return Replayed(len(sessions), tuple(failures), *files, warnings=warnings)


def _warnings(chosen: Sequence[Group], history: Mapping[str, Bars], first: calendar.Session) -> Iterator[str]:
    """Yield warnings about the data and windows of a replay, once per variant and fact."""
    for variant in _every_variant(chosen):
        strategy = variant.strategy
        short = short_history(strategy, history, _window(variant, first).decides_on)
        window = daily_bar_warning(strategy.execution_time)
        for text in (*strategy.unusual, short, window):
            if text:
                yield f"{variant.name}: {text}"


def scheduled(candidates: Sequence[Candidate], chosen: Sequence[Group]) -> signal_generator.Reports:
    """Return the candidates of each session, as the entry mode of the positions strategy schedules them."""
    modes = {
        variant.strategy.terms.entry_mode
        for variant in _every_variant(chosen)
        if variant.strategy.family.reads_candidates
    }
    if len(modes) != 1:
        raise UsageError(
            "candidates need a positions strategy (and one entry mode)",
            where="--candidates",
            remedy="name one with --strategy, e.g. ema_p10",
        )
    mode = modes.pop()
    due: dict[date, list[Candidate]] = {}
    for candidate in candidates:
        due.setdefault(entry_session(candidate.report_date, mode), []).append(candidate)
    return lambda day: simulated_report(due.get(day, ()))


def _one(
    runtime: Runtime,
    request: signal_generator.GeneratorRequest,
    chosen: Sequence[Group],
    session: calendar.Session,
    *,
    keep_going: bool,
) -> Failure | None:
    """Generate, execute and mark one session; one at which the replay stops is not marked."""
    clock = runtime.clock
    if not isinstance(clock, SimulatedClock):
        raise JutsuError("replay needs a simulated clock")
    failure: Failure | None = None
    for opens_at in sorted({_window(variant, session).opens_at for variant in _every_variant(chosen)}):
        clock.set(opens_at)
        due = [g for g in chosen if _window(_every_variant([g])[0], session).opens_at == opens_at]
        failure = failure or _stages(runtime, request, due, session)
    if failure is not None and not keep_going:
        return failure
    clock.set(session.close + timedelta(minutes=1))
    try:
        for variant in _every_variant(chosen):
            if variant.role == "primary":
                mark_session(runtime.context, runtime.broker, runtime.feed, variant.name, session.day)
            else:
                shadow.settle(runtime.context, runtime.feed, variant, clock.now())
    except JutsuError as error:
        failure = failure or Failure(session.day, "marking", error.exit_code, error.line())
    return failure


def _stages(
    runtime: Runtime,
    request: signal_generator.GeneratorRequest,
    due: Sequence[Group],
    session: calendar.Session,
) -> Failure | None:
    stage = "signal_generator"
    try:
        code = signal_generator.run(runtime, replace(request, groups=tuple(due)))
        for group in due:
            if code == 0 and group.primary is not None:
                stage = "executor"
                variants = group.variants
                try:
                    code = executor.run(
                        runtime,
                        executor.ExecutorRequest(variant=group.primary.name, variants=variants, quiet=True),
                    )
                except (
                    OrdersMissed
                ) as missed:  # unfilled orders are part of a history and do not end the replay
                    LOG.warning("%s: %s", session.day, missed.line())
    except JutsuError as error:
        return Failure(session.day, stage, error.exit_code, error.line())
    return Failure(session.day, stage, code, "see the log") if code else None


def _stop(failure: Failure) -> None:
    error = DataError if failure.code == DataError.exit_code else JutsuError
    stopped = error(
        f"{failure.stage} ended with {failure.code}: {failure.why}",
        where=f"session {failure.session}",
        remedy="end the replay before this session, complete the data, or use --keep-going",
    )
    stopped.exit_code = failure.code  # type: ignore[misc] # the code of the stage that stopped
    raise stopped


def _require_fresh(runtime: Runtime) -> None:
    if runtime.ledger.runs.last_session() is not None:
        raise UsageError(
            "a replay needs a ledger of its own, this one has sessions already",
            where=str(runtime.settings.paths.state_db),
            remedy="name a new one with --state-db, or delete the old replay",
        )


def _every_variant(chosen: Iterable[Group]) -> list[BookVariant]:
    return [variant for g in chosen for variant in g.variants]


def _window(variant: BookVariant, session: calendar.Session) -> calendar.ExecutionWindow:
    return calendar.window(session, variant.strategy.execution_time)


def _symbols(chosen: Iterable[Group]) -> list[str]:
    found: set[str] = set()
    for variant in _every_variant(chosen):
        found |= {*variant.strategy.signal_symbols, *variant.strategy.tradable_symbols}
    return sorted(found)


def write_results(runtime: Runtime, chosen: Sequence[Group]) -> tuple[Path, Path]:
    """Write equity.csv (the first primary), equity_<variant>.csv for every variant, and orders.csv."""
    runtime.signals.mkdir(parents=True, exist_ok=True)
    main = runtime.signals / "equity.csv"
    for index, variant in enumerate(_every_variant(chosen)):
        series = runtime.ledger.snapshots.series(variant.name)
        content = _csv(
            [("date", "equity"), *((mark.session.isoformat(), f"{mark.equity:.2f}") for mark in series)]
        )
        write_atomic(runtime.signals / f"equity_{variant.name}.csv", content)
        if index == 0:
            write_atomic(main, content)
    orders = runtime.signals / "orders.csv"
    rows = (
        [_cell(getattr(order, column)) for column in ORDER_COLUMNS]
        for order in reversed(runtime.ledger.orders.recent(None))
    )
    write_atomic(orders, _csv([ORDER_COLUMNS, *rows]))
    return main, orders


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()
