"""Performance figures against hand-computed values, naive definitions, and where nothing is defined."""

import itertools
import math
import statistics
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.execution_rules import ExecutionRules
from backtest.reporting.metrics import (
    compare,
    drawdowns,
    exposure,
    performance,
    returns,
    summarise,
    trade_statistics,
    turnover,
)
from backtest.simulator.allocation.simulate import simulate
from tests.support.scripted_strategy import ScriptedWeights, days, make_bars

CURVE = np.array([110.0, 99.0, 121.0, 108.9, 115.0, 130.0])


def test_by_hand() -> None:
    # returns .1, -.1, 2/9, -.1, .0560147, .1304348 from 100
    figures = performance(CURVE, 100.0)
    assert figures.total_return == pytest.approx(0.3)
    assert figures.annual_return == pytest.approx(1.3**42 - 1)
    assert figures.max_drawdown == pytest.approx(-0.1)
    assert figures.calmar == pytest.approx((1.3**42 - 1) / 0.1)
    assert returns(CURVE, 100.0)[:3] == pytest.approx([0.1, -0.1, 2 / 9])
    assert drawdowns(CURVE, 100.0) == pytest.approx([0, -0.1, 0, -0.1, 115 / 121 - 1, 0])


def test_sharpe_and_sortino_by_hand() -> None:
    # returns .1, -.1, .1, -.1: mean 0
    flat = performance(np.array([110.0, 99.0, 108.9, 98.01]), 100.0)
    assert flat.sharpe == pytest.approx(0.0, abs=1e-12)
    assert flat.sortino == pytest.approx(0.0, abs=1e-12)
    # returns .2, -.1: mean .05, sd .15 * sqrt 2, downside sqrt(.01 / 2)
    two = performance(np.array([120.0, 108.0]), 100.0)
    assert two.sharpe == pytest.approx(math.sqrt(252) * 0.05 / (0.15 * math.sqrt(2)))
    assert two.sortino == pytest.approx(math.sqrt(252) * 0.05 / math.sqrt(0.005))
    assert two.volatility == pytest.approx(math.sqrt(252) * 0.15 * math.sqrt(2))


@pytest.mark.parametrize(
    ("curve", "of_deepest", "longest"),
    [
        ([100, 101, 102], 0, 0),
        ([100, 100, 100], 0, 0),
        ([90, 100], 2, 2),  # below the initial cash at once, back at it after two sessions
        ([110, 100, 105, 111], 3, 3),
        ([110, 100, 105], 2, 2),  # never recovered: to the end
        ([110, 50, 110, 109, 108, 107, 110], 2, 4),  # the deepest is short, the longest is shallow
        ([110, 110, 99, 110], 2, 2),  # a flat peak counts from its last session
    ],
)
def test_drawdown_lengths(curve: list[int], of_deepest: int, longest: int) -> None:
    figures = performance(np.array(curve, dtype=float), 100.0)
    assert (figures.max_drawdown_sessions, figures.longest_drawdown_sessions) == (of_deepest, longest)


def test_trades_by_hand() -> None:
    # a purchase's commission, two gains, one loss, one sale at cost
    figures = trade_statistics([-2.0, 30.0, 10.0, -18.0, 0.0], [False, True, True, True, True], costs=4.0)
    assert (figures.trades, figures.closing_trades, figures.win_rate) == (5, 4, 0.5)
    assert (figures.gross_profit, figures.gross_loss, figures.profit_factor) == (40.0, 20.0, 2.0)
    assert (figures.average_win, figures.average_loss, figures.costs) == (20.0, -18.0, 4.0)


def test_no_trades_no_figures() -> None:
    figures = trade_statistics([], [])
    assert (figures.trades, figures.gross_profit, figures.gross_loss) == (0, 0.0, 0.0)
    assert figures.win_rate is figures.profit_factor is figures.average_win is figures.average_loss is None
    assert str(figures.gross_loss) == "0.0"


def test_only_winners_have_no_profit_factor() -> None:
    assert trade_statistics([5.0], [True]).profit_factor is None


def test_constant_equity() -> None:
    figures = performance(np.full(10, 100.0), 100.0)
    assert (figures.total_return, figures.annual_return, figures.volatility) == (0.0, 0.0, 0.0)
    assert figures.sharpe is figures.sortino is figures.calmar is None
    assert str(figures.max_drawdown) == "0.0"


def test_constant_growth_has_no_sharpe() -> None:
    """The spread of equal returns is rounding noise, not risk."""
    assert performance(100.0 * 1.001 ** np.arange(1.0, 50.0), 100.0).sharpe is None


def test_one_session_and_none() -> None:
    one = performance(np.array([101.0]), 100.0)
    assert one.total_return == pytest.approx(0.01)
    assert one.volatility is one.sharpe is None
    none = performance(np.array([]), 100.0)
    assert (none.total_return, none.annual_return, none.max_drawdown) == (0.0, None, 0.0)


def test_ruin_and_absurd_growth() -> None:
    ruined = performance(np.array([50.0, 0.0, 0.0]), 100.0)
    assert (ruined.total_return, ruined.annual_return, ruined.max_drawdown) == (-1.0, None, -1.0)
    assert performance(np.array([1e6]), 1.0).annual_return is None


def test_benchmark_by_hand() -> None:
    # the strategy moves twice as much as the benchmark every session
    bench = 100.0 * np.cumprod(1 + np.array([0.01, -0.02, 0.03]))
    own = 100.0 * np.cumprod(1 + np.array([0.02, -0.04, 0.06]))
    figures = compare(own, 100.0, bench, symbol="QQQ")
    assert figures.beta == pytest.approx(2.0)
    assert figures.correlation == pytest.approx(1.0)
    assert figures.alpha == pytest.approx(0.0, abs=1e-9)
    difference = [0.01, -0.02, 0.03]
    assert figures.tracking_error == pytest.approx(math.sqrt(252) * statistics.stdev(difference))
    assert figures.information_ratio == pytest.approx(
        math.sqrt(252) * statistics.mean(difference) / statistics.stdev(difference)
    )
    assert figures.performance == performance(bench, 100.0)


def test_a_benchmark_that_stands_still_has_no_beta() -> None:
    figures = compare(CURVE, 100.0, np.full(6, 100.0), symbol="CASH")
    assert figures.beta is figures.alpha is figures.correlation is None
    assert figures.tracking_error == performance(CURVE, 100.0).volatility


def test_cash_against_a_benchmark_has_beta_zero() -> None:
    figures = compare(np.full(6, 100.0), 100.0, CURVE, symbol="QQQ")
    assert (figures.beta, figures.correlation) == (0.0, None)


def test_turnover_and_exposure_by_hand() -> None:
    # 4,000 traded both ways on mean equity 1,000 in 126 sessions: 2 in half a year, 4 in a year
    assert turnover([3000.0, 1000.0], np.full(126, 1000.0)) == pytest.approx(4.0)
    assert turnover([], np.array([])) is None
    invested, in_market = exposure({"A": np.array([0.0, 0.5, 0.2]), "B": np.array([0.0, 0.4, 0.0])})
    assert (invested, in_market) == (pytest.approx(1.1 / 3), pytest.approx(2 / 3))
    assert exposure({}) == (None, None)


@given(st.lists(st.floats(1.0, 1e7), min_size=2, max_size=60), st.floats(1.0, 1e6))
def test_against_naive_definitions(values: list[float], initial: float) -> None:
    figures = performance(np.array(values), initial)
    path = [initial, *values]
    changes = [b / a - 1 for a, b in itertools.pairwise(path)]
    assert figures.total_return == pytest.approx(values[-1] / initial - 1)
    spread = statistics.stdev(changes)
    assert figures.volatility == pytest.approx(spread * math.sqrt(252), rel=1e-9, abs=1e-9)
    if spread > 1e-9:
        assert figures.sharpe == pytest.approx(statistics.fmean(changes) / spread * math.sqrt(252), rel=1e-6)
    falls = [path[i] / max(path[: i + 1]) - 1 for i in range(len(path))]
    assert figures.max_drawdown == pytest.approx(min(falls))
    longest = 0
    for i in range(len(path)):  # every stretch between a session at its peak and the first one back there
        under = next((j for j in range(i + 1, len(path)) if path[j] >= path[i]), len(path) - 1)
        if path[i] >= max(path[: i + 1]) and min(path[i : under + 1]) < path[i]:
            longest = max(longest, under - i)
    assert figures.longest_drawdown_sessions == longest
    for value in (figures.sharpe, figures.sortino, figures.calmar, figures.annual_return):
        assert value is None or math.isfinite(value)


def test_summary_of_a_run_without_trades_is_plain_json() -> None:
    week = days("2024-01-02", "2024-01-03")
    history = {"SIG": make_bars("SIG", dict(zip(week, [1.0, 2.0], strict=True)))}
    result = simulate(
        ScriptedWeights({}), history, start=week[0], end=week[1], cash=500.0, rules=ExecutionRules()
    )
    summary = summarise(result)
    assert (summary["start"], summary["end"], summary["sessions"]) == ("2024-01-02", "2024-01-03", 2)
    assert (summary["final_equity"], summary["trades"], summary["turnover"]) == (500.0, 0, 0.0)
    assert summary["benchmark"] is summary["sharpe"] is summary["exposure"] is None
    assert summary["mean_rounding_cash"] == 0.0


def test_summary_counts_rounding_cash_of_planning_sessions_only() -> None:
    week = days("2024-01-02", "2024-01-03", "2024-01-04")
    script = {week[0]: {"AAA": 0.5}, date(2024, 1, 4): {"AAA": 0.1}}
    history = {
        symbol: make_bars(symbol, dict(zip(week, [30.0, 30.0, 30.0], strict=True)))
        for symbol in ("SIG", "AAA")
    }
    result = simulate(
        ScriptedWeights(script), history, start=week[0], end=week[2], cash=1000.0, rules=ExecutionRules()
    )
    # 500 - 16 * 30 = 20, then 100 - 3 * 30 = 10
    assert result.rounding_cash.tolist() == [20.0, 0.0, 10.0]
    summary = summarise(result)
    assert (summary["mean_rounding_cash"], summary["max_rounding_cash"]) == (15.0, 20.0)
