"""How much history a strategy wants before its first decision, and a finding when there is less."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from backtest.core.bars import Bars
from backtest.core.errors import Finding
from backtest.strategies.base import Strategy


def short_history(
    strategy: Strategy, history: Mapping[str, Bars], first_decision: date, *, floor: int | None = None
) -> Finding | None:
    """Return what is missing below `strategy.history_floor`, None when there is enough.

    Counted are the bars of the first signal symbol before `first_decision`, the newest bar the first decision
    reads. A strategy whose symbols come with its candidates has no signal symbol and no finding here.
    `floor` takes the place of the strategy's when a person accepted a lower one.

    A stage turns the finding into exit 5, replay and backtest into a warning.
    """
    if not strategy.signal_symbols:
        return None
    symbol = strategy.signal_symbols[0]
    bars = history.get(symbol)
    row = 0 if bars is None else int(np.searchsorted(bars.dates, np.datetime64(first_decision, "D")))
    wanted = strategy.history_floor if floor is None else floor
    if row >= wanted:
        return None
    enough = bars is not None and len(bars) > wanted
    since = f"decide from {bars.dates[wanted]} on, or " if bars is not None and enough else ""
    return Finding(
        symbol,
        f"{row:,} bars before the first decision on {first_decision}; {strategy.variant} wants "
        f"{wanted:,}, with fewer its decisions depend on where the history starts",
        f"{since}import older bars",
    )
