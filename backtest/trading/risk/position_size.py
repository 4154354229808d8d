"""How many shares an entry gets: a fixed share of the equity at risk, Kelly's fraction, or a weight.

Every function rounds down to whole shares (`SHARE_TOLERANCE`), so that no size is ever above its limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from backtest.core.errors import JutsuError
from backtest.trading.sizing import SHARE_TOLERANCE

#: fewer closed trades say nothing about an edge
MIN_TRADES: Final = 30


@dataclass(frozen=True, slots=True)
class TradeRecord:
    """What closed trades say about an edge.

    Attributes:
        trades: how many were closed. wins: how many of them gained.
        mean_win, mean_loss: mean gain of the winners and mean loss of the losers, both *positive fractions of
            the amount invested* (0.15: fifteen percent).
    """

    trades: int
    wins: int
    mean_win: float
    mean_loss: float

    @property
    def win_rate(self) -> float:
        """(wins + 1) / (trades + 2): Laplace's rule, never 0 or 1."""
        return (self.wins + 1) / (self.trades + 2)


def fixed_fractional(
    equity: float, fraction: float, entry: float, stop: float | None, *, cost: float = 0.0
) -> int:
    """Return floor(E f / (|entry - stop| + cost)), the shares that lose `fraction` of the equity at the stop.

    Args:
        equity: currency of the account; none is risked when it is not positive.
        fraction: risked with the trade, decimal fraction of the equity.
        entry: price per share.
        stop: level of the stop, None without one.
        cost: of a whole trade, currency per share.

    Raises:
        JutsuError: there is no stop, or it is where the entry is: the loss has no bound to size by.
    """
    if stop is None or entry == stop:
        raise JutsuError(
            "fixed fractional sizing needs a stop away from the entry",
            where="risk.sizing",
            remedy="give the strategy a stop, or choose another method",
        )
    return whole_shares(equity * fraction / (abs(entry - stop) + cost))


def kelly_fraction(record: TradeRecord, *, part: float = 0.25, cap: float = 1.0) -> float:
    """Return the share of the equity to *invest* in a trade: part x (p/L - (1 - p)/W), within 0 and `cap`.

    Args:
        record: closed trades; under `MIN_TRADES` of them nothing is invested.
        part: of Kelly's fraction, which is itself the bound of ruin and not a size.
        cap: most to invest, decimal fraction of the equity.

    Raises:
        JutsuError: a mean win or loss is not a positive number: a loss given as a negative number would make
            the fraction larger instead of smaller.
    """
    for name, value in (("mean_win", record.mean_win), ("mean_loss", record.mean_loss)):
        if not (math.isfinite(value) and value > 0):
            raise JutsuError(
                f"{name} is {value!r}, a positive fraction of the amount invested is needed",
                where="risk.sizing",
            )
    if record.trades < MIN_TRADES:
        return 0.0
    p = record.win_rate
    whole = p / record.mean_loss - (1 - p) / record.mean_win
    return max(0.0, min(cap, part * whole))


def kelly_risked(record: TradeRecord) -> float:
    """Return Kelly's whole fraction as a share of the equity *at risk*: p - (1 - p)/B with B = W/L.

    It is `kelly_fraction` times the mean loss; the two are confused easily and differ by that factor.
    """
    p = record.win_rate
    return p - (1 - p) * record.mean_loss / record.mean_win


def shares_of_weight(equity: float, weight: float, price: float) -> int:
    """Return the whole shares that `weight` (decimal fraction) of the equity buys at `price`."""
    return whole_shares(equity * weight / price)


def whole_shares(count: float) -> int:
    """Return a count rounded down, at least 0; 99.999999999 is 100."""
    return max(0, math.floor(count + SHARE_TOLERANCE)) if math.isfinite(count) else 0
