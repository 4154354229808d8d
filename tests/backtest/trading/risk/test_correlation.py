"""Correlation of pairs: symmetric, between 0 and 1, and 1 where nothing is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.core.bars import Bars
from backtest.trading.risk.correlation import correlation, matrix


def bars(symbol: str, close: np.ndarray, first: int = 0) -> Bars:
    dates = np.datetime64("2024-01-01", "D") + np.arange(first, first + len(close))
    return Bars(symbol, dates, close, close, close, close, np.ones(len(close)))


def walk(seed: int, count: int = 90) -> np.ndarray:
    prices: np.ndarray = 100 * np.cumprod(1 + 0.02 * np.random.default_rng(seed).standard_normal(count))
    return prices


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 80))
def test_a_pair_is_symmetric_and_within_its_range(one: int, other: int, shift: int) -> None:
    first, second = bars("AAA", walk(one)), bars("BBB", walk(other), shift)
    found = correlation(first, second)
    assert found == correlation(second, first)
    assert 0.0 <= found <= 1.0
    if 90 - shift - 1 < 30:
        assert found == 1.0


def test_it_is_pearsons_of_the_newest_shared_sessions() -> None:
    one, other = walk(1), 0.5 * walk(1) + 0.5 * walk(2)
    first, second = (np.diff(close[-61:]) / close[-61:-1] for close in (one, other))
    found = correlation(bars("AAA", one), bars("BBB", other))
    assert found == pytest.approx(np.corrcoef(np.array([first, second]))[0, 1])


def test_a_hedge_is_worth_nothing_and_the_unknown_counts_in_full() -> None:
    up = walk(3)
    assert correlation(bars("AAA", up), bars("BBB", 1e4 / up)) == 0.0
    assert correlation(bars("AAA", up), None) == 1.0
    assert correlation(bars("AAA", up), bars("BBB", np.full(90, 5.0))) == 1.0


def test_the_matrix_is_symmetric_with_ones() -> None:
    history = {name: bars(name, walk(seed)) for seed, name in enumerate(("AAA", "BBB", "CCC"))}
    found = matrix(["AAA", "CCC", "ZZZ"], history)
    assert np.array_equal(found, found.T)
    assert found.diagonal().tolist() == [1.0] * 3
    assert found[0, 1] == correlation(history["AAA"], history["CCC"])
    assert found[0, 2] == 1.0
