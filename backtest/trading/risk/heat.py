"""Portfolio heat: what the book loses when every stop is hit, and how many shares still fit below a limit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from backtest.core.bars import FloatArray
from backtest.trading.risk.position_size import whole_shares


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A long position as the heat sees it.

    Attributes:
        symbol: ticker. quantity: whole shares. price: newest price per share.
        stop: level of its stop, None without one: then its whole value is at risk.
    """

    symbol: str
    quantity: int
    price: float
    stop: float | None

    @property
    def per_share(self) -> float:
        """max(0, price - stop), currency per share."""
        return self.price if self.stop is None else max(0.0, self.price - self.stop)

    @property
    def value(self) -> float:
        """What is lost at the stop, currency of the account."""
        return self.quantity * self.per_share


def heat(positions: Iterable[AtRisk], equity: float) -> float:
    """Return the sum of quantity x max(0, price - stop) as a fraction of the equity, `inf` without equity."""
    total = math.fsum(position.value for position in positions)
    return _share(total, equity)


def correlated_heat(positions: Sequence[AtRisk], correlations: FloatArray, equity: float) -> float:
    """Return sqrt(h' C h), h the heats of the positions: `heat` when all move together, less when not.

    Args:
        positions: n of them.
        correlations: shape (n, n), between 0 and 1, in the order of `positions`.
        equity: currency of the account.
    """
    values = np.array([position.value for position in positions])
    return _share(math.sqrt(max(0.0, float(values @ correlations @ values))), equity)


def fitting_shares(
    entry: AtRisk,
    held: Sequence[AtRisk],
    equity: float,
    limit: float,
    *,
    correlations: FloatArray | None = None,
) -> int:
    """Return how many of the entry's shares the heat allows beside `held`, at most `entry.quantity`.

    Args:
        entry: what is to be bought.
        held: every position that stays, and entries of a higher rank.
        equity: currency of the account.
        limit: of the heat, decimal fraction of the equity.
        correlations: shape (n + 1, n + 1) of `held` and the entry, which is last; None: the plain sum.
    """
    if entry.per_share <= 0:
        return entry.quantity
    most = _room(held, equity * limit, correlations) / entry.per_share
    shares = min(entry.quantity, whole_shares(most))
    while shares and not _fits(entry, shares, held, equity, limit, correlations):
        shares -= 1  # the last bit of a quotient must not put the book over its limit
    return shares


def _room(held: Sequence[AtRisk], most: float, correlations: FloatArray | None) -> float:
    """Return the money an entry may put at risk: the root of the heat's equation for it."""
    if correlations is None:
        return max(0.0, most - math.fsum(position.value for position in held))
    values = np.array([position.value for position in held])
    together = float(values @ correlations[:-1, :-1] @ values)
    half = float(values @ correlations[:-1, -1])
    under = half * half - together + most * most
    return max(0.0, math.sqrt(under) - half) if under > 0 else 0.0


def _fits(
    entry: AtRisk,
    shares: int,
    held: Sequence[AtRisk],
    equity: float,
    limit: float,
    correlations: FloatArray | None,
) -> bool:
    book = [*held, AtRisk(entry.symbol, shares, entry.price, entry.stop)]
    now = heat(book, equity) if correlations is None else correlated_heat(book, correlations, equity)
    return now <= limit


def _share(value: float, equity: float) -> float:
    if value == 0:
        return 0.0
    return value / equity if equity > 0 else math.inf
