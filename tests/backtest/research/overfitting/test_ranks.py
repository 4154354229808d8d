"""Rank correlation."""

import numpy as np
import pytest

from backtest.research.overfitting.ranks import average_ranks, spearman


def test_equal_values_share_their_ranks() -> None:
    assert average_ranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [3.5, 1.0, 3.5, 2.0]


def test_order_counts_not_size() -> None:
    one = np.array([1.0, 2.0, 3.0, 4.0])
    assert spearman(one, np.exp(9 * one)) == pytest.approx(1.0)
    assert spearman(one, -one) == pytest.approx(-1.0)
    assert spearman(one, np.array([2.0, 1.0, 4.0, 3.0])) == pytest.approx(0.6)


def test_without_variation_there_is_none() -> None:
    assert spearman(np.ones(5), np.arange(5.0)) is None
    assert spearman(np.array([1.0]), np.array([2.0])) is None
