"""Execution windows on daily bars: which price stands for which window, and what that leaves out."""

from __future__ import annotations

from backtest.core.decision import ExecutionTime

#: Windows that decide on the bar before and fill at the session's open; the others use its close.
OPENING: frozenset[ExecutionTime] = frozenset({"open", "15min_after_open"})
_EXACT: frozenset[ExecutionTime] = frozenset({"open", "close"})


def daily_bar_warning(execution_time: ExecutionTime, *, enters_at_open: bool = False) -> str | None:
    """Return what a person must know of fills on daily bars, None when the bar has the price of the window.

    Daily bars know the open and the close only: opening windows fill at the open, closing windows at the
    close. With `enters_at_open` (the positions family) entries fill at the open in every window.
    """
    if enters_at_open and execution_time not in OPENING:
        return f"daily bars are simulated from the open: entries fill there, not at {execution_time}"
    if execution_time in _EXACT:
        return None
    price = "open" if execution_time in OPENING else "close"
    return f"daily bars have no {execution_time} price: orders fill at the {price}"
