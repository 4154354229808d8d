"""What a market order and a stop order fill at: used by simulator, shadow books and the paper broker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backtest.execution import ExecutionRules

Side = Literal["buy", "sell"]


@dataclass(frozen=True, slots=True)
class Fill:
    """One fill.

    Attributes:
        side: buy or sell.
        quantity: whole shares.
        price: per share, rounded to 6 decimals.
        commission: charged once for this fill, rounded to cents.
        cash_flow: change of cash, rounded to cents: negative for a buy, commission included.
    """

    side: Side
    quantity: int
    price: float
    commission: float
    cash_flow: float


def market_price(side: Side, mid: float, rules: ExecutionRules) -> float:
    """Return the price a market order pays per share: `mid` moved against the order by the slippage."""
    raise NotImplementedError


def commission(quantity: int, rules: ExecutionRules) -> float:
    """Return the commission of one fill, rounded to cents."""
    raise NotImplementedError


def fill_market(side: Side, quantity: int, mid: float, rules: ExecutionRules) -> Fill:
    """Fill a market order at the mid (or close) price of its execution instant."""
    raise NotImplementedError


def stop_fill_price(stop_price: float, open_: float, low: float, rules: ExecutionRules) -> float | None:
    """Return the price (before slippage) a resting sell stop fills at this session, None when not touched.

    Touched when low <= stop. A gap through fills at the open when `rules.stop_fill` is ``gap``.
    """
    raise NotImplementedError


def fill_stop(
    quantity: int, stop_price: float, open_: float, low: float, rules: ExecutionRules
) -> Fill | None:
    """Fill a resting sell stop against one daily bar, None when it was not touched."""
    raise NotImplementedError
