"""Volatility targets: figures by hand, and never above the cap."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.bars import Bars
from backtest.trading.risk.volatility import banded, exposure, portfolio_returns, volatility


def bars(symbol: str, close: list[float], first: str = "2024-01-01") -> Bars:
    column = np.array(close)
    dates = np.datetime64(first, "D") + np.arange(len(close))
    return Bars(symbol, dates, column, column, column, column, np.ones(len(close)))


def test_both_estimators_by_hand() -> None:
    returns = np.array([0.01, -0.01, 0.02])
    assert volatility(returns) == pytest.approx(np.std(returns, ddof=1) * np.sqrt(252))
    want = (0.02**2 + 0.94 * 0.01**2 + 0.94**2 * 0.01**2) / (1 + 0.94 + 0.94**2)
    assert volatility(returns, estimator="ewma") == pytest.approx(np.sqrt(252 * want))


@given(st.floats(0.001, 2.0), st.floats(0.0, 5.0), st.floats(0.01, 1.0))
def test_exposure_is_never_above_its_cap_nor_above_the_target(
    target: float, sigma: float, cap: float
) -> None:
    share = exposure(target, sigma, cap=cap)
    assert 0 < share <= cap
    assert share == cap or share * sigma == pytest.approx(target)


@given(st.floats(0.01, 1.0), st.floats(0.01, 1.0), st.floats(0.0, 0.5))
def test_a_band_keeps_small_changes_away(wanted: float, last: float, band: float) -> None:
    chosen = banded(wanted, last, band=band)
    assert chosen in {wanted, last}
    assert abs(wanted - chosen) <= band * last
    assert banded(wanted, None, band=band) == wanted


def test_a_portfolio_moves_by_its_weights() -> None:
    history = {"AAA": bars("AAA", [100, 110, 99, 99]), "BBB": bars("BBB", [50, 50, 55, 55])}
    found = portfolio_returns({"AAA": 0.5, "BBB": 0.25, "CCC": 0.0}, history, 3)
    assert found is not None
    assert found.tolist() == pytest.approx([0.05, -0.05 + 0.025, 0.0])


def test_only_shared_sessions_count_and_too_few_are_none() -> None:
    long, late = bars("AAA", [float(n) for n in range(1, 41)]), bars("BBB", [1.0] * 10, "2024-01-31")
    assert long.last == late.last == date(2024, 2, 9)
    assert portfolio_returns({"AAA": 0.5, "BBB": 0.5}, {"AAA": long, "BBB": late}, 9) is not None
    assert portfolio_returns({"AAA": 0.5, "BBB": 0.5}, {"AAA": long, "BBB": late}, 10) is None
    assert portfolio_returns({"AAA": 0.5, "ZZZ": 0.5}, {"AAA": long}, 5) is None
    assert portfolio_returns({"AAA": 0.0}, {"AAA": long}, 5) is None
