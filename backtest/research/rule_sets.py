"""Which rule sets a study can search: what they let vary, and the compiled loop that tries their sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from backtest.core.bars import Bars, DateArray, FloatArray
from backtest.core.candidate import Candidate
from backtest.core.errors import UsageError
from backtest.research.figures import Figures
from backtest.research.space import Columns, Space
from backtest.strategies.base import Strategy
from backtest.strategies.parameters import CrossRule, ParameterModel, parse_parameters

#: rules that are studied but are no strategy of the registry yet
_NOT_REGISTERED = frozenset({"opening_range_breakout", "orb"})
#: statistics a set, stored as they come from the loop
STATISTICS = 7


#: number of sets, rows of the valid ones, and their columns
Task = tuple[int, NDArray[np.int64], Columns]


class Trial(Protocol):
    """The sets of one study over one history: equal columns give equal statistics."""

    @property
    def sessions(self) -> tuple[date, ...]:
        """Sessions that trade."""
        ...

    def statistics(self, columns: Columns, count: int) -> FloatArray:
        """Return the statistics of `count` valid sets, shape (count, STATISTICS)."""
        ...

    def figures(self, statistics: FloatArray) -> Figures:
        """Return the figures of statistics, shape (sets,) each; NaN for a row of NaN."""
        ...

    def returns(self, columns: Columns, count: int) -> FloatArray:
        """Return the daily returns of `count` valid sets, shape (sessions, count)."""
        ...

    def benchmark(self) -> FloatArray:
        """Return the daily returns of the signal symbol held, shape (sessions,); the first one is 0."""
        ...


@dataclass(frozen=True, slots=True)
class RuleSet:
    """What a study may vary of one rule set, and which series its sets may share.

    Attributes:
        name: of the rule set.
        model: its parameters.
        cross_rules: conditions between them.
        fixed: parameters that do not vary within a study.
        series: parameters that each kind of series depends on.
        compiled: whether a compiled loop tries the sets; else Python does, and processes share the work.
    """

    name: str
    model: type[ParameterModel]
    cross_rules: tuple[CrossRule, ...]
    fixed: frozenset[str]
    series: Mapping[str, frozenset[str]]
    compiled: bool = True

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of all parameters."""
        return tuple(self.model.model_fields)

    @property
    def numeric(self) -> tuple[str, ...]:
        """Names of the parameters that conditions may read: numbers and flags."""
        defaults = self.model().model_dump()
        return tuple(name for name, value in defaults.items() if isinstance(value, bool | int | float))

    def checked(self, name: str, value: Any) -> Any:
        """Return a value as the parameter takes it.

        Raises:
            ParameterError: out of range, or of the wrong kind.
        """
        return getattr(parse_parameters(self.model, {name: value}), name)


def rule_set(strategy: Strategy) -> RuleSet:
    """Return what a study may vary of a strategy.

    Raises:
        UsageError: nobody tries sets of its rules.
    """
    from backtest.strategies.earnings_swing import parameters as earnings
    from backtest.strategies.earnings_swing.strategy import NAME as EARNINGS
    from backtest.strategies.hierarchical_adaptive import parameters
    from backtest.strategies.hierarchical_adaptive import strategy as compiled

    if strategy.name == EARNINGS:
        rules = tuple(_for_each(rule) for rule in earnings.RULES)
        fixed = frozenset({"execution_time", "entry_order_type"})
        return RuleSet(EARNINGS, earnings.EarningsParameters, rules, fixed, {}, compiled=False)
    if strategy.name != compiled.NAME:
        raise _not_searched(strategy.name)
    from backtest.research.hierarchical_adaptive.shared_plan import SERIES

    symbols = frozenset(name for name in parameters.Parameters.model_fields if name.endswith("_symbol"))
    return RuleSet(compiled.NAME, parameters.Parameters, parameters.CROSS_RULES, symbols, SERIES)


def require_registered(name: str) -> None:
    """Refuse rules that no registry knows yet, by the engine their study needs.

    Raises:
        UsageError: the name is one of theirs.
    """
    if name.casefold() in _NOT_REGISTERED:
        raise _not_searched(name)


def _not_searched(name: str) -> UsageError:
    return UsageError(
        f"no search knows the rules of {name}",
        remedy="studies of hierarchical_adaptive_v3_5b and earnings_swing run",
    )


def _for_each(rule: CrossRule) -> CrossRule:
    """Return a rule that judges columns set by set: it compares with None, which no column can."""

    def holds(*values: Any) -> Any:
        rows = np.broadcast_arrays(*(np.asarray(value, dtype=object) for value in values))
        return np.array([rule.holds(*row) for row in zip(*(column.ravel() for column in rows), strict=True)])

    return CrossRule(rule.fields, holds, rule.problem)


def trial_of(
    strategy: Strategy,
    history: Mapping[str, Bars],
    *,
    start: date | None,
    end: date | None,
    cost_pct: float,
    candidates: Sequence[Candidate] = (),
) -> Trial:
    """Return the sets of a strategy over a history; `start` to `end` are the sessions that trade.

    Raises:
        DataError: no bars of the signal symbol, or no session in the range.
    """
    if not strategy.family.holds_weights:
        from backtest.research.earnings_swing.trial import PositionsTrial

        return PositionsTrial.of(strategy, history, candidates, start=start, end=end, cost_pct=cost_pct)
    from backtest.research.hierarchical_adaptive.trial import WeightsTrial

    return WeightsTrial.of(strategy, history, start=start, end=end, cost_pct=cost_pct)


def sessions_of(strategy: Strategy, history: Mapping[str, Bars]) -> DateArray:
    """Return the sessions of a history: those of the signal symbol, without one those of any symbol."""
    if strategy.signal_symbols:
        return history[strategy.signal_symbols[0]].dates
    every = [bars.dates for bars in history.values()]
    found: DateArray = np.unique(np.concatenate(every)) if every else np.empty(0, dtype="datetime64[D]")
    return found


def figures_of(statistics: FloatArray, sessions: int) -> Figures:
    """Return the figures of stored statistics over some sessions; NaN for a row of NaN."""
    from backtest.research.hierarchical_adaptive import trial

    return trial.figures_of(statistics, sessions)


def tried(trial: Trial, space: Space, columns: Columns, count: int) -> FloatArray:
    """Return the statistics of sets of which some may not be valid: rows of NaN for those."""
    return solved(trial, task_of(space, columns, count))


def task_of(space: Space, columns: Columns, count: int) -> Task:
    """Return what `solved` needs beside the trial: how many sets, rows of the valid ones, their columns."""
    valid = np.flatnonzero(space.valid(columns, count))
    return count, valid, {name: column[valid] for name, column in columns.items()}


def solved(trial: Trial, task: Task) -> FloatArray:
    """Return the statistics of a task, shape (count, STATISTICS): rows of NaN for sets that are not valid."""
    count, valid, columns = task
    found: FloatArray = np.full((count, STATISTICS), np.nan)
    if len(valid):
        found[valid] = trial.statistics(columns, len(valid))
    return found
