"""Strategies of a grid: their names, and which trades are theirs."""

from fractions import Fraction

from backtest.research.opening_range_breakout.strategies import metrics_csv, trades_by_strategy
from backtest.research.opening_range_breakout.study import StudyOptions, study_of
from backtest.simulator.intraday.grid import Grid
from backtest.strategies.opening_range_breakout.filters import filter_of
from backtest.strategies.opening_range_breakout.instruments import INSTRUMENTS
from backtest.strategies.opening_range_breakout.strategy_key import StrategyKey
from tests.support.minute_world import random_bars

GRID = Grid(models=("E1", "E3"), ratios=(Fraction(1), Fraction(5, 2)), confirm_bars=(1,))
FILTERS = [filter_of("ORB_G1.2"), filter_of("NO_FILTER")]


def test_every_trade_of_an_eligible_day_belongs_to_its_strategy() -> None:
    study = study_of(random_bars(6, 8), INSTRUMENTS["MGC"], StudyOptions(grid=GRID))
    trades = study.trades()
    found = dict(trades_by_strategy(trades, FILTERS, study.allowed()))
    assert list(found) == sorted(found)
    free = {one: set(mine) for one, mine in found.items() if one.filter == "NO_FILTER"}
    assert sum(map(len, free.values())) == trades.entered.sum()
    sizes = {(one.day, one.label): one.size for one in trades.outcomes.breaks}
    for one, mine in found.items():
        whole = found[
            StrategyKey(one.minutes, "NO_FILTER", one.label, one.model, one.ratio, one.confirm_bars)
        ]
        least = 1.2 if one.filter == "ORB_G1.2" else 0.0
        assert list(mine) == [t for t in whole if round(sizes[t.day, one.label], 9) >= least]
    assert any(
        len(mine) < len(found[StrategyKey(5, "NO_FILTER", o.label, o.model, o.ratio, 1)])
        for o, mine in found.items()
    )


def test_the_table_has_a_row_for_each() -> None:
    study = study_of(random_bars(6, 3), INSTRUMENTS["MGC"], StudyOptions(grid=GRID))
    found = list(trades_by_strategy(study.trades(), FILTERS, study.allowed()))
    text = metrics_csv("some", "MGC", iter(found)).splitlines()
    assert len(text) == len(found) + 1
    assert {len(line.split(",")) for line in text} == {len(text[0].split(","))}
