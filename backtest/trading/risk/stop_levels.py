"""Where a protective stop belongs: at the entry, behind the price, at break-even. It only ever tightens.

`side` is that of the entry: the stop of a position that was bought lies below the price and ratchets up, that
of one that was sold short lies above and ratchets down.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from backtest.core.decision import Side

_SIGN: Final = {"buy": 1.0, "sell": -1.0}


def initial_stop(entry: float, atr: float, multiple: float, side: Side = "buy") -> float:
    """Return entry -/+ multiple x ATR (Wilder's, currency per share)."""
    return entry - _SIGN[side] * multiple * atr


def trailing_percent(best: float, percent: float, side: Side = "buy") -> float:
    """Return the level `percent` behind the best price since the entry (a short: the lowest)."""
    return best * (1 - _SIGN[side] * percent / 100)


def trailing_atr(best: float, atr: float, multiple: float, side: Side = "buy") -> float:
    """Return the level `multiple` x ATR behind the best price since the entry."""
    return best - _SIGN[side] * multiple * atr


def break_even(
    entry: float,
    risk: float,
    best: float,
    after: float,
    *,
    cost: float = 0.0,
    side: Side = "buy",
) -> float | None:
    """Return the entry price plus costs once the best price gained `after` times the risk, else None.

    Args:
        entry: fill price per share.
        risk: distance of the first stop from it, currency per share, positive.
        best: best price since the entry.
        after: multiple of `risk`.
        cost: of a whole trade, currency per share.
        side: of the entry.
    """
    gained = _SIGN[side] * (best - entry)
    return entry + _SIGN[side] * cost if risk > 0 and gained >= after * risk else None


def tightened(
    current: float | None,
    proposals: Iterable[float | None],
    *,
    side: Side = "buy",
    least_move_pct: float = 0.0,
) -> float | None:
    """Return the tightest proposal when it is tighter than `current`, else `current`: a stop never loosens.

    Args:
        current: level now, None without a stop.
        proposals: levels that rules ask for; None and levels that are no price are left out.
        side: of the entry.
        least_move_pct: a smaller move (percent of `current`) is not worth an order.
    """
    levels = [level for level in proposals if level is not None and level > 0]
    if not levels:
        return current
    best = max(levels) if side == "buy" else min(levels)
    if current is None:
        return best
    moved = _SIGN[side] * (best - current)
    return best if moved > 0 and moved >= current * least_move_pct / 100 else current
