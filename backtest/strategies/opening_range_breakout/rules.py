"""The rules of an opening-range breakout, one bar at a time: the only definition of each.

A batch of outcomes compiles these functions, a session runs them as they are, so both answer the same. They
take numbers in any one unit: prices as doubles (compatibility) or whole ticks held in doubles, where every
sum and comparison is exact. Source: sections 3 to 7 of the strategy's specification.
"""

from __future__ import annotations

from typing import Any, Final

#: sides of a break
LONG: Final = 1
SHORT: Final = -1
NO_BREAK: Final = 0
#: answers of a bar to a resting limit order
WAITING: Final = 0
FILLED: Final = 1
DEAD: Final = 2
#: answers of a bar to an open trade
OPEN: Final = 0
TARGET: Final = 1
STOP: Final = 2
BOTH: Final = 3
#: entry models: open of the next bar, close of the confirming bar, limit at the broken edge
E1: Final = 1
E2: Final = 2
E3: Final = 3


def break_side(close: float, high: float, low: float) -> int:
    """Return the side on which a bar closes strictly outside a range; an equal close is inside."""
    if close > high:
        return LONG
    if close < low:
        return SHORT
    return NO_BREAK


def confirm_count(count: int, close: float, side: int, high: float, low: float) -> int:
    """Return the closes in a row on the side of the break after one more bar; any other close starts anew."""
    return count + 1 if break_side(close, high, low) == side else 0


def edge_of(side: int, high: float, low: float) -> float:
    """Return the edge that was broken: where a limit order of E3 rests."""
    return high if side > 0 else low


def stop_of(side: int, high: float, low: float) -> float:
    """Return the opposite edge: the stop of every entry model."""
    return low if side > 0 else high


def risk_of(entry: float, stop: float) -> float:
    """Return the distance from entry to stop, also where the entry lies beyond the stop."""
    return abs(entry - stop)


def target_of(side: int, entry: float, risk: float, numerator: float, denominator: float) -> float:
    """Return entry +/- risk x numerator / denominator.

    In whole ticks the caller chooses a unit in which the division has no remainder.
    """
    return entry + side * (risk * numerator / denominator)


def entry_is_beyond_stop(side: Any, entry: Any, stop: Any) -> Any:
    """Tell whether an entry lies at its stop or beyond it; of numbers, or element by element of arrays."""
    return side * (entry - stop) <= 0


def limit_answer(side: int, high: float, low: float, edge: float, stop: float) -> int:
    """Return what a bar does to a limit order at the edge: a bar that reaches the stop ends it unfilled."""
    if low <= stop if side > 0 else high >= stop:
        return DEAD
    if low <= edge if side > 0 else high >= edge:
        return FILLED
    return WAITING


def exit_answer(side: int, high: float, low: float, stop: float, target: float) -> int:
    """Return what a bar does to an open trade; an equal price is a touch. BOTH counts as a loss."""
    if side > 0:
        at_stop = low <= stop
        at_target = high >= target
    else:
        at_stop = high >= stop
        at_target = low <= target
    if at_stop:
        return BOTH if at_target else STOP
    return TARGET if at_target else OPEN


def watches_entry_bar(model: int) -> bool:
    """Tell whether the bar of the entry can end the trade: not where its close was the entry."""
    return model != E2


def adverse(side: int, high: float, low: float, entry: float) -> float:
    """Return how far a bar went against an entry; negative when it did not."""
    return entry - low if side > 0 else high - entry


def favourable(side: int, high: float, low: float, entry: float) -> float:
    """Return how far a bar went with an entry; negative when it did not."""
    return high - entry if side > 0 else entry - low


def gapped_through(side: Any, open_: Any, stop: Any) -> Any:
    """Tell whether a bar opened beyond the stop, where a real stop fills; of numbers or arrays."""
    return side * (open_ - stop) < 0
