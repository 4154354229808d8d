"""Robust statistics: the same numbers as NumPy's, and an outlier that does not excuse the next one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.data.quality.robust import (
    SIGMA_UNKNOWN,
    log_ratio,
    medians,
    overnight,
    sessions_since_previous,
    sigma_before,
)

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=5))
def test_medians_are_those_of_numpy(rows: list[list[float]]) -> None:
    values = np.array(rows)
    assert medians(values).tolist() == np.median(values, axis=-1).tolist()
    values[0, 1] = np.nan
    assert np.isnan(medians(values)[0])


def test_a_step_of_what_is_no_price_is_unknown_and_a_huge_one_finite() -> None:
    now = np.array([2.0, 0.0, -1.0, np.nan, np.inf, 1e300])
    steps = log_ratio(now, np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1e-300]))
    assert steps[0] == pytest.approx(np.log(2))
    assert np.isnan(steps[1:5]).all()
    assert steps[5] == 50.0


def test_the_first_session_has_no_night_before() -> None:
    close = np.array([100.0, 110.0, 99.0])
    steps = overnight(close, close)
    assert np.isnan(steps[0])
    assert np.exp(steps[1:]).tolist() == pytest.approx([1.1, 0.9])


def test_one_bad_price_does_not_excuse_the_next() -> None:
    steps = np.tile([0.01, -0.01], 30)
    usual = sigma_before(60, steps)
    assert usual == pytest.approx(0.01 * 1.4826)
    steps[50] = 5.0
    assert sigma_before(60, steps) == pytest.approx(usual)
    assert sigma_before(10, steps) == SIGMA_UNKNOWN
    steps[:] = np.nan
    assert sigma_before(60, steps) == SIGMA_UNKNOWN


def test_a_weekend_or_holiday_is_one_session_and_a_gap_is_as_many_as_it_is() -> None:
    dates = np.array(
        ["2024-03-14", "2024-03-15", "2024-03-18", "2024-03-28", "2024-04-01"], dtype="datetime64[D]"
    )
    assert sessions_since_previous(dates).tolist() == [1, 1, 1, 8, 1]
