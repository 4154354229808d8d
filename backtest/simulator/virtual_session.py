"""Settling a session of a virtual book by the step of its family's simulator."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Final

from backtest.core.decision import FamilyName
from backtest.simulator.session_values import BarsOf, Settled, VirtualSession

#: family -> module with its `settle`, imported when a book of the family is settled
_SETTLE: Final[Mapping[FamilyName, str]] = {
    "allocation": "backtest.simulator.allocation.virtual",
    "positions": "backtest.simulator.positions.virtual",
}


def settle_virtual_session(asked: VirtualSession, bars_of: BarsOf) -> Settled:
    """Return the book after a session. DataError when a bar that is needed is missing."""
    module = importlib.import_module(_SETTLE[asked.strategy.family.name])
    settle: Callable[[VirtualSession, BarsOf], Settled] = module.settle
    return settle(asked, bars_of)
