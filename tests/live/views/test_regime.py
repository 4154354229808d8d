"""The regime page's values are the strategy's own decisions."""

from collections.abc import Mapping
from datetime import date

import pytest

from backtest.calendar import sessions as calendar
from backtest.core.bars import Bars
from backtest.core.decision import Book, Situation
from backtest.core.errors import DataError, UsageError
from backtest.data.sources.demo import DemoMarket
from backtest.strategies.base import Strategy
from backtest.strategies.registry import find_strategy
from live.views.regime import MOVES, read_indicator_columns, read_indicators, read_regime, symbols_of
from tests.support.paths import PROJECT

STRATEGIES = PROJECT / "config/strategies"
UNTIL = date(2024, 1, 5)


@pytest.fixture(scope="module")
def strategy() -> Strategy:
    return find_strategy("golden", STRATEGIES)


@pytest.fixture(scope="module")
def history(strategy: Strategy) -> Mapping[str, Bars]:
    return {name: bars.until(UNTIL) for name, bars in DemoMarket(7, UNTIL).read(symbols_of(strategy)).items()}


def test_the_newest_decision_is_shown_with_its_path_and_limits(
    strategy: Strategy, history: Mapping[str, Bars]
) -> None:
    view = read_regime(strategy, history)
    decision = strategy.evaluate(history).decide(Situation(UNTIL, UNTIL, Book(cash=0.0), {}))
    assert view.decided_on == UNTIL
    assert view.targets == {target.symbol: target.weight for target in decision.targets}
    assert {**decision.diagnostics, **view.values} == decision.diagnostics
    assert view.limits == strategy.next_changes(decision.diagnostics)
    assert (len(view.path), view.path[-1].states) == (20, view.states)
    assert set(view.states) == {"cell", "trend_state", "vol_state"}


def test_what_if_is_the_rule_itself_on_a_next_close(strategy: Strategy, history: Mapping[str, Bars]) -> None:
    view = read_regime(strategy, history)
    assert tuple(one.move_pct for one in view.what_if) == MOVES
    assert [one.different for one in view.what_if if one.move_pct == 0] == [False]
    day, fallen = calendar.next_session(UNTIL).day, view.what_if[0]
    moved = {}
    for symbol, bars in history.items():
        close = float(bars.close[-1]) * (0.95 if symbol == view.symbol else 1)
        volume = float(bars.volume[-1])
        moved[symbol] = bars.with_bar(day, open_=close, high=close, low=close, close=close, volume=volume)
    decision = strategy.evaluate(moved).decide(Situation(day, day, Book(cash=0.0), {}))
    assert fallen.targets == {target.symbol: target.weight for target in decision.targets}
    assert fallen.states["cell"] == decision.diagnostics["cell"]


def test_columns_end_with_the_newest_values(strategy: Strategy, history: Mapping[str, Bars]) -> None:
    newest, columns = read_indicators(strategy, history), read_indicator_columns(strategy, history, 60)
    assert (len(columns.time), columns.time[-1], columns.close[-1]) == (
        60,
        UNTIL,
        pytest.approx(history["QQQ"].close[-1]),
    )
    for name, column in columns.figures.items():
        assert len(column) == 60
        assert column[-1] == pytest.approx(newest.values[name], abs=1e-7)
    assert {"T_norm", "z_score", "sma_fast", "sma_slow"} <= set(columns.figures)
    assert not set(columns.figures) & set(columns.states)


def test_a_young_history_is_shown_as_far_as_it_goes(strategy: Strategy, history: Mapping[str, Bars]) -> None:
    young = {name: bars.until(date(2010, 2, 1)) for name, bars in history.items()}
    view = read_regime(strategy, young)
    assert (view.states, view.limits, len(view.path)) == ({}, (), 20)
    assert read_indicator_columns(strategy, young, 500).figures.keys() <= {"T_norm"}


def test_without_bars_or_without_a_regime_it_is_refused(strategy: Strategy) -> None:
    with pytest.raises(DataError, match="no bars of QQQ"):
        read_regime(strategy, {})
    with pytest.raises(UsageError, match="no regime"):
        symbols_of(find_strategy("ema_p10", STRATEGIES))
