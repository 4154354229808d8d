"""Outcomes of opening-range breakouts: the reference grid on 695,000 bars, and one live bar.

Floor: one compiled pass over the bars that each trade waits for and lives through, which finds nothing but
the row where it ends. Aim: at most three times the floor.
"""

from time import thread_time
from typing import Any

import numpy as np
import pytest

from backtest.core.intraday_bars import IntradayBars
from backtest.data.sources.minute_csv import read_minutes
from backtest.research.opening_range_breakout.study import Study, StudyOptions, study_of
from backtest.simulator.intraday import outcomes as room
from backtest.simulator.intraday.engine import SessionEngine
from backtest.simulator.intraday.plan import planned
from backtest.simulator.intraday.replay import ReplayTerms, bars_of, plan_of
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.labels import TABLE
from backtest.strategies.opening_range_breakout.strategy_key import StrategyKey
from tests.support.paths import PROJECT

EUR = INSTRUMENTS["M6E"]


@pytest.fixture(scope="module")
def bars() -> IntradayBars:
    path = PROJECT.parent / "shared" / "data" / "intraday" / "eurusd_1m_2023_2024.csv.gz"
    if not path.is_file():
        pytest.skip("the shared market data (../shared/data) is not beside this checkout")
    return read_minutes(path, "M6E")


@pytest.fixture(scope="module")
def study(bars: IntradayBars) -> Study:
    return study_of(bars, EUR, StudyOptions())


def floor_of(bars: IntradayBars, study: Study) -> float:
    """Return the processor seconds of the pass that finds only where each trade ends."""
    import numba

    breaks = tuple(one for one in study.ranges if one.side)
    walk = room.walk_of(bars, breaks, study.options.grid, None)
    last = np.where(walk.exit_row < 0, -1, walk.exit_row).max(axis=-1)
    shape = walk.entry_row.shape
    entered = walk.entry_row >= 0

    def column(values: list[float]) -> Any:
        return np.broadcast_to(np.array(values).reshape(-1, 1, 1), shape)[entered]

    side = column([one.side for one in breaks])
    first = column([one.row for one in breaks])
    ends = column([one.end for one in breaks])
    entry, last = walk.entry_row[entered], last[entered]
    last = np.where(last < 0, ends - 1, last)
    stop = column([one.low if one.side > 0 else one.high for one in breaks])
    target = walk.target[..., -1][entered]

    @numba.njit  # type: ignore[misc, untyped-decorator, unused-ignore]
    def passes(
        high: Any, low: Any, first: Any, last: Any, entry: Any, side: Any, stop: Any, target: Any, out: Any
    ) -> None:
        for n in range(len(first)):
            up = side[n] > 0
            edge = stop[n]
            far = target[n]
            start = entry[n]
            highs = high[first[n] : last[n] + 1]
            lows = low[first[n] : last[n] + 1]
            found = -1
            for after in range(len(highs)):
                if first[n] + after >= start and (
                    (lows[after] <= edge or highs[after] >= far)
                    if up
                    else (highs[after] >= edge or lows[after] <= far)
                ):
                    found = first[n] + after
                    break
            out[n] = found

    columns = (bars.high, bars.low, first, last, entry, side, stop, target, np.zeros(len(first), np.int64))
    passes(*columns)
    times = []
    for _ in range(9):
        start = thread_time()
        passes(*columns)
        times.append(thread_time() - start)
    return min(times)


@pytest.mark.shared
@pytest.mark.benchmark(group="breakouts")
def test_outcomes_of_two_years(benchmark: Any, bars: IntradayBars, study: Study) -> None:
    breaks = tuple(one for one in study.ranges if one.side)
    room.walk_of(bars, breaks, study.options.grid, None)  # compiled before it is timed
    costs: list[float] = []

    def walked() -> None:
        start = thread_time()
        room.walk_of(bars, breaks, study.options.grid, None)
        costs.append(thread_time() - start)

    benchmark.pedantic(walked, rounds=15)
    seconds = min(costs)
    benchmark.extra_info["to_floor"] = round(seconds / floor_of(bars, study), 2)
    benchmark.extra_info["cpu_ms"] = round(seconds * 1000, 2)
    benchmark.extra_info["outcomes"] = len(breaks) * 36


@pytest.mark.shared
@pytest.mark.benchmark(group="breakouts")
def test_one_live_bar(benchmark: Any, bars: IntradayBars, study: Study) -> None:
    """A bar in the middle of a day, 200 strategies in the plan; aim: below 5 ms."""
    grid = study.options.grid
    keys = [
        StrategyKey(5, "NO_FILTER", label.name, model, ratio, confirm)
        for label in TABLE
        for model in grid.models
        for ratio in grid.ratios
        for confirm in grid.confirm_bars
    ]
    terms = ReplayTerms(EUR, planned(keys, EUR))
    day = bars_of(bars, study.days[100])

    def begun() -> tuple[tuple[SessionEngine, Any], dict[str, Any]]:
        engine = SessionEngine(plan_of(bars, study.days, 100, terms))
        for bar in day[:900]:
            engine.on_bar(bar)
        return (engine, day[900]), {}

    benchmark.pedantic(lambda engine, bar: engine.on_bar(bar), setup=begun, rounds=9)
    assert benchmark.stats.stats.median < 0.005
