"""Sets drawn around a chosen one: their shapes, their limits, and what they say of the small study."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import UsageError
from backtest.research.monte_carlo.parameter_draws import (
    LOG_NORMAL,
    NORMAL,
    SHAPES,
    TRIANGULAR,
    UNIFORM,
    around,
    drawn,
)
from backtest.research.session import OpenStudy
from backtest.research.space import Axis

EVEN = (np.arange(20_000) + 0.5) / 20_000
PLAIN = Axis("x", low=0.0, high=8.0)
PICK = {"measurement_noise": 2000.0, "osc_smoothness": 10, "sma_fast": 8, "sma_slow": 40}


@pytest.mark.parametrize(
    ("shape", "mean", "deviation"),
    [
        (UNIFORM, 4.0, 0.4 / np.sqrt(3)),
        (TRIANGULAR, 4.0, 0.4 / np.sqrt(6)),
        (NORMAL, 4.0, 0.2),
        (LOG_NORMAL, 4.0 * np.exp(0.05**2 / 2), 0.2),
    ],
)
def test_shapes_have_their_mean_and_deviation(shape: str, mean: float, deviation: float) -> None:
    found = drawn(PLAIN, 4.0, shape, 0.1, EVEN)
    assert found.mean() == pytest.approx(mean, rel=1e-3)
    assert found.std() == pytest.approx(deviation, rel=6e-3)
    if shape in {UNIFORM, TRIANGULAR}:
        assert 3.6 <= found.min() < found.max() <= 4.4


def test_a_value_of_0_is_spread_over_its_axis_and_whole_numbers_stay_whole() -> None:
    assert np.ptp(drawn(PLAIN, 0.0, UNIFORM, 0.1, EVEN)) == pytest.approx(1.6, rel=1e-3)
    whole = drawn(Axis("n", values=(10, 20)), 15, NORMAL, 0.5, EVEN)
    assert whole.dtype == np.int64
    assert {14, 15, 16} <= set(whole.tolist())


@given(st.sampled_from(SHAPES), st.floats(0.0, 1.0, exclude_max=True))
def test_every_draw_is_a_number(shape: str, draw: float) -> None:
    assert np.isfinite(drawn(PLAIN, 2.0, shape, 0.3, np.array([draw]))).all()


def test_sets_around_a_pick_are_valid_and_say_what_matters(opened: OpenStudy) -> None:
    found = around(opened.study, opened.trial, PICK, 60, shape=UNIFORM, spread=0.3, seed=7)
    again = around(opened.study, opened.trial, PICK, 60, shape=UNIFORM, spread=0.3, seed=7)
    assert found.document() == again.document()
    assert set(found.sensitivity) == set(PICK)
    strengths = [abs(value or 0.0) for value in found.sensitivity.values()]
    assert strengths == sorted(strengths, reverse=True)
    assert found.figures["sharpe"].quantiles[0] < found.own < found.figures["sharpe"].middle_99[1] + 1.0
    other = around(opened.study, opened.trial, PICK, 60, shape=UNIFORM, spread=0.3, seed=8)
    assert other.document() != found.document()


def test_draws_that_break_a_rule_are_drawn_again(opened: OpenStudy) -> None:
    near = PICK | {"sma_fast": 28, "sma_slow": 40}  # sma_fast + 10 <= sma_slow is near
    found = around(opened.study, opened.trial, near, 20, shape=UNIFORM, spread=0.1, seed=7)
    assert found.redrawn > 0
    impossible = PICK | {"sma_fast": 90}
    with pytest.raises(UsageError, match="are valid sets"):
        around(opened.study, opened.trial, impossible, 20, shape=UNIFORM, spread=0.01, seed=7)
