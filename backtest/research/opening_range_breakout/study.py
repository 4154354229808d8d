"""A study of one history of minute bars: its ranges, outcomes of a grid, the days that a filter allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from backtest.calendar.trading_days import DayRows, days_with_bars
from backtest.core.errors import DataError
from backtest.core.intraday_bars import IntradayBars
from backtest.indicators.intraday.price_grid import PriceGrid, grid_of
from backtest.indicators.intraday.relative_volume import relative_volume
from backtest.research.opening_range_breakout.trades import Trades, trades_of
from backtest.simulator.intraday.breaks import OpeningRange, opening_ranges
from backtest.simulator.intraday.grid import Grid
from backtest.simulator.intraday.outcomes import outcomes_of
from backtest.strategies.opening_range_breakout.filters import BreakFacts, Filter
from backtest.strategies.opening_range_breakout.instruments import Instrument
from backtest.strategies.opening_range_breakout.labels import TABLE, Label


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """What is studied.

    Attributes:
        labels, minutes: opening ranges.
        grid: entry models, confirm counts and ratios.
        start, end: first and last trading day, inclusive; None for all.
        compat: plain doubles instead of whole ticks.
    """

    labels: tuple[Label, ...] = TABLE
    minutes: tuple[int, ...] = (5,)
    grid: Grid = field(default_factory=Grid)
    start: date | None = None
    end: date | None = None
    compat: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """Ranges of the days wanted; `days` are all trading days of the bars, for what a filter looks back at."""

    bars: IntradayBars
    instrument: Instrument
    options: StudyOptions
    days: tuple[DayRows, ...]
    ranges: tuple[OpeningRange, ...]

    @property
    def wanted_days(self) -> tuple[DayRows, ...]:
        """The trading days that the study is about."""
        return tuple(day for day in self.days if _wanted(day, self.options))

    @property
    def without_bars(self) -> tuple[str, ...]:
        """Labels of which no day wanted has a bar in the range, so that nothing can come of them."""
        seen = {one.label for one in self.ranges}
        return tuple(label.name for label in self.options.labels if label.name not in seen)

    def between(self, start: date, end: date) -> Study:
        """Return the part from `start` to `end`, inclusive; filters still look back before it."""
        ranges = tuple(one for one in self.ranges if start <= one.day <= end)
        return replace(self, options=replace(self.options, start=start, end=end), ranges=ranges)

    def trades(self, stress: float = 1.0) -> Trades:
        """Return every outcome of the grid at costs `stress` times as high.

        DataError where ticks are wanted and the prices have none.
        """
        found = outcomes_of(self.bars, self.ranges, self.options.grid, compat=self.options.compat)
        return trades_of(self.bars, found, self.instrument.stressed(stress))

    def allowed(self) -> Callable[[Filter, OpeningRange], bool]:
        """Return the function that tells whether a filter lets a break pass."""
        steps = None if self.options.compat else grid_of(self.bars)
        return lambda one, broken: one.allows(self._facts(one, broken, steps), self.instrument)

    def _facts(self, one: Filter, broken: OpeningRange, steps: PriceGrid | None) -> BreakFacts:
        size = broken.size if steps is None else steps.difference(broken.high, broken.low)
        if not (one.days and broken.side):
            return BreakFacts(size, {})
        ratio = relative_volume(self.bars, self.days, broken.place, broken.row, one.days)
        return BreakFacts(size, {one.days: ratio})


def study_of(bars: IntradayBars, instrument: Instrument, options: StudyOptions) -> Study:
    """Return the study of bars. DataError: no trading day in the time wanted has a bar."""
    days = days_with_bars(bars, instrument.anchor)
    wanted = [day for day in days if _wanted(day, options)]
    if not wanted:
        raise DataError(
            f"no trading day from {options.start or 'the first'} to {options.end or 'the last'} has bars",
            where=bars.symbol,
            remedy=_reach(days),
        )
    ranges = opening_ranges(bars, days, options.labels, options.minutes)
    between = {day.day.day for day in wanted}
    return Study(bars, instrument, options, days, tuple(one for one in ranges if one.day in between))


def _wanted(day: DayRows, options: StudyOptions) -> bool:
    after_start = options.start is None or day.day.day >= options.start
    return after_start and (options.end is None or day.day.day <= options.end)


def _reach(days: Sequence[DayRows]) -> str:
    return f"the bars reach from {days[0].day.day} to {days[-1].day.day}" if days else "the file has no bars"
