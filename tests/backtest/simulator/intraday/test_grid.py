"""The grid: parts of a tick in which every target is whole."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.simulator.intraday.grid import Grid


@given(
    st.lists(st.fractions(Fraction(1, 10), 10, max_denominator=20), min_size=1, max_size=5),
    st.integers(1, 1000),
)
def test_every_target_is_a_whole_number_of_parts(ratios: list[Fraction], ticks: int) -> None:
    grid = Grid(ratios=tuple(sorted(set(ratios))))
    assert all((ticks * grid.denominator * ratio).denominator == 1 for ratio in ratios)


@pytest.mark.parametrize("ratios", [(Fraction(2), Fraction(1)), (Fraction(1), Fraction(1))])
def test_targets_lie_further_away_one_after_the_other(ratios: tuple[Fraction, ...]) -> None:
    with pytest.raises(ValueError, match="not ascending"):
        Grid(ratios=ratios)
