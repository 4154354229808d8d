"""Weekly bars, averages and lows against hand-computed values and the reference series."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.bars import Bars
from backtest.indicators.weekly import (
    breaks,
    completed_weeks,
    n_week_low,
    week_number,
    week_numbers,
    weekly_bars,
    weekly_ema,
)
from tests.support.bar_columns import bars_of_columns


def bars_of(days: list[date], closes: Sequence[float], symbol: str = "AAA") -> Bars:
    close = np.array(closes, dtype=np.float64)
    volume = np.full(len(close), 100.0)
    dates = np.array(days, dtype="datetime64[D]")
    return Bars(symbol, dates, close - 0.5, close + 1, close - 1, close, volume)


def test_a_week_has_first_open_highest_high_lowest_low_last_close_and_summed_volume() -> None:
    days = [date(2024, 1, 4), date(2024, 1, 5), date(2024, 1, 8), date(2024, 1, 10)]
    weekly = weekly_bars(bars_of(days, [10, 12, 9, 11]))
    assert weekly.open.tolist() == [9.5, 8.5]
    assert weekly.high.tolist() == [13, 12]
    assert weekly.low.tolist() == [9, 8]
    assert weekly.close.tolist() == [12, 11]
    assert weekly.volume.tolist() == [200, 200]
    assert weekly.first.tolist() == [date(2024, 1, 4), date(2024, 1, 8)]
    assert weekly.last.tolist() == [date(2024, 1, 5), date(2024, 1, 10)]
    assert weekly.row(week_number(date(2024, 1, 6))) == 0
    assert weekly.row(week_number(date(2024, 1, 20))) is None


def test_no_bars_give_no_weeks() -> None:
    assert len(weekly_bars(bars_of([], []))) == 0


def test_the_turn_of_the_year_stays_one_iso_week() -> None:
    days = [date(2024, 12, 30), date(2024, 12, 31), date(2025, 1, 2), date(2025, 1, 3), date(2025, 1, 6)]
    assert weekly_bars(bars_of(days, [1, 2, 3, 4, 5])).close.tolist() == [4, 5]


def test_ema_starts_with_the_mean_and_is_carried_rounded() -> None:
    # by hand: mean(1, 2) = 1.5; 4 x 2/3 + 1.5 x 1/3 = 3.166667; 1 x 2/3 + 3.166667 x 1/3 = 1.722222
    ema = weekly_ema(np.array([1.0, 2.0, 4.0, 1.0]), 2)
    assert np.isnan(ema[0])
    assert ema[1:].tolist() == [1.5, 3.166667, 1.722222]
    assert np.isnan(weekly_ema(np.array([1.0]), 2)).all()


def test_the_low_leaves_the_week_itself_out() -> None:
    low = n_week_low(np.array([5.0, 3.0, 4.0, 1.0]), 2)
    assert np.isnan(low[:2]).all()
    assert low[2:].tolist() == [3.0, 3.0]
    assert np.isnan(n_week_low(np.array([1.0, 2.0]), 2)).all()


def test_a_break_is_strict_and_never_undefined() -> None:
    assert breaks(np.array([1.0, 2.0, 3.0]), np.array([np.nan, 2.0, 3.5])).tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("entry", "week_of", "weeks"),
    [
        (date(2024, 1, 8), date(2024, 1, 12), 0),  # entered on that Monday
        (date(2024, 1, 12), date(2024, 1, 12), 0),
        (date(2024, 1, 12), date(2024, 1, 19), 1),
        (date(2024, 12, 27), date(2025, 1, 3), 1),
    ],
)
def test_the_entry_week_never_counts(entry: date, week_of: date, weeks: int) -> None:
    assert completed_weeks(entry, week_number(week_of)) == weeks


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(0, 400))
def test_week_numbers_agree_with_the_iso_calendar(day: date, later: int) -> None:
    other = day + timedelta(days=later)
    same = day.isocalendar()[:2] == other.isocalendar()[:2]
    assert (week_number(day) == week_number(other)) == same
    assert week_numbers(np.array([day], dtype="datetime64[D]")).tolist() == [week_number(day)]


@given(st.lists(st.floats(1, 500), min_size=1, max_size=80), st.integers(1, 12))
def test_the_average_does_not_look_ahead(closes: list[float], period: int) -> None:
    whole = weekly_ema(np.array(closes), period)
    for end in range(1, len(closes)):
        np.testing.assert_array_equal(weekly_ema(np.array(closes[:end]), period), whole[:end])


@pytest.mark.shared
def test_reference_series(shared_data: Path) -> None:
    reference = json.loads((shared_data / "reference" / "earnings_weekly_dev.json").read_text())
    for symbol, rows in reference["symbols"].items():
        table = np.genfromtxt(
            shared_data / "earnings" / "prices" / f"{symbol}.csv", delimiter=",", skip_header=1, dtype=str
        )
        columns = [table[:, i].astype(np.float64) for i in range(1, 6)]
        weekly = weekly_bars(bars_of_columns(symbol, table[:, 0].astype("datetime64[D]"), columns))
        ema = weekly_ema(weekly.close, reference["ema_period"])
        low = n_week_low(weekly.low, reference["nweek_low_period"])
        ours = [
            [
                str(weekly.first[i]),
                str(weekly.last[i]),
                *(float(c[i]) for c in (weekly.open, weekly.high, weekly.low, weekly.close, weekly.volume)),
                *(None if np.isnan(x[i]) else float(x[i]) for x in (ema, low)),
            ]
            for i in range(len(weekly))
        ]
        assert ours == rows
