"""Plans of resampled paths, and what their outcomes mean."""

import math

import numpy as np
import pytest

from backtest.core.bars import FloatArray
from backtest.core.errors import DataError, UsageError
from backtest.research.monte_carlo.resampling import (
    CIRCULAR,
    Resampling,
    default_block,
    require_plan,
    resample,
)


def drawn(returns: FloatArray, **changes: object) -> Resampling:
    return Resampling(**{"paths": 400, "sessions": 100, "block": 5.0, "seed": 7} | changes)  # type: ignore[arg-type]


def test_one_return_over_and_over_has_its_own_growth() -> None:
    constant = np.full(30, 0.001)
    found = resample(constant, drawn(constant))
    np.testing.assert_allclose(found.final, 1.001**100, rtol=1e-12)
    assert (found.drawdown == 0).all()
    assert (found.under_water == 0).all()
    assert (found.lowest == 1.0).all()
    assert (found.sharpe == 0).all()


def test_a_loss_is_seen_in_every_outcome() -> None:
    losses = np.full(30, -0.01)
    found = resample(losses, drawn(losses, sessions=10))
    np.testing.assert_allclose(found.drawdown, 1 - 0.99**10, rtol=1e-12)
    np.testing.assert_allclose(found.lowest, 0.99**10, rtol=1e-12)
    assert (found.under_water == 10).all()


def test_the_paths_have_the_mean_and_the_sharpe_of_the_series() -> None:
    returns = np.random.default_rng(3).normal(0.0006, 0.01, 1_000)
    found = resample(returns, drawn(returns, paths=4_000, sessions=252))
    own = math.sqrt(252) * returns.mean() / returns.std(ddof=1)
    assert found.sharpe.mean() == pytest.approx(own, abs=0.08)
    assert np.log(found.final).mean() / 252 == pytest.approx(np.log1p(returns).mean(), abs=5e-5)


def test_marks_rise_to_the_last_session() -> None:
    for sessions in (1, 2, 99, 100, 101, 4_000):
        marks = drawn(np.zeros(1), sessions=sessions).marks
        assert marks[-1] == sessions
        assert len(marks) == min(sessions, 100)
        assert (np.diff(marks) > 0).all()


def test_blocks_are_as_long_as_clusters_of_volatility_but_a_tenth_at_most() -> None:
    random = np.random.default_rng(5)
    calm = random.normal(0, 0.01, 1_000)
    clustered = calm * np.where((np.arange(1_000) // 100) % 2, 3.0, 1.0)
    assert default_block(calm) < 10 < default_block(clustered) <= 100
    assert default_block(clustered, CIRCULAR) >= default_block(clustered)
    assert default_block(np.zeros(50)) == 1.0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "moving"}, "stationary or circular"),
        ({"paths": 0}, "--paths"),
        ({"block": 0.5}, "--block"),
        ({"block": 1e17}, "--block"),  # 1 - 1/b is 1 there: a block of no sessions, again and again
        ({"seed": 2**64}, "--seed"),
    ],
)
def test_a_plan_that_cannot_be_drawn_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        require_plan(drawn(np.zeros(1), **changes))


@pytest.mark.parametrize("returns", [[0.1], [0.1, math.nan], [0.1, -1.0], [0.1, math.inf]])
def test_returns_that_are_none_are_refused(returns: list[float]) -> None:
    with pytest.raises(DataError):
        resample(np.array(returns), drawn(np.zeros(1)))
