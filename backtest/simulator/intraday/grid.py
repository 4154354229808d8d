"""The grid of an outcome table: entry models, confirm counts and ratios of reward to risk."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from backtest.strategies.opening_range_breakout.strategy_key import EntryModel


@dataclass(frozen=True, slots=True)
class Grid:
    """Every combination of these is one strategy per range; sorted, each value once.

    Attributes:
        models: entry models.
        ratios: reward by risk, positive and exact.
        confirm_bars: closes in a row, 1 to 10.

    Raises:
        ValueError: ratios or confirm counts that are not ascending.
    """

    models: tuple[EntryModel, ...] = ("E1", "E2", "E3")
    ratios: tuple[Fraction, ...] = (Fraction(1), Fraction(3, 2), Fraction(2), Fraction(3))
    confirm_bars: tuple[int, ...] = (1, 2, 3)

    def __post_init__(self) -> None:
        """Judge the order: the walk relies on targets that lie further away one after the other."""
        steps = [after - before for before, after in pairwise(map(Fraction, self.ratios))]
        steps += [Fraction(after - before) for before, after in pairwise(self.confirm_bars)]
        if any(step <= 0 for step in steps):
            raise ValueError(f"{self} is not ascending")

    @property
    def denominator(self) -> int:
        """How many parts a tick is counted in, so that every target is a whole number of them."""
        return math.lcm(*(ratio.denominator for ratio in self.ratios))
