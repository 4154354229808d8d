"""Searches: set i is a function of study and i, in any cut."""

import numpy as np
import pytest

from backtest.research.search import GRID, METHODS, RANDOM, SOBOL, sets, uniform
from backtest.research.space import Axis, Space, joined

SPACE = Space(
    (Axis("a", (1, 2, 3)), Axis("b", (True, False)), Axis("c", tuple(np.linspace(0, 1, 11).tolist()))), {}
)
DRAWN = Space(
    (*SPACE.axes, Axis("d", low=0.5, high=9.0, logarithmic=True), Axis("e", low=3, high=40, whole=True)), {}
)


@pytest.mark.parametrize("method", METHODS)
def test_a_search_is_the_same_in_any_cut(method: str) -> None:
    space = SPACE if method == GRID else DRAWN
    whole = sets(space, method, 7, 0, 60)
    cuts = joined(
        [sets(space, method, 7, first, count) for first, count in ((0, 1), (1, 6), (7, 30), (37, 23))]
    )
    for name in space.names:
        np.testing.assert_array_equal(whole[name], cuts[name])


@pytest.mark.parametrize("method", [RANDOM, SOBOL])
def test_the_seed_decides(method: str) -> None:
    one, same, other = (sets(DRAWN, method, seed, 0, 50)["d"] for seed in (7, 7, 8))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_draws_are_words_of_philox() -> None:
    """The very numbers of the generator of the design: key (7, 123), counter from 1."""
    words = np.random.Philox(key=[7, 123], counter=0).random_raw(1)
    assert hex(int(words[0])) == "0x23457b5ec3ce786f"
    assert uniform(7, 123, 0, 1)[0] == (int(words[0]) >> 11) / 2**53


def test_axes_are_drawn_independently_and_evenly() -> None:
    draws = np.array([uniform(3, stream, 0, 4_000) for stream in range(5)])
    assert draws.mean(axis=1) == pytest.approx(np.full(5, 0.5), abs=0.03)
    assert np.abs(np.corrcoef(draws)[np.triu_indices(5, 1)]).max() < 0.06
