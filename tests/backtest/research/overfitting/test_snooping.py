"""Reality Check, SPA and StepM: noise is noise, an edge is found, and variance is taken out."""

import numpy as np
import pytest

from backtest.core.errors import UsageError
from backtest.research.overfitting.snooping import (
    Resampled,
    reality_check,
    stepwise_superior,
    superior_predictive_ability,
)

SCALES = np.linspace(0.005, 0.03, 20)


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (500, 20)) * SCALES


def resampled(excess: np.ndarray, seed: int = 1) -> Resampled:
    return Resampled.of(excess, block=3.0, draws=300, seed=seed)


def test_noise_is_rarely_called_skill() -> None:
    found = [resampled(noise(seed), seed) for seed in range(15)]
    assert sum(reality_check(item) < 0.05 for item in found) <= 3
    assert sum(superior_predictive_ability(item).consistent < 0.05 for item in found) <= 3
    assert sum(len(stepwise_superior(item)) > 0 for item in found) <= 3


def test_an_edge_is_found_and_named() -> None:
    excess = noise(3)
    excess[:, 4] += 0.004
    excess[:, 9] += 0.006
    found = resampled(excess)
    assert superior_predictive_ability(found).consistent < 0.01
    assert stepwise_superior(found).tolist() == [4, 9]


def test_a_quiet_edge_among_loud_models_needs_studentising() -> None:
    """The reason for own code: without it the loud models hide the quiet one."""
    excess = noise(5)
    excess[:, 0] += 0.0008
    excess[:, 1:] *= 5
    found = resampled(excess)
    assert reality_check(found) > 0.2
    assert superior_predictive_ability(found).consistent < 0.05


def test_scaling_a_model_changes_nothing_when_studentised() -> None:
    excess = noise(7)
    one, other = resampled(excess), resampled(excess * np.geomspace(1, 100, 20))
    assert superior_predictive_ability(one) == superior_predictive_ability(other)
    assert stepwise_superior(one).tolist() == stepwise_superior(other).tolist()


def test_the_ways_to_centre_are_in_their_order() -> None:
    excess = noise(11)
    excess[:, :10] -= 0.01  # bad models make the test weak only where they are not centred away
    found = superior_predictive_ability(resampled(excess))
    assert found.lower <= found.consistent <= found.upper


def test_models_that_do_nothing_win_nothing() -> None:
    found = Resampled.of(np.zeros((50, 3)), block=2.0, draws=50)
    assert (superior_predictive_ability(found).consistent, reality_check(found)) == (1.0, 1.0)
    assert stepwise_superior(found).tolist() == []


def test_too_little_is_refused() -> None:
    with pytest.raises(UsageError, match="too few"):
        Resampled.of(np.zeros((5, 3)), block=2.0)
    with pytest.raises(UsageError, match="too few"):
        Resampled.of(np.zeros((50, 0)), block=2.0)
