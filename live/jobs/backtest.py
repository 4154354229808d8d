"""Backtest jobs: one variant over stored bars, as it trades now or with other parameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from backtest.core.errors import DataError, UsageError
from backtest.core.files import LARGE, read_regular, why, write_atomic
from backtest.simulator.allocation.hooks import SessionHooks
from live.jobs.project import stored_history
from live.system.json_text import plain

if TYPE_CHECKING:
    from backtest.core.decision import Decision, Situation
    from backtest.simulator.allocation.result import Result
    from backtest.strategies.base import Evaluation, Strategy
    from live.settings.load import LoadedSettings

Progress = Callable[[float], None]
RESULT: Final = "result.json"


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """What is simulated.

    Attributes:
        variant: of `config/strategies`, with the overrides that hold now.
        strategy: name of its rule set, refused when it is another one; empty: not compared.
        start_date, end_date: first and last session; None for the first and the last bar.
        initial_capital: currency of the account; None for `paper.initial_cash`.
        commission: for every order; None for `execution.commission_per_order`.
        parameters: parameters with other values than the variant's.
        seed: of the demo market, None for the settings' own; refused on any other data.
    """

    variant: str
    strategy: str = ""
    start_date: date | None = None
    end_date: date | None = None
    initial_capital: float | None = None
    commission: float | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None

    def document(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        found: dict[str, Any] = plain(asdict(self))
        return found

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> BacktestRequest:
        """Return what `document` was made from."""
        given = dict(document)
        for name in ("start_date", "end_date"):
            if given.get(name) is not None:
                given[name] = date.fromisoformat(given[name])
        return cls(**given)


@dataclass(frozen=True, slots=True)
class BacktestResults:
    """What a backtest found; the curves are columns, oldest session first.

    Attributes:
        metrics: figures by name, as `python -m backtest run` writes them.
        equity: account currency at each close. benchmark: the same amount in the benchmark, None without.
        warnings: what to know before believing it.
    """

    metrics: Mapping[str, Any]
    time: tuple[date, ...]
    equity: tuple[float, ...]
    benchmark: tuple[float, ...] | None
    warnings: tuple[str, ...]


def strategy_of(loaded: LoadedSettings, request: BacktestRequest) -> Strategy:
    """Return the strategy a request is about, its parameters applied.

    Raises:
        UsageError, ParameterError: 2, no such variant, wrong parameters, a strategy or data that this
            cannot simulate; `findings` lists all wrong parameters.
    """
    from live.views.settings import configured_strategies

    (strategy,) = configured_strategies(loaded, [request.variant])
    if request.strategy and request.strategy.casefold() != strategy.name.casefold():
        raise UsageError(f"{request.variant} is of {strategy.name}", where="strategy", remedy="leave it out")
    if not strategy.family.holds_weights:
        raise UsageError(
            f"{strategy.name} trades a list of candidates, which is not kept here",
            where="variant",
            remedy="python -m backtest portfolio --candidates FILE",
        )
    if request.seed is not None and loaded.settings.data.source != "demo":
        raise UsageError("only the made-up market has a seed", where="seed", remedy="leave it out")
    if request.start_date and request.end_date and request.start_date > request.end_date:
        raise UsageError("is after end_date", where="start_date", remedy="swap them")
    return strategy.with_parameters(request.parameters) if request.parameters else strategy


def simulated(
    loaded: LoadedSettings, request: BacktestRequest, at: datetime, progress: Progress
) -> tuple[Strategy, Result]:
    """Return the simulation of a request.

    Args:
        loaded: settings, for data, costs and limits.
        request: what is simulated.
        at: aware instant; later bars are not read.
        progress: told the part that is done, 0 to 1.

    Raises:
        UsageError, ParameterError: 2, see `strategy_of`. DataError: 5, bars are missing or wrong.
        LimitError: 7, a limit was exceeded; names the session.
    """
    from backtest.data.quality.findings import require_believable
    from backtest.data.quality.price_gate import judge_history
    from backtest.simulator.allocation.simulate import simulate
    from live.runtime.known_prices import confirmed_prices, recorded_actions

    strategy, settings = strategy_of(loaded, request), loaded.settings
    signal = strategy.signal_symbols[0]
    symbols = tuple(dict.fromkeys((*strategy.signal_symbols, *strategy.tradable_symbols)))
    history = stored_history(loaded, symbols, at, seed=request.seed)
    if signal not in history:
        raise DataError(f"no bars of {signal}", where=settings.data.source, remedy="jutsu data import DIR")
    demo, state = settings.data.source == "demo", loaded.path(settings.paths.state_db).parent
    actions = () if demo else recorded_actions(loaded.path(settings.data.store), symbols)
    found = judge_history(
        history, strategy.price_relations, actions=actions, confirmed=confirmed_prices(state)
    )
    doubts = require_believable(found, settings.data.source)
    bars = history[signal]
    first, last = request.start_date or bars.first, request.end_date or bars.last
    rules = settings.execution
    if request.commission is not None:
        rules = rules.model_copy(update={"commission_per_order": request.commission})
    result = simulate(
        strategy,
        history,
        start=first,
        end=last,
        cash=request.initial_capital or settings.paper.initial_cash,
        rules=rules,
        benchmark=signal,
        hooks=_Counted(progress, len(bars.until(last)) - len(bars.until(first)) + 1),
    )
    return strategy, replace(result, warnings=(*map(str, (*doubts, *strategy.unusual)), *result.warnings))


def run(
    loaded: LoadedSettings, document: Mapping[str, Any], at: datetime, folder: Path, progress: Progress
) -> None:
    """Simulate and write `result.json` and the files of `python -m backtest run` into `folder`.

    Raises:
        JutsuError: see `simulated`. UsageError: 2, the folder cannot be written.
    """
    from backtest.cli.run import metrics_of, write_files

    _, result = simulated(loaded, BacktestRequest.of(document), at, progress)
    metrics = metrics_of(result)
    write_files(result, metrics, folder)
    write_result(folder, results_of(result, metrics))


def results_of(result: Result, metrics: Mapping[str, Any]) -> BacktestResults:
    """Return what a simulation found as columns."""
    return BacktestResults(
        metrics=metrics,
        time=tuple(result.dates.tolist()),
        equity=_rounded(result.equity.tolist()),
        benchmark=None if result.benchmark is None else _rounded(result.benchmark.tolist()),
        warnings=result.warnings,
    )


def write_result(folder: Path, found: object) -> None:
    """Write what a job found. UsageError 2: the folder cannot be written."""
    try:
        write_atomic(folder / RESULT, json.dumps(plain(found), allow_nan=False).encode())
    except OSError as error:
        raise UsageError(
            f"cannot be written: {why(error)}", where=str(folder), remedy="check folder and disk"
        ) from error


def read_result(folder: Path) -> Any:
    """Return the document of a job that is done. DataError 5: it cannot be read."""
    path = folder / RESULT
    try:
        return json.loads(read_regular(path, LARGE))
    except (OSError, ValueError) as error:
        raise DataError(
            f"cannot be read: {why(error)}", where=str(path), remedy="ask for the job again"
        ) from error


def _rounded(values: list[float]) -> tuple[float, ...]:
    return tuple(round(value, 2) for value in values)


class _Counted(SessionHooks):
    """The simulator's own course, and how far it is."""

    def __init__(self, progress: Progress, sessions: int) -> None:
        self._progress, self._sessions, self._done = progress, max(1, sessions), 0

    def decide(self, evaluation: Evaluation, situation: Situation) -> Decision:
        """Return the decision of a session."""
        self._done += 1
        self._progress(self._done / self._sessions)
        return super().decide(evaluation, situation)
