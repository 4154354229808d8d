"""Random words as numpy draws them."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backtest.research.monte_carlo import philox

WORD = st.integers(0, 2**64 - 1)


def words(seed: int, path: int, counter: int) -> list[int]:
    """Run the functions as plain Python over numpy's words, whose products wrap around."""
    found: Any = np.empty(philox.WORDS, dtype=np.uint64)
    with np.errstate(over="ignore"):
        philox.random_words(np.uint64(seed), np.uint64(path), np.uint64(counter), found)
    return [int(word) for word in found]


def test_the_first_words_of_a_key_are_the_known_ones() -> None:
    assert words(7, 123, 1)[0] == 0x23457B5EC3CE786F


@given(seed=WORD, path=WORD, counter=st.integers(1, 2**40))
def test_they_are_numpys(seed: int, path: int, counter: int) -> None:
    generator = np.random.Philox(key=np.array([seed, path], dtype=np.uint64), counter=counter - 1)
    assert words(seed, path, counter) == [int(word) for word in generator.random_raw(4)]


@given(one=WORD, other=WORD)
def test_the_high_word_is_that_of_the_whole_product(one: int, other: int) -> None:
    with np.errstate(over="ignore"):
        assert int(philox.high_word(np.uint64(one), np.uint64(other))) == (one * other) >> 64
