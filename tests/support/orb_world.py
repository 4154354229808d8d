"""Discoveries for tests: strategies with results as wished, on days of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

from backtest.research.opening_range_breakout.discovery import Candidate, Discovery
from backtest.research.opening_range_breakout.figures import Trade, figures_of, mark_to_market
from backtest.research.opening_range_breakout.study import StudyOptions, study_of
from backtest.research.opening_range_breakout.validation import Standing, Verdict
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.strategy_key import EntryModel, StrategyKey
from tests.support.minute_world import random_bars

FIRST = date(2024, 1, 2)


def key(label: str = "1000", model: EntryModel = "E1", ratio: int = 2, confirm_bars: int = 1) -> StrategyKey:
    return StrategyKey(5, "NO_FILTER", label, model, Fraction(ratio), confirm_bars)


def candidate(one: StrategyKey, results: Sequence[float], standing: Standing = "validated") -> Candidate:
    """Return a strategy with one trade a day from `FIRST` on."""
    trades = tuple(
        Trade(FIRST + timedelta(days=n), "win" if r > 0 else "loss", r, 10.0) for n, r in enumerate(results)
    )
    return Candidate(one, trades, figures_of(trades), mark_to_market(trades) or 0.0, Verdict(standing))


def discovery(results: Mapping[StrategyKey, Sequence[float]], standing: Standing = "validated") -> Discovery:
    """Return a discovery of strategies with these results, on four real days of bars."""
    study = study_of(random_bars(1, 4), INSTRUMENTS["MGC"], StudyOptions())
    days = tuple(day.day.day for day in study.days)
    return Discovery(study, days, tuple(candidate(one, mine, standing) for one, mine in results.items()))
