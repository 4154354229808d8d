"""The loops one by one, interpreted, against the definitions of `backtest.indicators.kernels`."""

from types import SimpleNamespace

import numpy as np
import pytest

from backtest.indicators import kernels
from backtest.research.hierarchical_adaptive import shared_kernels as shared


@pytest.mark.parametrize("sessions", [2, 40, 501, 1_203])
def test_filters_side_by_side_give_the_oscillators_of_single_ones(sessions: int) -> None:
    random = np.random.default_rng(sessions)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.02, sessions)))
    volume = random.uniform(1, 5, sessions) * (random.random(sessions) > 0.1)
    lanes, stride, size = 3, sessions + 8, shared.BLOCK * shared.FILTERS
    work = SimpleNamespace(
        noise=[10.0, 900.0, 3000.0],
        q1=[0.01, 0.5, 0.02],
        q2=[0.01, 0.02, 0.5],
        state=np.zeros(10 * shared.FILTERS),
        block=np.empty(size),
        scaled=np.empty(size),
        suffix=np.zeros(size + shared.FILTERS),
        oscillators=np.zeros(lanes * stride),
        finite=np.zeros(lanes, dtype=bool),
    )
    plain, symmetric = np.empty(sessions), np.empty(sessions)
    shared.noise_ratios(volume, plain, symmetric)
    for mirrored, ratio in ((False, plain), (True, symmetric)):
        with np.errstate(invalid="ignore", divide="ignore"):
            shared.filter_tile(close, ratio, lanes, work, stride)
        assert work.finite.all()
        for lane in range(lanes):
            single, want = np.full(sessions, np.nan), np.full(sessions, np.nan)
            noises = work.noise[lane], work.q1[lane], work.q2[lane]
            kernels.kalman_innovations(close, volume, *noises, mirrored, single)
            count = kernels.oscillators(single, 1, np.empty(512), np.empty(512, dtype=int), want)
            got = work.oscillators[lane * stride + 1 : lane * stride + sessions]
            np.testing.assert_array_equal(got, want[:count])


@pytest.mark.parametrize(
    ("wait", "length", "second"), [(1, 1, 0), (15, 15, 15), (5, 18, 5), (60, 3, 0), (90, 4, 0)]
)
def test_trend_has_the_sums_of_the_kernel(wait: int, length: int, second: int) -> None:
    oscillator = np.random.default_rng(1).normal(0, 40, 70)
    got, want = np.full(70, np.nan), np.full(70, np.nan)
    shared.trend_row(oscillator, wait, length, second, np.empty(70), got)
    count = max(0, 70 - wait)
    kernels.smoothed_trend(oscillator[wait:], count, wait, length, second, 1e9, np.empty(70), want)
    np.testing.assert_array_equal(got / 1e9, want)
