"""A plan file as the session engine takes it."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction

from backtest.calendar.trading_days import TradingDay
from backtest.indicators.intraday.price_grid import PriceGrid
from backtest.simulator.intraday.plan import EngineOptions, PlannedStrategy, SessionPlan
from backtest.strategies.opening_range_breakout.filters import filter_of
from backtest.strategies.opening_range_breakout.labels import Window
from backtest.strategies.opening_range_breakout.limits import RiskLimits
from backtest.strategies.opening_range_breakout.sizing import Sizing
from backtest.strategies.opening_range_breakout.strategy_key import StrategyKey
from live.brokers.paper.intraday import FillTerms
from live.handoff.orb_plan import OrbPlan, PlanStrategy, PlanWindow
from live.handoff.orb_plan_check import instrument_of_plan


def session_plan(plan: OrbPlan) -> SessionPlan:
    """Return the plan of a session; strategies that a person disabled are not in it.

    Raises:
        UsageError, ParameterError: 2, a part of the plan is no such thing.
    """
    day = TradingDay(date.fromisoformat(plan.trading_day), _at(plan.day_start), _at(plan.day_end))
    options = plan.options.model_dump()
    flat_by = options.pop("flat_by")
    return SessionPlan(
        day=day,
        instrument=instrument_of_plan(plan.instrument),
        windows={(one.label, one.minutes): _window(one, day) for one in plan.windows},
        strategies=tuple(_strategy(one) for one in plan.strategies if one.enabled),
        limits=RiskLimits(**plan.limits.model_dump()),
        sizing=Sizing(**plan.sizing.model_dump()),
        options=EngineOptions(**options, flat_by=None if flat_by is None else _at(flat_by)),
        grid=PriceGrid(plan.price_scale),
        usual_volume={
            int(days): {int(minute): volume for minute, volume in found.items()}
            for days, found in plan.usual_volume.items()
        },
    )


def fill_terms(plan: OrbPlan) -> FillTerms:
    """Return how the paper account fills and books the positions of a plan."""
    instrument = instrument_of_plan(plan.instrument)
    return FillTerms(
        point_value=instrument.point_value,
        friction=instrument.friction,
        realistic_gaps=plan.options.realistic_gaps,
        limit_may_win_at_once=plan.options.e3_entry_bar_target,
    )


def _window(one: PlanWindow, day: TradingDay) -> Window:
    return Window(one.label, _at(one.start), _at(one.end), _at(one.deadline), day.end)


def _strategy(one: PlanStrategy) -> PlannedStrategy:
    key = StrategyKey(one.minutes, one.filter, one.label, one.model, Fraction(one.ratio), one.confirm_bars)
    return PlannedStrategy(one.strategy_id, key, filter_of(one.filter), one.max_contracts)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
