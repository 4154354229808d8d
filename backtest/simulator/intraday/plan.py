"""The plan of one session: ranges as instants, strategies, limits; no price, for levels do not exist yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from backtest.calendar.trading_days import TradingDay
from backtest.core.errors import ParameterError
from backtest.indicators.intraday.price_grid import PriceGrid
from backtest.strategies.opening_range_breakout.filters import Filter, filter_of
from backtest.strategies.opening_range_breakout.instruments import Instrument
from backtest.strategies.opening_range_breakout.labels import Window, label_of, window_of
from backtest.strategies.opening_range_breakout.limits import NO_LIMITS, RiskLimits
from backtest.strategies.opening_range_breakout.sizing import Sizing
from backtest.strategies.opening_range_breakout.strategy_key import StrategyKey

RangeKey = tuple[str, int]
"""Label and length of a range in minutes."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How a session departs from the rules that outcomes were found with; the defaults do not.

    Attributes:
        orb_min_bars: bars a range needs; None: one for each of its minutes.
        confirm_deadline_min: a trade not confirmed so many minutes after the break is given up.
        e3_max_wait_min: a limit order not filled so many minutes after the confirmation is cancelled.
        e2_as_e1: the close of the confirming bar cannot be had once it is known: buy at the next open.
        reject_beyond_stop: no entry at its stop or beyond it.
        realistic_gaps: a bar that opens beyond the stop ends the trade at its open.
        e3_entry_bar_target: a limit order may win on the bar that filled it.
        flat_by: the session ends here instead of with the trading day.
    """

    orb_min_bars: int | None = 1
    confirm_deadline_min: int | None = None
    e3_max_wait_min: int | None = None
    e2_as_e1: bool = False
    reject_beyond_stop: bool = False
    realistic_gaps: bool = False
    e3_entry_bar_target: bool = True
    flat_by: datetime | None = None


REPLAY = EngineOptions()
"""The rules of the outcomes, nothing else: what the equality gate compares."""
PAPER = EngineOptions(
    orb_min_bars=None,
    confirm_deadline_min=120,
    e3_max_wait_min=240,
    e2_as_e1=True,
    reject_beyond_stop=True,
    realistic_gaps=True,
    e3_entry_bar_target=False,
)
"""What can be traded: no fill that needs the future, full ranges, nothing pending for hours."""


@dataclass(frozen=True, slots=True)
class PlannedStrategy:
    """A strategy of a session: its name, what it is, its filter and the most contracts of a trade."""

    id: str
    key: StrategyKey
    filter: Filter
    max_contracts: int = 1


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """Everything a session is decided by, except its bars.

    Attributes:
        day: the trading day.
        instrument: what is traded.
        windows: by label and length; a range that the day does not have is missing.
        strategies: in the order in which they are served.
        limits: of the day.
        sizing: of every trade; None: one contract each.
        options: departures from the rules of the outcomes.
        grid: prices are counted in its steps; None for plain doubles.
        usual_volume: by number of earlier days, the median volume by minute after the start of the day.
    """

    day: TradingDay
    instrument: Instrument
    windows: Mapping[RangeKey, Window]
    strategies: tuple[PlannedStrategy, ...]
    limits: RiskLimits = NO_LIMITS
    sizing: Sizing | None = None
    options: EngineOptions = REPLAY
    grid: PriceGrid | None = None
    usual_volume: Mapping[int, Mapping[int, float]] = field(default_factory=dict)

    @property
    def end(self) -> datetime:
        """The instant at which the session ends."""
        flat_by = self.options.flat_by
        return self.day.end if flat_by is None else min(self.day.end, flat_by)


def planned(
    keys: Sequence[StrategyKey], instrument: Instrument, max_contracts: Sequence[int] = ()
) -> tuple[PlannedStrategy, ...]:
    """Return strategies in the order given, with one contract each where none are named.

    ParameterError: two strategies are the same, or a filter is unknown.
    """
    names = [key.id(instrument.symbol) for key in keys]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ParameterError(f"strategy {twice} is planned twice", where="plan")
    most = tuple(max_contracts) or (1,) * len(keys)
    return tuple(
        PlannedStrategy(name, key, filter_of(key.filter), limit)
        for name, key, limit in zip(names, keys, most, strict=True)
    )


def windows_of(day: TradingDay, strategies: Sequence[PlannedStrategy]) -> dict[RangeKey, Window]:
    """Return the windows that the strategies need, by label and length. ParameterError: an unknown label."""
    wanted = sorted({(one.key.label, one.key.minutes) for one in strategies})
    found = {(label, minutes): window_of(label_of(label), day, minutes) for label, minutes in wanted}
    return {key: window for key, window in found.items() if window is not None}
