"""Every threshold of monitoring just below and just above; what cannot be judged is never ok."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.reporting.baseline import Baseline
from backtest.reporting.monitoring import (
    NO_BASELINE,
    ClosedTrade,
    Measure,
    Thresholds,
    Variability,
    monitor,
    worst,
)

TODAY = date(2026, 11, 27)
BASELINE = Baseline(
    first="2010-01-04",
    last="2026-11-25",
    sessions=4000,
    trades=800,
    trades_per_year=50.4,
    win_rate=0.5,
    expectancy=0.02,
    free_expectancy=0.021,
    annual_return=0.12,
    volatility=0.15,
    max_drawdown=-0.3,
)
CALM = Variability("volatility", 0.15, 0.15)


def trades(*made: float) -> list[ClosedTrade]:
    return [ClosedTrade(TODAY, one) for one in made]


def winners(won: int, of: int = 50, gain: float = 0.1, loss: float = -0.01) -> list[ClosedTrade]:
    return trades(*[gain] * won, *[loss] * (of - won))


def judged(
    closed: list[ClosedTrade],
    baseline: Baseline | None = BASELINE,
    variability: Variability = CALM,
    newest: date | None = TODAY,
) -> dict[str, Measure]:
    found = monitor(closed, baseline, variability, newest=newest, today=TODAY)
    return {measure.name: measure for measure in found}


@pytest.mark.parametrize(("won", "state"), [(20, "ok"), (19, "warning")])
def test_ten_points_below_the_baselines_win_rate_are_allowed_and_no_more(won: int, state: str) -> None:
    assert judged(winners(won))["win rate"].state == state


@pytest.mark.parametrize(("made", "state"), [(0.01, "ok"), (0.0099, "critical"), (-0.01, "critical")])
def test_half_of_the_baselines_expectancy_is_allowed_and_no_less(made: float, state: str) -> None:
    assert judged(trades(*[made] * 50))["expectancy"].state == state


@pytest.mark.parametrize(("days", "state"), [(0, "ok"), (29, "ok"), (30, "info"), (400, "info")])
def test_a_month_without_a_trade_is_said(days: int, state: str) -> None:
    found = judged(winners(25), newest=TODAY - timedelta(days=days))["trades"]
    assert found.state == state


@pytest.mark.parametrize(("days", "state"), [(109, "ok"), (110, "info")])
def test_a_strategy_that_trades_rarely_is_given_three_of_its_gaps(days: int, state: str) -> None:
    rare = replace(BASELINE, trades_per_year=10.0)  # every 36.525 days
    found = judged(winners(25), rare, newest=TODAY - timedelta(days=days))["trades"]
    assert (found.state, found.limit) == (state, "one in 110 days")


@pytest.mark.parametrize(("now", "state"), [(0.3, "ok"), (0.3001, "info")])
def test_twice_the_usual_variability_is_another_regime(now: float, state: str) -> None:
    found = judged(winners(25), variability=Variability("volatility", now, 0.15))
    assert found["regime (volatility)"].state == state


@pytest.mark.parametrize(("count", "enough"), [(49, False), (50, True), (51, True)])
def test_fifty_trades_are_enough_and_fewer_are_said_never_green(count: int, enough: bool) -> None:
    found = judged(trades(*[0.05] * count))
    for name in ("win rate", "expectancy"):
        assert (found[name].state == "ok") is enough
        assert found[name].why == ("" if enough else f"not enough data: {count} of 50 closing trades")
    assert (worst(found.values()) == "ok") is enough


def test_only_the_newest_fifty_count() -> None:
    found = judged([*winners(0, 50), *winners(50, 50)])
    assert found["win rate"].value == "100.0%"
    assert found["expectancy"].state == "ok"


@given(
    st.lists(st.floats(-0.5, 0.5), max_size=120),
    st.none() | st.dates(TODAY - timedelta(days=100), TODAY),
    st.none() | st.floats(0.0, 1.0),
)
def test_without_a_baseline_nothing_is_ever_ok(
    made: list[float], newest: date | None, now: float | None
) -> None:
    found = judged(trades(*made), None, Variability("volatility", now, None), newest)
    assert {measure.state for measure in found.values()} <= {"unknown", "info"}
    assert found["win rate"].why == NO_BASELINE
    assert worst(found.values()) == "unknown"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"win_rate": None}, "win rate"),
        ({"expectancy": None}, "expectancy"),
        ({"expectancy": -0.01}, "expectancy"),
    ],
)
def test_a_baseline_without_the_figure_judges_nothing(changes: dict[str, Any], name: str) -> None:
    found = judged(winners(50), replace(BASELINE, **changes))[name]
    assert found.state == "unknown"
    assert found.why


def test_a_short_book_knows_no_regime_and_an_empty_one_no_trades() -> None:
    short = Variability("volatility", None, 0.15, "7 of 30 sessions")
    found = judged([], variability=short, newest=None)
    assert found["regime (volatility)"].why == "not enough data: 7 of 30 sessions"
    assert found["trades"].why == "not enough data: the book has not begun"


def test_the_worst_state_stands_for_all_and_none_at_all_is_unknown() -> None:
    def measure(state: Any) -> Measure:
        return Measure("m", state, "", "")

    order = ["ok", "info", "unknown", "warning", "critical"]
    for at, state in enumerate(order):
        assert worst([measure(one) for one in order[: at + 1]]) == state
    assert worst([]) == "unknown"


def test_another_family_has_thresholds_of_its_own() -> None:
    few = Thresholds(trades=5)
    found = monitor(trades(*[0.05] * 5), BASELINE, CALM, newest=TODAY, today=TODAY, thresholds=few)
    assert [measure.state for measure in found] == ["ok"] * 4
