"""Walk-forward: strategies are found, judged and chosen on the days before, traded on days never seen."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal

from backtest.core.errors import DataError, ParameterError
from backtest.research.opening_range_breakout.discovery import discover
from backtest.research.opening_range_breakout.figures import Trade, mark_to_market
from backtest.research.opening_range_breakout.selection import SelectionLimits, select
from backtest.research.opening_range_breakout.strategies import trades_by_strategy
from backtest.research.opening_range_breakout.study import Study
from backtest.research.opening_range_breakout.tables import csv_text, number
from backtest.research.opening_range_breakout.validation import ValidationLimits
from backtest.strategies.opening_range_breakout.filters import Filter
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.portfolio import Portfolio
from backtest.strategies.opening_range_breakout.sizing import Sizing

FoldVerdict = Literal["PASS", "DEGRADED"]
FOLD_COLUMNS: Final = (
    *("fold", "train_start", "train_end", "test_start", "test_end", "test_days"),
    *("strategies", "in_sample_r", "out_of_sample_trades", "out_of_sample_r", "verdict", "reason"),
)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WalkForwardTerms:
    """How a history is walked through.

    Attributes:
        train_months, test_months: lengths; the window rolls by the test length.
        min_test_days: trading days a test needs; a shorter one is left out.
        min_trades: of a test, for a verdict that is not DEGRADED.
        kept: part of the expectancy in sample that must be left out of sample.
        validation, selection: of strategies, on the days of the training alone.

    Raises:
        ParameterError: a length below 1.
    """

    train_months: int = 36
    test_months: int = 12
    min_test_days: int = 100
    min_trades: int = 30
    kept: float = 0.5
    validation: ValidationLimits = field(default_factory=ValidationLimits)
    selection: SelectionLimits = field(default_factory=SelectionLimits)

    def __post_init__(self) -> None:
        """Judge the lengths."""
        if min(self.train_months, self.test_months, self.min_test_days, self.min_trades) < 1:
            raise ParameterError("lengths of a walk-forward are at least 1", where="walk_forward")


@dataclass(frozen=True, slots=True)
class Fold:
    """One training and the test after it; days are first and last, inclusive.

    Attributes:
        train, test: days.
        test_days: trading days of the test.
        strategies: names of those chosen on the training.
        in_sample: mean result in R of their trades in the training; None without one.
        trades: of theirs in the test.
        verdict, reason: PASS, or why the test is DEGRADED.
    """

    train: tuple[date, date]
    test: tuple[date, date]
    test_days: int
    strategies: tuple[str, ...]
    in_sample: float | None
    trades: tuple[Trade, ...]
    verdict: FoldVerdict
    reason: str

    @property
    def out_of_sample(self) -> float | None:
        """Mean result in R of the test, scratches included; None without a trade."""
        return mark_to_market(self.trades)


def walk_forward(study: Study, filters: Sequence[Filter], terms: WalkForwardTerms) -> tuple[Fold, ...]:
    """Return the folds of a history, oldest first.

    Raises:
        DataError: the history is too short for one training and one test, or prices have no ticks.
    """
    days = [day.day.day for day in study.wanted_days]
    folds = tuple(
        _fold(study, filters, terms, train, test)
        for train, test in windows(days[0], days[-1], terms)
        if sum(test[0] <= day <= test[1] for day in days) >= terms.min_test_days
    )
    if not folds:
        raise DataError(
            f"{days[0]} to {days[-1]} holds no training of {terms.train_months} months and test of "
            f"{terms.test_months} with {terms.min_test_days} days",
            where=study.bars.symbol,
            remedy="give a longer history, or shorter --train-months and --test-months",
        )
    return folds


def windows(
    first: date, last: date, terms: WalkForwardTerms
) -> Iterator[tuple[tuple[date, date], tuple[date, date]]]:
    """Yield trainings and tests, first and last day of each: no day is in both; the last may be short."""
    fold = 0
    while True:
        start = months_later(first, fold * terms.test_months)
        split = months_later(first, fold * terms.test_months + terms.train_months)
        end = months_later(first, (fold + 1) * terms.test_months + terms.train_months)
        if split > last:
            return
        yield (start, split - _DAY), (split, min(end - _DAY, last))
        fold += 1


def months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or its last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _fold(
    study: Study,
    filters: Sequence[Filter],
    terms: WalkForwardTerms,
    train: tuple[date, date],
    test: tuple[date, date],
) -> Fold:
    found = discover(study.between(*train), filters, terms.validation)
    chosen = select(found, terms.selection, Sizing(), RiskLimits())
    keys = {one.key for one in chosen.strategies}
    known = [trade for one in found.candidates if one.key in keys for trade in one.trades]
    tested = study.between(*test)
    fresh = dict(trades_by_strategy(tested.trades(), filters, tested.allowed())) if keys else {}
    trades = tuple(trade for key in sorted(keys) for trade in fresh.get(key, ()))
    reason = _reason(chosen, mark_to_market(known), trades, terms)
    return Fold(
        train=train,
        test=test,
        test_days=len(tested.wanted_days),
        strategies=tuple(sorted(key.id(study.bars.symbol) for key in keys)),
        in_sample=mark_to_market(known),
        trades=trades,
        verdict="DEGRADED" if reason else "PASS",
        reason=reason,
    )


def _reason(
    chosen: Portfolio, in_sample: float | None, trades: Sequence[Trade], terms: WalkForwardTerms
) -> str:
    """Return why a test is degraded, an empty text when it is not."""
    after = mark_to_market(trades)
    if chosen.status != "OK":
        return f"no portfolio on the training: {chosen.notes[0]}"
    if in_sample is None or not in_sample > 0:
        return "expectancy in sample is not above 0"
    if len(trades) < terms.min_trades:
        return f"{len(trades)} trades out of sample, {terms.min_trades} needed"
    if after is None or not after > terms.kept * in_sample:
        return f"expectancy {after or 0.0:.4f} R out of sample, {in_sample:.4f} R in sample"
    return ""


def folds_csv(folds: Sequence[Fold]) -> str:
    """Return the table of folds, and all tests together in its last row."""
    rows = [
        (
            str(number_),
            *(f"{day}" for day in (*fold.train, *fold.test)),
            str(fold.test_days),
            str(len(fold.strategies)),
            _cell(fold.in_sample),
            str(len(fold.trades)),
            _cell(fold.out_of_sample),
            fold.verdict,
            fold.reason.replace(",", ";"),
        )
        for number_, fold in enumerate(folds, 1)
    ]
    pooled = [trade for fold in folds for trade in fold.trades]
    degraded = sum(fold.verdict == "DEGRADED" for fold in folds)
    last = (
        "pooled",
        "",
        "",
        f"{folds[0].test[0]}",
        f"{folds[-1].test[1]}",
        str(sum(f.test_days for f in folds)),
    )
    rows.append((*last, "", "", str(len(pooled)), _cell(mark_to_market(pooled)), "", f"{degraded} degraded"))
    return csv_text(FOLD_COLUMNS, rows)


def _cell(value: float | None) -> str:
    return "" if value is None else number(round(value, 4))
