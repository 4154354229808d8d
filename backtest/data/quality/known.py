"""What is known about prices besides the prices themselves, as one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backtest.data.quality.actions import CorporateAction
from backtest.data.quality.confirmations import ConfirmedPrice
from backtest.data.quality.relations import PriceRelation


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about prices besides the prices.

    Attributes:
        relations: which symbol multiplies which index.
        actions: recorded corporate actions; a step or a restatement that one explains is accepted.
        confirmed: prices that a person looked at.
    """

    relations: Sequence[PriceRelation] = ()
    actions: Sequence[CorporateAction] = ()
    confirmed: Sequence[ConfirmedPrice] = ()

    def multiple(self, symbol: str) -> float:
        """Return the largest multiple by which a symbol follows an index, at least 1."""
        return max((abs(r.multiple) for r in self.relations if r.symbol == symbol), default=1.0)


NOTHING_KNOWN = Known()
