"""Figures of a strategy: scratches left out or in, and what is not defined."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.research.opening_range_breakout.figures import Trade, drawdown, figures_of, sharpe

DAY = date(2024, 1, 5)
RESULTS = st.lists(st.floats(-1, 3), max_size=20)


def trade(result: str, result_r: float, risk: float = 10.0) -> Trade:
    return Trade(DAY, result, result_r, risk)  # type: ignore[arg-type]


def test_scratches_are_counted_and_left_out_of_all_but_the_last_figures() -> None:
    found = figures_of(
        [
            trade("win", 2.0, 4.0),
            trade("loss", -1.0, 8.0),
            trade("loss", -1.0, 3.0),
            trade("scratch", 0.5, 99.0),
        ]
    )
    assert (found.sample_size, found.n_incl_scratch, found.n_scratch) == (4, 4, 1)
    assert (found.win_rate, found.avg_win_r, found.avg_loss_r, found.expectancy_r) == (0.3333, 2.0, 1.0, 0.0)
    assert (found.median_risk_points, found.avg_risk_points) == (4.0, 5.0)
    assert (found.max_drawdown_r, found.expectancy_r_incl_scratch) == (2.0, 0.125)


def test_only_scratches() -> None:
    found = figures_of([trade("scratch", 0.5)])
    assert (found.sample_size, found.expectancy_r_incl_scratch) == (1, 0.5)
    assert found.win_rate is found.sharpe_ratio is found.max_drawdown_r is found.avg_risk_points is None


def test_only_wins_have_no_loss_and_equal_results_no_sharpe() -> None:
    found = figures_of([trade("win", 2.0), trade("win", 2.0)])
    assert (found.win_rate, found.avg_loss_r, found.expectancy_r, found.sharpe_ratio) == (1.0, 0.0, 2.0, None)


def test_nothing() -> None:
    found = figures_of([])
    assert found.sample_size == 0
    assert found.expectancy_r_incl_scratch is None


@given(RESULTS)
def test_a_drawdown_is_the_worst_stretch(results: list[float]) -> None:
    stretches = [sum(results[a:b]) for a in range(len(results) + 1) for b in range(a, len(results) + 1)]
    assert drawdown(results) == pytest.approx(-min(stretches), abs=1e-9)


@given(RESULTS, st.floats(0.1, 10))
def test_sharpe_does_not_depend_on_the_size_of_the_stakes(results: list[float], factor: float) -> None:
    one, other = sharpe(results), sharpe([result * factor for result in results])
    if one is not None and other is not None and abs(one) < 1e6:
        assert one == pytest.approx(other, rel=1e-6, abs=1e-6)
