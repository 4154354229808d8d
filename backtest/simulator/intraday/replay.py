"""History through the session engine: one plan and one session a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from backtest.calendar.trading_days import DayRows
from backtest.core.intraday_bars import IntradayBars, minute_at
from backtest.indicators.intraday.price_grid import PriceGrid
from backtest.simulator.intraday.engine import MinuteBar, SessionEngine, run_session
from backtest.simulator.intraday.plan import REPLAY, EngineOptions, PlannedStrategy, SessionPlan, windows_of
from backtest.strategies.opening_range_breakout.instruments import Instrument
from backtest.strategies.opening_range_breakout.limits import NO_LIMITS, RiskLimits
from backtest.strategies.opening_range_breakout.sizing import Sizing


@dataclass(frozen=True, slots=True)
class ReplayTerms:
    """What every day of a replay has in common.

    Attributes:
        instrument: what is traded.
        strategies: in plan order.
        limits, sizing, options: as `SessionPlan` says.
        grid: prices are counted in its steps; None for plain doubles.
    """

    instrument: Instrument
    strategies: tuple[PlannedStrategy, ...]
    limits: RiskLimits = NO_LIMITS
    sizing: Sizing | None = None
    options: EngineOptions = REPLAY
    grid: PriceGrid | None = None


def replay(
    bars: IntradayBars, days: Sequence[DayRows], terms: ReplayTerms, places: Sequence[int] | None = None
) -> Iterator[SessionEngine]:
    """Yield the ended session of each day.

    Args:
        bars: minute bars.
        days: all their trading days; filters look back at them.
        terms: what is played.
        places: positions of the days wanted; None for all.
    """
    for place in range(len(days)) if places is None else places:
        yield run_session(plan_of(bars, days, place, terms), bars_of(bars, days[place]))


def plan_of(bars: IntradayBars, days: Sequence[DayRows], place: int, terms: ReplayTerms) -> SessionPlan:
    """Return the plan of one day; nothing of the day itself is read."""
    wanted = sorted({one.filter.days for one in terms.strategies if one.filter.days})
    day = days[place].day
    return SessionPlan(
        day=day,
        instrument=terms.instrument,
        windows=windows_of(day, terms.strategies),
        strategies=terms.strategies,
        limits=terms.limits,
        sizing=terms.sizing,
        options=terms.options,
        grid=terms.grid,
        usual_volume={count: usual_volume(bars, days, place, count) for count in wanted},
    )


def usual_volume(bars: IntradayBars, days: Sequence[DayRows], place: int, count: int) -> dict[int, float]:
    """Return, by minute of the day, the median volume of minutes that all of the `count` days before have."""
    if place < count:
        return {}
    volumes: dict[int, list[float]] = {}
    for earlier in days[place - count : place]:
        rows = slice(earlier.first, earlier.end)
        minutes = (bars.minutes[rows] - minute_at(earlier.day.start)).astype(np.int64).tolist()
        for minute, volume in zip(minutes, bars.volume[rows].tolist(), strict=True):
            if volume > 0:
                volumes.setdefault(minute, []).append(volume)
    return {minute: float(np.median(found)) for minute, found in volumes.items() if len(found) == count}


def bars_of(bars: IntradayBars, day: DayRows) -> list[MinuteBar]:
    """Return the bars of a trading day as the engine takes them."""
    rows = slice(day.first, day.end)
    starts: list[datetime] = bars.minutes[rows].astype("M8[s]").tolist()
    columns = (getattr(bars, name)[rows].tolist() for name in ("open", "high", "low", "close", "volume"))
    return [
        MinuteBar(start.replace(tzinfo=UTC), *prices) for start, *prices in zip(starts, *columns, strict=True)
    ]
