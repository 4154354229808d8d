"""Rolling figures against the figures of each window by itself."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.bars import FloatArray
from backtest.reporting.metrics import compare, performance
from backtest.reporting.time_series import (
    rolling_drawdown,
    rolling_regression,
    rolling_sharpe,
    time_series,
    time_series_csv,
)

CHANGES = st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=40)


def curve(changes: FloatArray) -> FloatArray:
    return np.asarray(100.0 * np.cumprod(1.0 + changes))


@pytest.fixture(scope="module")
def random() -> tuple[FloatArray, FloatArray]:
    drawn = np.random.default_rng(4)
    other = drawn.normal(0.0004, 0.01, 400)
    return curve(0.8 * other + drawn.normal(0, 0.004, 400)), curve(other)


@pytest.mark.parametrize("at", [89, 90, 252, 399])
def test_each_figure_is_that_of_its_window(random: tuple[FloatArray, FloatArray], at: int) -> None:
    equity, benchmark = random
    found = time_series(equity, 100.0, benchmark)
    own, other = (np.concatenate([[100.0], series]) for series in random)

    def window(sessions: int) -> tuple[FloatArray, float, FloatArray]:
        begin = at + 1 - sessions
        scale = own[begin] / other[begin]
        return own[begin + 1 : at + 2], float(own[begin]), other[begin + 1 : at + 2] * scale

    for sessions in (30, 90):
        assert found[f"sharpe_{sessions}"][at] == pytest.approx(performance(*window(sessions)[:2]).sharpe)
    assert found["volatility_90"][at] == pytest.approx(performance(*window(90)[:2]).volatility)
    values, before, benchmark_values = window(63)
    against = compare(values, before, benchmark_values, symbol="B")
    assert found["beta_63"][at] == pytest.approx(against.beta)
    assert found["correlation_63"][at] == pytest.approx(against.correlation)
    if at >= 251:
        assert found["max_drawdown_252"][at] == pytest.approx(performance(*window(252)[:2]).max_drawdown)


def test_nothing_is_said_before_a_window_is_full(random: tuple[FloatArray, FloatArray]) -> None:
    found = time_series(random[0], 100.0, random[1])
    for name, values in found.items():
        sessions = int(name.rsplit("_", 1)[-1]) if name[-1].isdigit() else 1
        assert np.isnan(values[: sessions - 1]).all(), name
        assert np.isfinite(values[sessions - 1 :]).all(), name
    assert set(time_series(random[0], 100.0)) < set(found)


def test_constant_equity_has_no_ratio() -> None:
    flat = np.full(40, 100.0)
    assert np.isnan(rolling_sharpe(np.zeros(40), 30)).all()
    correlation, beta = rolling_regression(np.zeros(40), np.zeros(40), 10)
    assert np.isnan(correlation).all()
    assert np.isnan(beta).all()
    assert (time_series(flat, 100.0)["drawdown"] == 0).all()


@given(CHANGES, st.integers(1, 10))
def test_a_window_never_falls_deeper_than_the_whole(changes: list[float], window: int) -> None:
    values = np.concatenate([[100.0], curve(np.array(changes))])
    found = rolling_drawdown(values, window)
    full = found[~np.isnan(found)]
    deepest = (values / np.maximum.accumulate(values)).min() - 1
    assert (full <= 0).all()
    assert (full >= deepest - 1e-12).all()
    assert len(full) == max(0, len(changes) - window + 1)


def test_the_table_has_empty_cells_where_nothing_is_defined() -> None:
    dates = np.array([date(2024, 1, 2), date(2024, 1, 3)], dtype="datetime64[D]")
    text = time_series_csv(dates, {"return": np.array([0.01, -0.0]), "sharpe_30": np.array([np.nan, 1.5])})
    assert text == ("date,return,sharpe_30\n2024-01-02,0.01000000,\n2024-01-03,0.00000000,1.50000000\n")
