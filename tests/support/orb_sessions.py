"""Sessions of one range for tests: plans in a few words, bars as prices, events as text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from backtest.simulator.intraday.engine import MinuteBar, SessionEngine, run_session
from backtest.simulator.intraday.plan import REPLAY, EngineOptions, SessionPlan, planned, windows_of
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.labels import FUTURES_DAY
from backtest.strategies.opening_range_breakout.limits import NO_LIMITS, RiskLimits
from backtest.strategies.opening_range_breakout.strategy_key import EntryModel, StrategyKey
from tests.support.minute_world import Ohlc

DAY = FUTURES_DAY.day(date(2024, 1, 5))
START = datetime(2024, 1, 5, tzinfo=UTC)
#: five bars of the label 1000: a range from 2690 to 2700
RANGE: list[Ohlc] = [(2695.0, 2700.0, 2690.0, 2695.0)] * 5
#: closes above it; its next open is 2701
BREAK: Ohlc = (2698.0, 2701.5, 2697.0, 2701.0)
#: inside the trade of E1 (entry 2701, stop 2690, target 2723)
QUIET: Ohlc = (2701.0, 2702.0, 2700.5, 2701.0)


def key(
    model: EntryModel = "E1",
    confirm: int = 1,
    *,
    label: str = "1000",
    ratio: int = 2,
    name: str = "NO_FILTER",
) -> StrategyKey:
    return StrategyKey(5, name, label, model, Fraction(ratio), confirm)


def plan(
    *keys: StrategyKey, limits: RiskLimits = NO_LIMITS, options: EngineOptions = REPLAY, **more: Any
) -> SessionPlan:
    strategies = planned(keys or (key(),), INSTRUMENTS["MGC"], [99] * max(len(keys), 1))
    windows = windows_of(DAY, strategies)
    return SessionPlan(DAY, INSTRUMENTS["MGC"], windows, strategies, limits=limits, options=options, **more)


def bars(rows: Sequence[Ohlc], start: datetime = START, volume: float = 100.0) -> list[MinuteBar]:
    return [MinuteBar(start + timedelta(minutes=n), *row, volume=volume) for n, row in enumerate(rows)]


def session(planned_: SessionPlan, *after: Ohlc, ended: bool = True) -> SessionEngine:
    """Return a session after the range, the break and some more bars."""
    return run_session(planned_, bars([*RANGE, BREAK, *after]), ended=ended)


def shown(engine: SessionEngine) -> list[str]:
    """Return the events in words: type, price, reason."""
    return [f"{e.type} {'' if e.price is None else f'{e.price:g} '}{e.reason}" for e in engine.events]
