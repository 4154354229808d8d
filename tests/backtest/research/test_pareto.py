"""The front against its definition."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from backtest.core.bars import FloatArray
from backtest.research.pareto import pareto_front

SCORES = st.integers(1, 3).flatmap(
    lambda k: st.integers(1, 30).flatmap(
        lambda n: arrays(np.float64, (n, k), elements=st.integers(-4, 4).map(float))
    )
)


@given(SCORES)
def test_the_front_is_what_nothing_beats(scores: FloatArray) -> None:
    expected = [
        row
        for row, own in enumerate(scores)
        if not any((other >= own).all() and (other > own).any() for other in scores)
    ]
    assert pareto_front(scores).tolist() == expected


def test_sets_without_figures_are_in_no_front() -> None:
    scores = np.array([[1.0, np.nan], [-np.inf, 9.0], [2.0, 1.0]])
    assert pareto_front(scores).tolist() == [2]
    assert pareto_front(np.full((2, 1), np.nan)).tolist() == []


def test_a_million_sets_take_no_time() -> None:
    scores = np.random.default_rng(1).normal(size=(200_000, 2))
    assert 5 < len(pareto_front(scores)) < 40
