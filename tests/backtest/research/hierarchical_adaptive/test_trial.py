"""Sets of a study: statistics, figures and returns tell one story."""

import numpy as np
import pytest

from backtest.research.figures import FIGURES
from backtest.research.hierarchical_adaptive.parameter_sets import run_many
from backtest.research.session import OpenStudy
from tests.support.study_world import BASE

COLUMNS = {"sma_fast": np.array([4, 8, 12]), "measurement_noise": np.array([1000.0, 2000.0, 9000.0])}


def test_figures_are_those_of_single_backtests_on_the_sessions_before_the_holdout(opened: OpenStudy) -> None:
    sets = [
        {**BASE, "sma_fast": int(fast), "measurement_noise": float(noise)}
        for fast, noise in zip(*COLUMNS.values(), strict=True)
    ]
    first, last = opened.days
    want = run_many(opened.history, sets, cost_pct=0.05, start=first, end=last)
    got = opened.trial.figures(opened.trial.statistics(COLUMNS, 3))
    for name in FIGURES:
        if name != "calmar":
            np.testing.assert_array_equal(got[name], getattr(want, name))
    np.testing.assert_allclose(got["calmar"], want.annual_return / want.max_drawdown)
    assert last.isoformat() == "2024-05-31"


def test_returns_compound_to_the_final_equity(opened: OpenStudy) -> None:
    returns = opened.trial.returns(COLUMNS, 3)
    figures = opened.trial.figures(opened.trial.statistics(COLUMNS, 3))
    assert returns.shape == (len(opened.trial.sessions), 3)
    np.testing.assert_allclose(np.prod(1 + returns, axis=0), figures["final_equity"], rtol=1e-12)
    sharpe = np.sqrt(252) * returns.mean(axis=0) / returns.std(axis=0, ddof=1)
    np.testing.assert_allclose(sharpe, figures["sharpe"], rtol=1e-9)


def test_the_benchmark_holds_the_signal_symbol(opened: OpenStudy) -> None:
    close = opened.history["QQQ"].until(opened.days[1]).close
    assert np.prod(1 + opened.trial.benchmark()) == pytest.approx(close[-1] / close[0])


def test_the_holdout_begins_where_the_search_ends(opened: OpenStudy) -> None:
    holdout = opened.holdout()
    assert holdout is not None
    assert holdout.sessions[0].isoformat() == "2024-06-03"
    assert holdout.sessions[-1] == opened.history["QQQ"].last
