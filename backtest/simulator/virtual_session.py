"""Settling a session of a virtual book by the step of its family's simulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from backtest.core.decision import FamilyName
from backtest.simulator.allocation import virtual as allocation
from backtest.simulator.positions import virtual as positions
from backtest.simulator.session_values import BarsOf, Settled, VirtualSession

_SETTLE: Final[Mapping[FamilyName, Callable[[VirtualSession, BarsOf], Settled]]] = {
    "allocation": allocation.settle,
    "positions": positions.settle,
}


def settle_virtual_session(asked: VirtualSession, bars_of: BarsOf) -> Settled:
    """Return the book after a session. DataError when a bar that is needed is missing."""
    return _SETTLE[asked.strategy.family.name](asked, bars_of)
