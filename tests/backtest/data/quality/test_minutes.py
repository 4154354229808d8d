"""Minute rows: what is wrong with which line, and what days hold and lack."""

from datetime import date, time

import numpy as np
import pytest

from backtest.calendar.trading_days import DayAnchor, days_with_bars
from backtest.core.intraday_bars import COLUMNS
from backtest.data.quality.minutes import MinuteRows, judge_minutes, longer_step, summarise
from tests.support.minute_world import bars_at

FLAT = (10.0, 10.0, 10.0, 10.0)


def rows(**changes: list[float]) -> MinuteRows:
    values = {name: np.array(changes.get(name, [10.0, 10.0, 10.0])) for name in COLUMNS}
    minutes = np.datetime64("2024-01-05T00:00", "m") + np.array(changes.get("minutes", [0, 1, 2]))
    return MinuteRows(minutes, values, (2, 3, 5))


@pytest.mark.parametrize(
    ("changes", "line", "problem"),
    [
        ({"minutes": [0, 0, 1]}, 3, "is the same minute as the row before"),
        ({"minutes": [0, 5, 4]}, 5, "is earlier than the row before"),
        ({"close": [10.0, 0.0, 10.0]}, 3, "has no usable close"),
        ({"open": [np.nan, 10.0, 10.0]}, 2, "has no usable open"),
        ({"volume": [1.0, 1.0, -1.0]}, 5, "has no usable volume"),
        ({"high": [10.0, 9.0, 10.0]}, 3, "has open or close outside low to high"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(changes: dict[str, list[float]], line: int, problem: str) -> None:
    (found,) = judge_minutes(rows(**changes), "bars.csv")
    assert found.path == f"bars.csv:{line}"
    assert problem in found.problem


def test_right_rows_and_no_rows_have_no_findings() -> None:
    assert list(judge_minutes(rows(), "bars.csv")) == []
    nothing = MinuteRows(np.array([], "M8[m]"), {name: np.array([]) for name in COLUMNS}, ())
    assert list(judge_minutes(nothing, "bars.csv")) == []


@pytest.mark.parametrize(
    ("minutes", "step"),
    [
        (range(0, 50, 5), 5),
        (range(0, 14400, 1440), 1440),
        ([*range(0, 50, 5), 51, 52], None),
        (range(0, 45, 5), None),
        ([], None),
    ],
)
def test_rows_never_a_minute_apart_are_bars_of_a_longer_time(minutes: list[int], step: int | None) -> None:
    start = np.datetime64("2024-01-05T00:00", "m")
    assert longer_step(start + np.array(minutes, dtype=np.int64)) == step


def test_days_holes_and_stub_days_are_counted() -> None:
    one, other = bars_at("2024-01-04T22:00", [FLAT] * 30), bars_at("2024-01-05T10:00", [FLAT] * 700)
    minutes = np.r_[one.minutes, np.delete(other.minutes, [5, 6, 100])]
    joined = {
        name: np.r_[getattr(one, name), np.delete(getattr(other, name), [5, 6, 100])] for name in COLUMNS
    }
    bars = type(one)("MGC", minutes, **joined)
    found = summarise(bars, days_with_bars(bars, DayAnchor("Australia/Brisbane", time(9))))
    assert (found.bars, found.days, found.short) == (727, 2, (date(2024, 1, 4),))
    assert (found.missing, found.longest_gap, found.gap_day) == (3, 2, date(2024, 1, 5))
    assert found.line() == (
        "727 bars on 2 days; 1 days with fewer than 600 bars; "
        "3 minutes without a bar, longest gap 2 on 2024-01-05"
    )


def test_nothing_to_say_of_no_bars() -> None:
    assert summarise(bars_at("2024-01-05T00:00", []), ()).line() == "0 bars on 0 days"
