"""Daily indicators against NumPy, and never a look ahead."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.indicators.daily import (
    average_true_range,
    realised_volatility,
    sma,
    smoothing_lengths,
    volatility_z_score,
)

PRICES = st.lists(st.floats(1, 1000), min_size=2, max_size=40)


@given(PRICES, st.integers(1, 10))
def test_the_mean_of_the_last_rows(values: list[float], window: int) -> None:
    found = sma(np.array(values), window)
    for row in range(len(values)):
        if row < window - 1:
            assert np.isnan(found[row])
        else:
            assert found[row] == pytest.approx(np.mean(values[row - window + 1 : row + 1]))


@given(PRICES, st.integers(2, 10))
def test_volatility_is_the_sample_deviation_of_log_returns(values: list[float], window: int) -> None:
    close = np.array(values)
    found, returns = realised_volatility(close, window), np.diff(np.log(close))
    assert np.isnan(found[: min(window, len(values))]).all()
    for row in range(window, len(values)):
        expected = np.std(returns[row - window : row], ddof=1) * np.sqrt(252)
        assert found[row] == pytest.approx(expected, rel=1e-6, abs=1e-7)


@given(PRICES, st.integers(1, 39))
def test_no_row_looks_ahead(values: list[float], cut: int) -> None:
    close = np.array(values)
    for whole, part in (
        (sma(close, 3), sma(close[:cut], 3)),
        (realised_volatility(close, 3), realised_volatility(close[:cut], 3)),
    ):
        assert np.array_equal(whole[:cut], part, equal_nan=True)  # to the last bit


def test_what_does_not_vary_has_no_volatility_and_no_score() -> None:
    flat = np.full(20, 123.45)
    sigma = realised_volatility(flat, 5)
    assert sigma[5:].tolist() == [0.0] * 15
    assert volatility_z_score(sigma, 5, 4)[8:].tolist() == [0.0] * 12
    assert sma(flat, 7)[6:].tolist() == [123.45] * 14


def test_a_score_counts_deviations_from_the_mean_of_its_window() -> None:
    sigma = np.array([np.nan, 0.1, 0.2, 0.3])
    found = volatility_z_score(sigma, 1, 3)
    assert np.isnan(found[:3]).all()
    assert found[3] == pytest.approx(1.0)  # (0.3 - 0.2) / 0.1


@pytest.mark.parametrize(
    ("osc", "strength", "double", "expected"),
    [
        (15, 15, False, (15, 15, 0)),
        (30, 15, True, (15, 20, 15)),
        (15, 50, True, (50, 15, 0)),
        (5, 900, False, (500, 5, 0)),
    ],
)
def test_smoothing_has_its_limits(
    osc: int, strength: int, double: bool, expected: tuple[int, int, int]
) -> None:
    assert smoothing_lengths(osc, strength, double) == expected


def test_the_average_true_range_is_wilders() -> None:
    high = np.array([10.0, 12.0, 11.0, 15.0, 14.0])
    low = np.array([9.0, 10.0, 8.0, 12.0, 9.0])
    close = np.array([9.5, 11.0, 9.0, 14.0, 10.0])
    # true ranges 2.5, 3, 6, 5: the mean of the first two, then a half of each step
    found = average_true_range(high, low, close, 2)
    assert np.isnan(found[:2]).all()
    assert found[2:].tolist() == [2.75, 2.75 + (6 - 2.75) / 2, 4.375 + (5 - 4.375) / 2]
    assert np.isnan(average_true_range(high, low, close, 5)).all()
