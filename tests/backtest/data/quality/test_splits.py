"""What looks like a split: the ratios that occur, in prices and in share counts."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.data.quality.splits import (
    NEAR,
    RATIOS,
    describe_factor,
    near_split,
    split_factor,
    split_ratio,
)


@given(st.sampled_from(RATIOS), st.floats(-0.005, 0.005))
def test_a_price_near_the_factor_of_a_split_is_that_split(ratio: Fraction, off: float) -> None:
    price_ratio = float(1 / ratio) * (1 + off)
    assert split_ratio(price_ratio) == ratio
    assert near_split(np.array([price_ratio]))[0]


@pytest.mark.parametrize("price_ratio", [0.0, -1.0, float("nan"), float("inf"), 1.0, 0.9, 1.12])
def test_what_is_no_split(price_ratio: float) -> None:
    assert split_ratio(price_ratio) is None
    assert split_factor(price_ratio) is None
    assert not near_split(np.array([price_ratio]))[0]


@given(st.lists(st.floats(0.001, 200, allow_nan=False), min_size=1, max_size=20))
def test_many_at_once_say_what_each_says_alone(ratios: list[float]) -> None:
    for ratio, near in zip(ratios, near_split(np.array(ratios)).tolist(), strict=True):
        distances = [abs(ratio * float(r) - 1) for r in RATIOS]
        if abs(min(distances) - NEAR) > 1e-3:  # not at the very edge
            assert near == (split_ratio(ratio) is not None)


@pytest.mark.parametrize(
    ("factor", "words"),
    [(0.5, "2-for-1 split"), (10.0, "1-for-10 reverse split"), (0.97, "dividend or other price adjustment")],
)
def test_in_words(factor: float, words: str) -> None:
    assert words in describe_factor(factor)
