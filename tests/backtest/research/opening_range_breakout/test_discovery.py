"""Discovery: every strategy of a grid judged, and what its baseline says."""

from fractions import Fraction

import numpy as np

from backtest.research.opening_range_breakout.discovery import discover, validation_csv
from backtest.research.opening_range_breakout.study import StudyOptions, study_of
from backtest.research.opening_range_breakout.validation import ValidationLimits
from backtest.simulator.intraday.grid import Grid
from backtest.strategies.opening_range_breakout.filters import filter_of
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from tests.support.minute_world import random_bars

GRID = Grid(models=("E1", "E2"), ratios=(Fraction(1), Fraction(3)), confirm_bars=(1,))
FILTERS = [filter_of("NO_FILTER"), filter_of("ORB_G1.1"), filter_of("VOL_RV05_N2")]


def test_every_strategy_has_a_verdict_and_stress_costs_more() -> None:
    study = study_of(random_bars(6, 6), INSTRUMENTS["MGC"], StudyOptions(grid=GRID))
    found = discover(study, FILTERS, ValidationLimits(min_trades=4, regime_trades=2))
    assert len(found.candidates) > 40
    assert {one.verdict.standing for one in found.candidates} >= {"rejected"}
    assert all(one.stressed <= one.expectancy for one in found.candidates)
    assert all(one.verdict.reason for one in found.candidates if one.verdict.standing == "rejected")
    text = validation_csv("some", "MGC", found.candidates).splitlines()
    assert len(text) == len(found.candidates) + 1
    assert {line.count(",") for line in text} == {text[0].count(",")}


def test_eligible_days_are_those_that_the_filter_lets_pass() -> None:
    study = study_of(random_bars(6, 6), INSTRUMENTS["MGC"], StudyOptions(grid=GRID))
    found = discover(study, FILTERS, ValidationLimits())
    for one in found.candidates:
        mine = [r for r in study.ranges if r.label == one.key.label]
        eligible = found.eligible_days(one.key)
        assert {trade.day for trade in one.trades} <= eligible <= {r.day for r in mine}
        if one.key.filter == "ORB_G1.1":
            assert eligible == {r.day for r in mine if round(r.size, 9) >= 1.1}
        daily = found.daily(one)
        assert len(daily) == len(found.days)
        assert abs(np.nansum(daily) - sum(trade.result_r for trade in one.trades)) < 1e-9
        assert found.baseline(one).trades == len(one.trades)
