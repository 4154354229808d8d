"""What makes a strategy one of a grid: its range, entry, target and filter; and its name."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from backtest.strategies.opening_range_breakout import rules

EntryModel = Literal["E1", "E2", "E3"]
ENTRY_MODELS: Final[dict[EntryModel, int]] = {"E1": rules.E1, "E2": rules.E2, "E3": rules.E3}
MAX_CONFIRM_BARS: Final = 10


@dataclass(frozen=True, slots=True, order=True)
class StrategyKey:
    """One cell of the grid with one filter; in the order of the table of figures."""

    minutes: int
    filter: str
    label: str
    model: EntryModel
    ratio: Fraction
    confirm_bars: int

    def id(self, symbol: str) -> str:
        """Return its name, e.g. ``MGC_0900_E1_RR2.5_CB2_ORB_G4``.

        The length of the range is named when it is not the usual five minutes: two strategies that differ
        in it alone must not share a name.
        """
        label = self.label if self.minutes == 5 else f"{self.label}M{self.minutes}"
        return f"{symbol}_{label}_{self.model}_RR{float(self.ratio)}_CB{self.confirm_bars}_{self.filter}"
