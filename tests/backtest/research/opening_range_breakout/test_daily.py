"""Daily results and correlations: days without a trade, days that do not count, pairs that are not known."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.bars import FloatArray
from backtest.research.opening_range_breakout.daily import correlation, correlation_matrix, daily_results
from backtest.research.opening_range_breakout.figures import Trade

DAYS = [date(2024, 1, 1) + timedelta(days=n) for n in range(4)]
SERIES = st.lists(st.one_of(st.floats(-1, 3), st.just(np.nan)), min_size=5, max_size=5).map(np.array)


def test_no_trade_on_an_eligible_day_is_zero_and_no_eligible_day_is_nothing() -> None:
    found = daily_results(DAYS, set(DAYS[:3]), [Trade(DAYS[1], "win", 1.5, 10.0)])
    np.testing.assert_array_equal(found, [0.0, 1.5, 0.0, np.nan])


@given(SERIES, SERIES, SERIES)
def test_the_matrix_is_symmetric_with_ones_on_its_diagonal(
    a: FloatArray, b: FloatArray, c: FloatArray
) -> None:
    matrix = correlation_matrix({"a": a, "b": b, "c": c}, min_shared=3)
    np.testing.assert_array_equal(matrix, matrix.T)
    assert (np.diag(matrix) == 1.0).all()
    known = matrix[np.isfinite(matrix)]
    assert (np.abs(known) <= 1.0 + 1e-12).all()


def test_few_common_days_or_a_flat_series_are_not_known() -> None:
    one, other = np.array([1.0, 2.0, 3.0, np.nan]), np.array([2.0, 4.0, 6.0, 8.0])
    assert correlation(one, other, 3) == pytest.approx(1.0)
    assert correlation(one, other, 4) is None
    assert correlation(one, np.zeros(4), 3) is None
    assert np.isnan(correlation_matrix({"a": one, "b": other}, 4)[0, 1])
