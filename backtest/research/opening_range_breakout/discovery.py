"""Every strategy of a study with its figures and its standing."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from backtest.core.bars import FloatArray
from backtest.research.opening_range_breakout.daily import daily_results
from backtest.research.opening_range_breakout.figures import Figures, Trade, figures_of, mark_to_market
from backtest.research.opening_range_breakout.strategies import (
    METRIC_COLUMNS,
    figure_cells,
    key_cells,
    trades_by_strategy,
)
from backtest.research.opening_range_breakout.study import Study
from backtest.research.opening_range_breakout.tables import csv_text, number
from backtest.research.opening_range_breakout.validation import ValidationLimits, Verdict, judge
from backtest.strategies.opening_range_breakout.filters import Filter, filter_of
from backtest.strategies.opening_range_breakout.portfolio import Baseline
from backtest.strategies.opening_range_breakout.strategy_key import StrategyKey


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A strategy that was tried.

    Attributes:
        key: what it is.
        trades: of its eligible days, oldest first.
        figures: of these.
        stressed: mean result in R at the costs of the stress.
        verdict: its standing.
    """

    key: StrategyKey
    trades: tuple[Trade, ...]
    figures: Figures
    stressed: float
    verdict: Verdict

    @property
    def expectancy(self) -> float:
        """Mean result in R, scratches included: what strategies are ranked by."""
        return mark_to_market(self.trades) or 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Discovery:
    """All strategies tried on one study; `days` are its trading days."""

    study: Study
    days: tuple[date, ...]
    candidates: tuple[Candidate, ...]

    @property
    def survivors(self) -> tuple[Candidate, ...]:
        """The strategies that no check rejected."""
        return tuple(one for one in self.candidates if one.verdict.standing != "rejected")

    def eligible_days(self, key: StrategyKey) -> set[date]:
        """Return the days on which the filter of a strategy lets its range pass."""
        passes, chosen = self.study.allowed(), filter_of(key.filter)
        mine = (one for one in self.study.ranges if (one.label, one.minutes) == (key.label, key.minutes))
        return {one.day for one in mine if passes(chosen, one)}

    def daily(self, candidate: Candidate) -> FloatArray:
        """Return the result of each day, shape (days,), as `daily_results` says."""
        return daily_results(self.days, self.eligible_days(candidate.key), candidate.trades)

    def baseline(self, candidate: Candidate) -> Baseline:
        """Return what the history showed of a strategy."""
        key, trades = candidate.key, candidate.trades
        sizes = [
            one.size
            for one in self.study.ranges
            if one.side and (one.label, one.minutes) == (key.label, key.minutes)
        ]
        return Baseline(
            trades=len(trades),
            win_rate=candidate.figures.win_rate,
            expectancy_r=round(candidate.expectancy, 6),
            trades_per_day=round(len(trades) / len(self.days), 6),
            median_risk_points=statistics.median(t.risk_points for t in trades) if trades else None,
            median_range_points=statistics.median(sizes) if sizes else None,
        )


def discover(study: Study, filters: Sequence[Filter], limits: ValidationLimits) -> Discovery:
    """Return every strategy of the grid with each filter, judged; DataError where prices have no ticks."""
    passes = study.allowed()
    plain = trades_by_strategy(study.trades(), filters, passes)
    stressed = trades_by_strategy(study.trades(limits.stress), filters, passes)
    candidates = []
    for (key, trades), (same, worse) in zip(plain, stressed, strict=True):
        assert key == same
        verdict = judge(trades, worse, limits)
        candidates.append(Candidate(key, trades, figures_of(trades), mark_to_market(worse) or 0.0, verdict))
    days = sorted({day.day.day for day in study.wanted_days})
    return Discovery(study, tuple(days), tuple(candidates))


VALIDATION_COLUMNS: Final = ("strategy_id", *METRIC_COLUMNS, "stressed_expectancy_r", "status", "reason")


def validation_csv(dataset: str, symbol: str, candidates: Sequence[Candidate]) -> str:
    """Return the table of verdicts by strategy; a reason has semicolons where it would have commas."""
    rows = (
        (
            one.key.id(symbol),
            *key_cells(dataset, symbol, one.key),
            *figure_cells(one.figures),
            number(round(one.stressed, 4)),
            one.verdict.standing,
            one.verdict.reason.replace(",", ";"),
        )
        for one in candidates
    )
    return csv_text(VALIDATION_COLUMNS, rows)
