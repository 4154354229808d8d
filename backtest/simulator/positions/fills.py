"""What the orders of a session become: the simulator's own way, or what a caller puts in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backtest.simulator.positions.model import Held


@dataclass(frozen=True, slots=True)
class Sale:
    """What a sale becomes: price per share after slippage, and whole shares."""

    price: float
    shares: int


class Fills:
    """The simulator's own fills: everything that is ordered is filled, at the price of its model."""

    def entry(self, held: Held) -> Held | None:
        """Return the position that an entry becomes, None when nothing was bought.

        Args:
            held: the position as the simulator would open it.
        """
        return held

    def exit(self, held: Held, price: float, reason: str) -> Sale | None:
        """Return what a sale at the open becomes, None when nothing was sold.

        Args:
            held: the position.
            price: of the simulator, after slippage.
            reason: of the sale.
        """
        del reason
        return Sale(price, held.shares)

    def stop(self, held: Held, price: float | None) -> Sale | None:
        """Return what a resting stop becomes during the session, None when it is not filled.

        Args:
            held: the position.
            price: of the simulator, after slippage; None when it does not touch the stop.
        """
        return None if price is None else Sale(price, held.shares)


SIMULATED: Final = Fills()
