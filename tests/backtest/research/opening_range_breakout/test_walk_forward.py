"""Walk-forward: no day in training and test, selection on the training alone, verdicts at their limits."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import DataError, ParameterError
from backtest.core.intraday_bars import IntradayBars
from backtest.research.opening_range_breakout.selection import SelectionLimits
from backtest.research.opening_range_breakout.study import Study, StudyOptions, study_of
from backtest.research.opening_range_breakout.validation import ValidationLimits
from backtest.research.opening_range_breakout.walk_forward import (
    WalkForwardTerms,
    folds_csv,
    months_later,
    walk_forward,
    windows,
)
from backtest.simulator.intraday.grid import Grid
from backtest.strategies.opening_range_breakout.filters import filter_of
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.labels import LABELS
from tests.support.minute_world import random_bars

LOOSE = WalkForwardTerms(
    train_months=1,
    test_months=1,
    min_test_days=5,
    min_trades=1,
    validation=ValidationLimits(min_trades=2, regime_trades=1, positive_years=0.0),
    selection=SelectionLimits(min_expectancy_r=-1.0, min_strategies=1, min_entry_models=1),
)
FILTERS = [filter_of("NO_FILTER")]
GRID = Grid(models=("E1", "E3"), ratios=(Fraction(1), Fraction(3)), confirm_bars=(1,))


def history(bars: IntradayBars) -> Study:
    cheap = INSTRUMENTS["MGC"].stressed(0.01)
    return study_of(bars, cheap, StudyOptions(labels=(LABELS["1000"],), grid=GRID))


@pytest.fixture(scope="module")
def bars() -> IntradayBars:
    whole = random_bars(17, 62, kept=0.4)
    rows = (whole.minutes.astype("M8[m]").astype(int) % 1440) < 240  # the first hours are enough
    columns = {name: getattr(whole, name)[rows] for name in ("open", "high", "low", "close", "volume")}
    return IntradayBars("MGC", whole.minutes[rows], **columns)


@given(
    st.dates(date(2000, 1, 1), date(2020, 1, 1)),
    st.integers(1, 4000),
    st.integers(1, 40),
    st.integers(1, 15),
)
def test_no_day_is_in_training_and_test_and_tests_follow_each_other(
    first: date, length: int, train: int, test: int
) -> None:
    last = first + timedelta(days=length)
    terms = WalkForwardTerms(train_months=train, test_months=test)
    found = list(windows(first, last, terms))
    for (start, end), (begin, stop) in found:
        assert first <= start <= end < begin <= stop <= last
        assert begin - end == timedelta(days=1)
    for before, after in pairwise(found):
        assert after[1][0] - before[1][1] == timedelta(days=1)


def test_months_end_where_the_month_does() -> None:
    assert months_later(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert months_later(date(2023, 12, 15), 13) == date(2025, 1, 15)


def test_later_days_do_not_change_what_is_chosen(bars: IntradayBars) -> None:
    """The strategies of the first fold are the same, whatever its test and all after it bring."""
    folds = walk_forward(history(bars), FILTERS, LOOSE)
    assert folds[0].strategies
    split = [str(minute)[:10] for minute in bars.minutes].index(f"{folds[0].test[0] + timedelta(days=1)}")
    flipped = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
    for column in flipped.values():
        column[split:] = 4_000 - column[split:]
    flipped["high"], flipped["low"] = flipped["high"].copy(), flipped["low"].copy()
    flipped["high"][split:], flipped["low"][split:] = 4_000 - bars.low[split:], 4_000 - bars.high[split:]
    other = walk_forward(history(replace(bars, **flipped)), FILTERS, LOOSE)
    assert other[0].strategies == folds[0].strategies
    assert other[0].in_sample == folds[0].in_sample
    assert other[0].trades != folds[0].trades


def test_tests_hold_the_trades_of_their_own_days(bars: IntradayBars) -> None:
    folds = walk_forward(history(bars), FILTERS, LOOSE)
    for fold in folds:
        assert all(fold.test[0] <= trade.day <= fold.test[1] for trade in fold.trades)
    lines = folds_csv(folds).splitlines()
    assert len(lines) == len(folds) + 2
    assert {line.count(",") for line in lines} == {lines[0].count(",")}


def test_verdicts(bars: IntradayBars) -> None:
    study = history(bars)
    (strict, *_) = walk_forward(study, FILTERS, replace(LOOSE, min_trades=10_000))
    assert "10000 needed" in strict.reason or "in sample" in strict.reason
    (none, *_) = walk_forward(study, FILTERS, replace(LOOSE, selection=SelectionLimits(min_strategies=50)))
    assert none.reason.startswith("no portfolio on the training")
    for fold in walk_forward(study, FILTERS, LOOSE):
        assert fold.in_sample is not None
        assert fold.out_of_sample is not None
        kept = fold.in_sample > 0 and fold.out_of_sample > 0.5 * fold.in_sample
        assert (fold.verdict == "PASS") == kept == (not fold.reason)


def test_a_history_too_short_is_refused(bars: IntradayBars) -> None:
    with pytest.raises(DataError, match="holds no training of 36 months"):
        walk_forward(history(bars), FILTERS, WalkForwardTerms())
    with pytest.raises(ParameterError):
        WalkForwardTerms(test_months=0)
