"""What a Monte Carlo is about: a finished run, or one set of a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from backtest.core.bars import Bars, FloatArray
from backtest.core.errors import DataError, UsageError
from backtest.data.believable import require_believable_prices
from backtest.data.sources.csv import Progress, read_directory
from backtest.research.database import StudyRow
from backtest.research.monte_carlo.histories import Rules
from backtest.research.monte_carlo.runs import Run
from backtest.research.session import OpenStudy
from backtest.strategies.base import Strategy


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What is resampled.

    Attributes:
        name: for people.
        returns: per session, shape (n,).
        days: first and last session of them.
        rules: what trades, over which bars; None where a run does not say.
        opened, pick: the study, and value of every axis of the set; None and empty for a run.
        tried: sets tried on these sessions, it among them (N); 0 where that is not known.
    """

    name: str
    returns: FloatArray
    days: tuple[date, date]
    rules: Rules | None = None
    opened: OpenStudy | None = None
    pick: Mapping[str, Any] | None = None
    tried: int = 0


def study_and_trial(text: str) -> tuple[str, int] | None:
    """Return study and number of STUDY:TRIAL; None for any other text."""
    study, colon, number = text.rpartition(":")
    return (study, int(number)) if colon and study and number.isdecimal() else None


def of_trial(opened: OpenStudy, row: StudyRow, trial: int) -> Subject:
    """Return one set of a study on the sessions of its search.

    Raises:
        UsageError: there is no such set, or the rules exclude it.
    """
    study, where = opened.study, f"study {row.id[:8]}"
    if trial >= study.total:
        raise UsageError(f"there is no set {trial:,}, the last one is {study.total - 1:,}", where=where)
    columns = study.sets(trial, 1)
    if not study.space.valid(columns, 1)[0]:
        raise UsageError(f"set {trial:,} is excluded by the rules or the constraints", where=where)
    pick = study.space.one(columns, 0)
    seen = {symbol: bars.until(opened.days[1]) for symbol, bars in opened.history.items()}  # no holdout
    rules = None
    if study.strategy.family.holds_weights:
        rules = Rules(study.strategy.with_parameters(pick), seen, opened.days, study.data.cost_pct)
    returns = opened.trial.returns(columns, 1)[:, 0]
    return Subject(f"{where} {study.name}, trial {trial}", returns, opened.days, rules, opened, pick)


def of_run(
    run: Run, strategy: Strategy | None, prices: Path | None, cost_pct: float, tell: Progress
) -> Subject:
    """Return a finished run, with its rules where both a strategy and a folder of prices are given.

    Args:
        run: as read from its files.
        strategy: what traded.
        prices: folder of one SYMBOL.csv each.
        cost_pct: cost of every unit of value moved, in percent.
        tell: is told each warning about prices.

    Raises:
        DataError: bars are missing, damaged or not believable. UsageError: one is given without the other, or
            the strategy trades positions.
    """
    if strategy is None or prices is None:
        if strategy is not None or prices is not None:
            raise UsageError("go together", where="--strategy and --prices")
        return Subject(run.name, run.returns, run.days)
    if not strategy.family.holds_weights:
        raise UsageError(f"{strategy.name} trades positions, not weights", where="--strategy")
    history = _history(strategy, prices, run.days[1], tell)
    return Subject(run.name, run.returns, run.days, Rules(strategy, history, run.days, cost_pct))


def _history(strategy: Strategy, prices: Path, until: date, tell: Progress) -> Mapping[str, Bars]:
    signals = strategy.signal_symbols
    symbols = tuple(dict.fromkeys((*signals, *strategy.tradable_symbols)))
    found = read_directory(prices, symbols, allow_gaps=set(symbols) - {signals[0]}, until=until)
    missing = [symbol for symbol in signals if not len(found.get(symbol, ()))]
    if missing:
        raise DataError(f"no bars of {', '.join(missing)} up to {until}", where=str(prices))
    for warning in require_believable_prices(found, strategy.price_relations, prices):
        tell(warning)
    return {symbol: bars for symbol, bars in found.items() if len(bars)}


def sessions_of(rules: Rules) -> int:
    """Return how many sessions trade."""
    dates = rules.history[rules.strategy.signal_symbols[0]].dates
    first, last = (np.datetime64(day, "D") for day in rules.days)
    return int(np.count_nonzero((dates >= first) & (dates <= last)))
