"""The stationary bootstrap: its blocks, its seeds, and the block length of Politis and White."""

from pathlib import Path

import numpy as np
import pytest

from backtest.data.sources.csv import read_csv
from backtest.research.overfitting.bootstrap import (
    block_length,
    circular_block_length,
    resampled_counts,
    stationary,
)


def test_rows_run_on_within_a_block_and_around_the_end() -> None:
    rows = stationary(5_000, 20.0, np.random.default_rng(1))
    runs_on = (rows[1:] - rows[:-1]) % 5_000 == 1
    assert rows.min() >= 0
    assert rows.max() < 5_000
    assert 1 - runs_on.mean() == pytest.approx(1 / 20, rel=0.15)


def test_blocks_of_one_are_plain_draws() -> None:
    rows = stationary(2_000, 1.0, np.random.default_rng(2))
    assert ((rows[1:] - rows[:-1]) % 2_000 == 1).mean() < 0.01


def test_counts_are_those_of_the_rows_and_depend_on_seed_and_number_only() -> None:
    few, many = resampled_counts(40, 5.0, 3, seed=9), resampled_counts(40, 5.0, 6, seed=9)
    np.testing.assert_array_equal(few, many[:3])
    assert (many.sum(axis=1) == 40).all()
    rows = stationary(40, 5.0, np.random.default_rng([9, 2]))
    np.testing.assert_array_equal(few[2], np.bincount(rows, minlength=40))
    assert not np.array_equal(few, resampled_counts(40, 5.0, 3, seed=10))


@pytest.mark.shared
def test_block_lengths_of_real_returns_are_those_of_the_reference(shared_data: Path) -> None:
    close = read_csv(shared_data / "daily" / "QQQ.csv", "QQQ").close
    returns = (close[1:] / close[:-1] - 1)[:4_000]
    size = np.abs(returns)
    found = [f(x) for x in (returns, size) for f in (block_length, circular_block_length)]
    assert found == pytest.approx([5.5347, 6.3356, 112.02, 128.24], rel=5e-5)


def test_memory_makes_blocks_longer() -> None:
    noise = np.random.default_rng(3).normal(0, 1, 2_000)
    memory = noise.copy()
    for t in range(1, len(memory)):
        memory[t] += 0.8 * memory[t - 1]
    assert block_length(noise) < 5
    assert block_length(memory) > 15
    assert block_length(np.full(100, 2.0)) == 1.0
    assert block_length(np.arange(5.0)) == 1.0
