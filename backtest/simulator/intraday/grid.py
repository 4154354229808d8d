"""The grid of an outcome table: entry models, confirm counts and ratios of reward to risk."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from backtest.strategies.opening_range_breakout.strategy_key import EntryModel


@dataclass(frozen=True, slots=True)
class Grid:
    """Every combination of these is one strategy per range; sorted, each value once.

    Attributes:
        models: entry models.
        ratios: reward by risk, positive and exact.
        confirm_bars: closes in a row, 1 to 10.
    """

    models: tuple[EntryModel, ...] = ("E1", "E2", "E3")
    ratios: tuple[Fraction, ...] = (Fraction(1), Fraction(3, 2), Fraction(2), Fraction(3))
    confirm_bars: tuple[int, ...] = (1, 2, 3)

    @property
    def denominator(self) -> int:
        """How many parts a tick is counted in, so that every target is a whole number of them."""
        return math.lcm(*(ratio.denominator for ratio in self.ratios))
