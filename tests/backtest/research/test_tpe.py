"""The Parzen estimator: densities, and that it draws where good sets lie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.bars import FloatArray
from backtest.research import tpe
from backtest.research.tpe import BATCH, proposals


def worth(genes: FloatArray) -> FloatArray:
    """Highest at 0.7 on the first axis and 0.2 on the second; the third does not matter."""
    return -((genes[:, 0] - 0.7) ** 2) - (genes[:, 1] - 0.2) ** 2


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=0, max_size=30))
def test_a_density_is_one(centres: list[float]) -> None:
    at = (np.arange(2_000) + 0.5) / 2_000
    assert tpe._density(at, np.array(centres)).mean() == pytest.approx(1.0, abs=0.02)


@given(st.integers(1, 40), st.integers(1, 5), st.integers(0, 99))
def test_proposals_are_genes(known: int, axes: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    found = proposals(random.random((known, axes)), np.arange(known), 9, random)
    assert found.shape == (9, axes)
    assert ((found >= 0) & (found < 1)).all()


def test_it_comes_closer_than_even_draws_do() -> None:
    random = np.random.default_rng(5)
    genes = random.random((BATCH, 3))
    for _ in range(7):
        order = np.argsort(-worth(genes))
        genes = np.concatenate([genes, proposals(genes, order, BATCH, random)])
    last = genes[-BATCH:]
    even = worth(random.random((8 * BATCH, 3)))
    assert np.median(worth(last)) > np.quantile(even, 0.9)
    assert worth(genes).max() >= even.max()
    assert np.median(last[:, 0]) == pytest.approx(0.7, abs=0.08)
    assert last[:, 2].std() > 0.1  # what does not matter is not narrowed down
