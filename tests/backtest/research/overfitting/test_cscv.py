"""The probability of overfitting on cases whose answer is known."""

from itertools import combinations

import numpy as np
import pytest

from backtest.core.bars import FloatArray
from backtest.core.errors import UsageError
from backtest.research.overfitting.cscv import overfitting

NOISE = np.random.default_rng(1).normal(0, 0.01, (1000, 50))


def test_a_trial_that_dominates_everywhere_is_not_overfitted() -> None:
    returns = NOISE.copy()
    returns[:, 7] += 0.02
    found = overfitting(returns)
    assert (found.probability, found.loss, found.splits) == (0.0, 0.0, 12_870)


def test_mirrored_trials_turn_around_outside_the_sample() -> None:
    half = np.tile([0.012, 0.008], 10)
    trial = np.concatenate([half, -half])
    found = overfitting(np.column_stack([trial, -trial]), blocks=2)
    assert found.logits.tolist() == pytest.approx([-0.6931, -0.6931], abs=5e-5)
    assert found.probability == 1.0
    assert found.loss == 1.0


def test_noise_has_the_number_that_was_reproduced() -> None:
    assert overfitting(NOISE).probability == pytest.approx(0.607537, abs=5e-7)


def test_ranks_equal_those_counted_one_by_one() -> None:
    returns = np.random.default_rng(2).normal(0.001, 0.01, (66, 5)).round(3)
    returns[:, 3] = returns[:, 1]  # ties
    got = overfitting(returns, blocks=4)
    assert sorted(got.logits.tolist()) == pytest.approx(sorted(counted(returns[:64], 4)))


def counted(returns: FloatArray, blocks: int) -> list[float]:
    parts = np.split(returns, blocks)
    found = []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.concatenate([parts[k] for k in chosen])
        outside = np.concatenate([parts[k] for k in range(blocks) if k not in chosen])
        here, there = (x.mean(axis=0) / x.std(axis=0, ddof=1) for x in (inside, outside))
        pick = here.argmax()
        equal = np.isclose(there, there[pick], rtol=1e-12)
        rank = (there[~equal] < there[pick]).sum() + (equal.sum() + 1) / 2
        share = rank / (returns.shape[1] + 1)
        found.append(float(np.log(share / (1 - share))))
    return found


@pytest.mark.parametrize(
    ("periods", "trials", "blocks"), [(20, 5, 16), (100, 1, 16), (100, 5, 3), (100, 5, 0)]
)
def test_what_cannot_be_split_is_refused(periods: int, trials: int, blocks: int) -> None:
    with pytest.raises(UsageError, match="cannot be split"):
        overfitting(np.zeros((periods, trials)), blocks)


def test_trials_that_do_nothing_are_no_division_by_zero() -> None:
    found = overfitting(np.zeros((64, 3)), blocks=4)
    assert found.probability == 1.0  # all tie at the middle
    assert np.isnan(found.slope)
