"""The history floor."""

from datetime import date

from backtest.calendar import sessions as calendar
from backtest.strategies.earnings_swing.strategy import build as earnings
from backtest.strategies.hierarchical_adaptive.strategy import build as adaptive
from backtest.strategies.history import short_history
from tests.support.scripted_strategy import SIGNAL, ScriptedWeights, make_bars


def test_the_floor_counts_the_bars_before_the_first_decision() -> None:
    days = [one.day for one in calendar.sessions(date(2024, 1, 2), date(2024, 2, 1))]
    history = {SIGNAL: make_bars(SIGNAL, dict.fromkeys(days, 1.0))}
    strategy = ScriptedWeights({}, history_floor=10)
    assert short_history(strategy, history, days[10]) is None
    finding = short_history(strategy, history, days[9])
    assert str(finding).startswith("SIG: 9 bars before the first decision on 2024-01-16; test wants 10")
    assert f"decide from {days[10]} on, or import older bars" in finding.remedy
    short = {SIGNAL: history[SIGNAL].until(days[4])}
    assert short_history(strategy, short, days[4]).remedy == "import older bars"
    assert short_history(strategy, {}, days[4]).problem.startswith("0 bars")


def test_the_floor_belongs_to_the_strategy() -> None:
    assert adaptive("v", {}).history_floor == 1000
    assert adaptive("v", {"sma_slow": 1500}).history_floor == 1510
    assert earnings("v", {"trailing_ema_period": 10}).history_floor == 50
    assert short_history(earnings("v", {}), {}, date(2024, 1, 2)) is None
