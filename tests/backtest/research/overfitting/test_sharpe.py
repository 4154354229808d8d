"""Statistics of Sharpe ratios against the numbers of their papers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.errors import UsageError
from backtest.research.overfitting import sharpe
from backtest.research.overfitting.sharpe import SharpeSample


@pytest.mark.parametrize(
    ("sample", "against", "answer"),
    [
        (SharpeSample(0.458, 24), 0.0, 0.9817),
        (SharpeSample(0.458, 24, -2.448, 10.164), 0.0, 0.9134),
        (SharpeSample(0.458, 24, -2.448, 10.164), 0.1, 0.8564),
    ],
)
def test_probabilistic_sharpe_of_the_paper(sample: SharpeSample, against: float, answer: float) -> None:
    assert sharpe.probabilistic_sharpe(sample, against) == pytest.approx(answer, abs=5e-5)


@pytest.mark.parametrize(
    ("a_year", "skewness", "kurtosis", "years"),
    [(250, 0.0, 3.0, 2.7312), (52, 0.0, 3.0, 2.8288), (12, 0.0, 3.0, 3.2398), (12, -0.72, 5.78, 4.9913)],
)
def test_minimum_track_record_of_the_paper(
    a_year: int, skewness: float, kurtosis: float, years: float
) -> None:
    sample = SharpeSample(2 / math.sqrt(a_year), 10, skewness, kurtosis)
    periods = sharpe.minimum_track_record(sample, 1 / math.sqrt(a_year))
    assert periods / a_year == pytest.approx(years, abs=5e-5)
    assert sharpe.minimum_track_record(sample, sample.ratio) == math.inf


def test_deflated_sharpe_of_the_paper() -> None:
    deviation = math.sqrt(0.5 / 250)
    assert sharpe.luckiest_sharpe(deviation, 100) == pytest.approx(0.113172, abs=5e-7)
    skewed = SharpeSample(2.5 / math.sqrt(250), 1250, -3.0, 10.0)
    normal = SharpeSample(2.5 / math.sqrt(250), 1250)
    found = [
        sharpe.deflated_sharpe(skewed, deviation, 100),
        sharpe.deflated_sharpe(skewed, deviation, 46),
        sharpe.deflated_sharpe(normal, deviation, 88),
    ]
    assert found == pytest.approx([0.9004, 0.9505, 0.9505], abs=5e-5)


@pytest.mark.parametrize(("trials", "years"), [(10, 2.479), (45, 4.998), (1_000, 10.596), (1e6, 23.70)])
def test_minimum_backtest_length_of_the_paper(trials: float, years: float) -> None:
    assert sharpe.minimum_backtest_length(trials) == pytest.approx(years, abs=5e-3)
    assert years < 2 * math.log(trials)  # the bound of the paper


@given(st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=60))
def test_every_sample_has_a_probability_or_hardly_varies(values: list[float]) -> None:
    sample = sharpe.sample_of(np.array(values))
    if sample is not None:
        assert 0.0 <= sharpe.probabilistic_sharpe(sample) <= 1.0
        assert sharpe.deflated_sharpe(sample, 0.1, 1000) <= sharpe.probabilistic_sharpe(sample)


def test_moments_are_those_of_the_population() -> None:
    returns = np.array([0.01, -0.02, 0.03, -0.01, 0.02])
    sample = sharpe.sample_of(returns)
    assert sample is not None
    centred = returns - returns.mean()
    assert sample.ratio == pytest.approx(returns.mean() / returns.std(ddof=1))
    assert sample.skewness == pytest.approx((centred**3).mean() / returns.std() ** 3)
    assert sample.kurtosis == pytest.approx((centred**4).mean() / returns.std() ** 4)
    assert sharpe.sample_of(np.full(50, 0.001)) is None
    assert sharpe.sample_of(returns[:2]) is None


def test_more_trials_never_make_a_ratio_more_certain() -> None:
    chances = [sharpe.expected_maximum(n) for n in (1, 1.5, 2, 10, 1e3, 1e6, 1e9)]
    assert chances[0] == 0.0
    assert chances[2:] == sorted(chances[2:])


def test_independent_trials_lie_between_one_and_all() -> None:
    assert sharpe.independent_trials(100, 0.0) == 100
    assert sharpe.independent_trials(100, 1.0) == 1
    assert sharpe.independent_trials(100, 0.3) == pytest.approx(70.3)
    assert sharpe.independent_trials(100, -0.5) == 100


def test_mean_correlation_is_that_of_all_pairs() -> None:
    returns = np.random.default_rng(3).normal(0, 1, (50, 6)) @ np.random.default_rng(4).normal(0, 1, (6, 6))
    pairs = np.asarray(np.corrcoef(returns.T))[np.triu_indices(6, 1)]
    assert sharpe.mean_correlation(returns) == pytest.approx(pairs.mean())
    constant = np.column_stack([returns, np.zeros(50)])
    assert sharpe.mean_correlation(constant) == pytest.approx(pairs.mean())
    assert sharpe.mean_correlation(returns[:, :1]) is None


def test_impossible_moments_are_refused() -> None:
    with pytest.raises(UsageError, match="no sample"):
        sharpe.probabilistic_sharpe(SharpeSample(1.0, 10, 5.0, 1.0))
