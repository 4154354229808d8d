"""Volume against the same minute of earlier days; whatever is missing gives zero."""

from datetime import time

import numpy as np
import pytest

from backtest.calendar.trading_days import DayAnchor, days_with_bars
from backtest.core.intraday_bars import IntradayBars
from backtest.indicators.intraday.relative_volume import relative_volume

ANCHOR = DayAnchor("Australia/Brisbane", time(9))


def world(volumes: list[float], minute: str = "10:00") -> IntradayBars:
    """One bar a day from Tuesday 2024-01-02 on, at the same minute."""
    days = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08"][: len(volumes)]
    minutes = np.array([f"{day}T{minute}" for day in days], "M8[m]")
    ones = np.ones(len(volumes))
    return IntradayBars("MGC", minutes, ones, ones, ones, ones, volume=np.array(volumes))


@pytest.mark.parametrize(
    ("volumes", "place", "count", "expected"),
    [
        ([10.0, 30.0, 20.0, 40.0], 3, 3, 2.0),  # over a median of 20
        ([10.0, 30.0, 20.0, 40.0], 3, 2, 1.6),
        ([10.0, 30.0, 20.0, 40.0], 2, 3, 0.0),  # too few days before
        ([10.0, 0.0, 20.0, 40.0], 3, 3, 0.0),  # a day without volume
        ([10.0, 30.0, 20.0, 0.0], 3, 3, 0.0),
        ([10.0, 30.0, 20.0, 40.0, 60.0], 4, 1, 1.5),  # Monday against Friday
    ],
)
def test_ratio(volumes: list[float], place: int, count: int, expected: float) -> None:
    bars = world(volumes)
    assert relative_volume(bars, days_with_bars(bars, ANCHOR), place, place, count) == expected


def test_a_day_without_the_minute_gives_zero() -> None:
    bars = world([10.0, 30.0, 20.0])
    moved = bars.minutes.copy()
    moved[1] += 1
    other = IntradayBars("MGC", moved, bars.open, bars.high, bars.low, bars.close, bars.volume)
    assert relative_volume(other, days_with_bars(other, ANCHOR), 2, 2, 2) == 0.0
    assert relative_volume(other, days_with_bars(other, ANCHOR), 2, 2, 1) == 0.0
