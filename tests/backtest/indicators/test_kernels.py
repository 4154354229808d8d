"""Indicators: values worked out by hand, and compiled against interpreted to the last bit."""

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba.extending import register_jitable

from backtest.core.bars import Bars, FloatArray
from backtest.indicators import daily as indicators
from backtest.indicators import kernels
from tests.support.market_v35b import random_walk

NAN = math.nan


def test_sma_by_hand() -> None:
    got = indicators.sma(np.array([1.0, 2.0, 6.0, 3.0, 9.0]), 3)
    np.testing.assert_array_equal(got, [NAN, NAN, 3.0, 11 / 3, 6.0])


@pytest.mark.parametrize("window", [1, 2, 7, 40, 99, 500])
def test_sma_of_a_constant_is_that_constant_exactly(window: int) -> None:
    got = indicators.sma(np.full(99, 0.1), window)
    assert set(got[window - 1 :].tolist()) <= {0.1}
    assert np.isnan(got[: window - 1]).all()


def test_sma_forgets_what_left_the_window() -> None:
    values = np.array([1e16, 3.0, 5.0, 7.0, 7.0, 7.0])
    assert indicators.sma(values, 2).tolist()[2:] == [4.0, 6.0, 7.0, 7.0]


@given(values=st.lists(st.floats(0.01, 1e4), min_size=1, max_size=120), window=st.integers(1, 40))
def test_sma_equals_the_mean_of_the_window(values: list[float], window: int) -> None:
    got = indicators.sma(np.array(values), window)
    for t in range(window - 1, len(values)):
        assert got[t] == pytest.approx(math.fsum(values[t - window + 1 : t + 1]) / window, rel=1e-13)


def test_realised_volatility_by_hand() -> None:
    # Returns ln 2, 0, 0, -ln 2: deviations of two are half their difference times sqrt 2.
    got = indicators.realised_volatility(np.array([1.0, 2.0, 2.0, 2.0, 1.0]), 2)
    jump = math.sqrt(126) * math.log(2)
    assert np.isnan(got[:2]).all()
    assert got[2:].tolist() == pytest.approx([jump, 0.0, jump])
    assert got[3] == 0.0


def test_volatility_of_constant_growth_is_exactly_zero() -> None:
    got = indicators.realised_volatility(100 * 1.01 ** np.arange(80.0), 21)
    assert set(got[21:].tolist()) == {0.0}


def test_z_score_by_hand() -> None:
    # Of two values the newer lies half a difference above the mean, the deviation is that times sqrt 2.
    sigma = np.array([NAN, 1.0, 3.0, 2.0, 2.0])
    got = indicators.volatility_z_score(sigma, 1, 2)
    assert got[2:].tolist() == pytest.approx([math.sqrt(0.5), -math.sqrt(0.5), 0.0])
    assert np.isnan(got[:2]).all()


def kalman_trend(
    close: FloatArray, volume: FloatArray, *, t_max: float = 100.0, symmetric: bool = False
) -> FloatArray:
    """The trend with noises of one, which a person can work out."""
    return indicators.kalman_trend(
        close,
        volume,
        measurement_noise=1,
        process_noise_1=1,
        process_noise_2=1,
        osc_smoothness=2,
        strength_smoothness=1,
        t_max=t_max,
        symmetric=symmetric,
    )


@pytest.mark.parametrize(
    ("volume", "symmetric", "expected"),
    [
        # Bar 2: s = 3 + R rho. rho 1: gains 3/4, 1/4, so bar 3 is predicted at 175 + 25 and misses by 40.
        ([1, 1, 1], False, (100 + 2 * 40) / 3),
        ([3, 1, 1], False, (100 + 2 * 40) / 3),
        ([0, 0, 0], True, (100 + 2 * 40) / 3),
        # rho 3: gains 1/2, 1/6: predicted at 150 + 100/6.
        ([3, 1, 1], True, (100 + 2 * (240 - 150 - 100 / 6)) / 3),
        # rho 1/3: gains 9/10, 3/10: predicted at 190 + 30.
        ([1, 3, 1], False, (100 + 2 * 20) / 3),
        ([1, 3, 1], True, (100 + 2 * 20) / 3),
        # No volume before: rho 0, gains 1, 1/3: predicted at 200 + 100/3.
        ([0, 1, 1], False, (100 + 2 * (40 - 100 / 3)) / 3),
    ],
)
def test_kalman_trend_by_hand(volume: list[int], symmetric: bool, expected: float) -> None:
    got = kalman_trend(np.array([100.0, 200.0, 240.0]), np.array(volume, np.float64), symmetric=symmetric)
    assert got.tolist() == pytest.approx([0.0, 0.0, expected / 100])


def test_kalman_trend_of_constant_prices_is_zero_and_a_jump_is_clipped() -> None:
    close = np.full(40, 50.0)
    close[-1] = 100.0
    got = kalman_trend(close, np.full(40, 9.0), t_max=50)
    assert got[:-1].tolist() == [0.0] * 39
    assert got[-1] == 1.0  # (0 + 2 * 100) / 3 = 66.7 of 50
    fall = kalman_trend(close[::-1].copy(), np.full(40, 9.0))
    assert fall[1] == 0.0  # one oscillator is not two
    assert fall.min() < -0.1


def test_nothing_is_defined_on_no_bars() -> None:
    empty = np.empty(0)
    assert len(indicators.sma(empty, 3)) == 0
    assert len(indicators.realised_volatility(empty, 3)) == 0
    assert len(kalman_trend(empty, empty)) == 0


@pytest.fixture(scope="module")
def compiled() -> dict[str, Callable[..., int | None]]:
    register_jitable(error_model="numpy")(kernels.rolling_deviation)
    register_jitable(error_model="numpy")(kernels.weighted_mean)
    names = (
        "rolling_mean",
        "realised_volatility",
        "volatility_z",
        "kalman_innovations",
        "oscillators",
        "smoothed_trend",
    )
    return {name: numba.njit(error_model="numpy")(getattr(kernels, name)) for name in names}


@pytest.fixture(scope="module")
def walk() -> Bars:
    return random_walk("QQQ", 1500, seed=5)


def test_compiled_and_interpreted_agree_to_the_last_bit(
    compiled: dict[str, Callable[..., int | None]], walk: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    def everything() -> list[FloatArray]:
        sigma = indicators.realised_volatility(walk.close, 21)
        return [
            indicators.sma(walk.close, 37),
            sigma,
            indicators.volatility_z_score(sigma, 21, 126),
            *(
                indicators.kalman_trend(
                    walk.close,
                    walk.volume,
                    measurement_noise=3000.0,
                    process_noise_1=0.01,
                    process_noise_2=0.01,
                    osc_smoothness=15,
                    strength_smoothness=15,
                    t_max=50.0,
                    symmetric=symmetric,
                    double_smoothing=symmetric,
                )
                for symmetric in (False, True)
            ),
        ]

    interpreted = everything()
    for name, function in compiled.items():

        def native(*args: Any, function: Callable[..., int | None] = function) -> int | None:
            columns = [np.array(a) if isinstance(a, list) else a for a in args]
            result = function(*columns)
            for given_, column in zip(args, columns, strict=True):
                if isinstance(given_, list):
                    given_[:] = column.tolist()
            return result

        monkeypatch.setattr(kernels, name, native)
    for ours, compiled_to in zip(interpreted, everything(), strict=True):
        assert ours.tobytes() == compiled_to.tobytes()
        assert np.isfinite(ours[-1])


def test_a_magnitude_counts_for_exactly_500_bars() -> None:
    innovations = np.full(503, 1.0)
    innovations[1] = -100.0
    out = [0.0] * 503
    count = kernels.oscillators(innovations, 1, [0.0] * 512, [0] * 512, out)
    assert count == 502
    assert out[0] == -100.0
    assert set(out[1:500]) == {1.0}  # rows 2 to 500 still see the 100 of row 1
    assert out[500:502] == [100.0, 100.0]  # rows 501 and 502 do not
