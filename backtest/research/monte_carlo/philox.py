"""Numbered random words: Philox 4x64-10 (Salmon and others, 2011), as numpy draws them with the same key.

Word k of a path depends on seed, path and k alone, so every thread may compute any path. All values are
unsigned 64-bit integers; only the compiler runs these functions.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

#: random words that one call gives
WORDS: Final = 4
_ROUNDS: Final = 10
_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)
_MULTIPLIER_0: Final = np.uint64(0xD2E7470EE14C6C93)
_MULTIPLIER_1: Final = np.uint64(0xCA5A826395121157)
_STEP_0: Final = np.uint64(0x9E3779B97F4A7C15)
_STEP_1: Final = np.uint64(0xBB67AE8584CAA73B)


def high_word(one: Any, other: Any) -> Any:
    """Return the high 64 bits of the product of two unsigned words."""
    one_low, one_high = one & _LOW, one >> _HALF
    other_low, other_high = other & _LOW, other >> _HALF
    middle = one_high * other_low + (one_low * other_low >> _HALF)
    cross = one_low * other_high + (middle & _LOW)
    return one_high * other_high + (middle >> _HALF) + (cross >> _HALF)


def random_words(seed: Any, path: Any, counter: Any, words: Any) -> None:
    """Fill `words`, shape (WORDS,), with those of one counter.

    Args:
        seed: one half of the key.
        path: the other half.
        counter: from 1 on, as numpy counts.
        words: is filled.
    """
    zero = seed ^ seed  # a word like the others: a literal would be a signed number
    first, second, third, fourth = counter, zero, zero, zero
    for _ in range(_ROUNDS):
        high = high_word(_MULTIPLIER_0, first)
        other = high_word(_MULTIPLIER_1, third)
        second_before, fourth_before = second, fourth
        second, fourth = _MULTIPLIER_1 * third, _MULTIPLIER_0 * first
        first, third = other ^ second_before ^ seed, high ^ fourth_before ^ path
        seed += _STEP_0
        path += _STEP_1
    words[0], words[1], words[2], words[3] = first, second, third, fourth
