"""Opening ranges: windows of real bars, missing minutes, deadlines, the first break only."""

from datetime import date

import numpy as np
import pytest

from backtest.calendar.trading_days import days_with_bars
from backtest.core.intraday_bars import IntradayBars
from backtest.simulator.intraday.breaks import OpeningRange, opening_ranges
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY, label_of
from tests.support.minute_world import bars_at, random_bars

INSIDE = (10.0, 11.0, 9.0, 10.0)


def ranges(bars: IntradayBars, *labels: str, minutes: tuple[int, ...] = (5,)) -> tuple[OpeningRange, ...]:
    return opening_ranges(
        bars, days_with_bars(bars, FUTURES_DAY), [label_of(name) for name in labels], minutes
    )


def test_a_range_is_taken_from_its_window_and_broken_by_a_close() -> None:
    wick, outside = (10.0, 12.0, 8.0, 11.0), (10.0, 11.5, 10.0, 11.5)
    bars = bars_at("2024-01-05T00:00", [INSIDE] * 5 + [wick, outside, (8.0, 8.0, 8.0, 8.0)])
    (one,) = ranges(bars, "1000")
    assert (one.day, one.bars, one.high, one.low, one.size) == (date(2024, 1, 5), 5, 11.0, 9.0, 2.0)
    assert (one.side, one.row) == (1, 6)  # the direction stays, whatever comes after


@pytest.mark.parametrize(("close", "side"), [(9.0, 0), (8.9, -1)])
def test_an_equal_close_is_no_break(close: float, side: int) -> None:
    bars = bars_at("2024-01-05T00:00", [INSIDE] * 5 + [(10.0, 10.0, 8.0, close)])
    (one,) = ranges(bars, "1000")
    assert (one.side, one.row) == (side, 5 if side else -1)


def test_missing_minutes_make_a_range_of_fewer_bars_and_none_no_range() -> None:
    bars = bars_at("2024-01-05T00:04", [INSIDE, (20.0, 20.0, 20.0, 20.0)])
    (one,) = ranges(bars, "1000", "1800")
    assert (one.label, one.bars, one.side) == ("1000", 1, 1)


def test_a_break_after_the_next_label_began_does_not_count() -> None:
    late = bars_at("2024-01-05T00:00", [INSIDE] * 60 + [(20.0, 20.0, 20.0, 20.0)])
    assert [one.side for one in ranges(late, "1000", "1100")] == [0, 0]
    in_time = bars_at("2024-01-05T00:00", [INSIDE] * 59 + [(20.0, 20.0, 20.0, 20.0)])
    assert [one.side for one in ranges(in_time, "1000")] == [1]


def test_the_order_is_length_day_and_name() -> None:
    bars = random_bars(3, 3, first="2024-01-03")
    found = ranges(bars, "1800", "0030", minutes=(15, 5))
    keys = [(one.minutes, one.day, one.label) for one in found]
    assert keys == sorted(keys)
    assert len(keys) == 2 * 2 * 3


def test_against_a_plain_walk_over_all_minutes() -> None:
    """Every bar asked which window it is in, instead of positions looked up."""
    bars = random_bars(5, 4, first="2024-03-08", kept=0.6)
    for one in ranges(bars, "0900", "NYSE0930", "2300"):
        day = FUTURES_DAY.day(one.day)
        start = label_of(one.label).start(day)
        assert start is not None
        after = (bars.minutes - np.datetime64(start.replace(tzinfo=None), "m")).astype(int)
        window = (after >= 0) & (after < 5)
        assert (one.bars, one.high, one.low) == (
            window.sum(),
            bars.high[window].max(),
            bars.low[window].min(),
        )
        assert one.first == np.argmax(after >= 5)
        outside = (bars.close > one.high) | (bars.close < one.low)
        rows = [row for row in range(one.first, one.deadline) if outside[row]]
        assert one.row == (rows[0] if rows else -1)
