"""What a market order and a stop order fill at: used by simulator, shadow books and the paper broker.

One model, so that all of them agree to the cent. Prices carry six decimals (the precision of the data),
commission and cash flow carry cents. Every figure is computed exactly, on the decimal number that the float
prints as, and rounded once, ties to even: decimal arithmetic on the same inputs gives the same result.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

from backtest.core.decision import Side
from backtest.core.errors import DataError, JutsuError
from backtest.core.execution_rules import ExecutionRules, StopFill

PRICE_DECIMALS = 6
_MICROS = 1_000_000
_MICROS_PER_CENT = 10_000
#: Wide enough for the product of any two floats, so that only the last step rounds.
_EXACT = Context(prec=700, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Fill:
    """One fill.

    Attributes:
        side: buy or sell.
        quantity: whole shares.
        price: per share, rounded to 6 decimals.
        commission: charged once for this fill, rounded to cents; of a sale never more than it brings.
        cash_flow: change of cash, rounded to cents: negative for a buy, commission included.
    """

    side: Side
    quantity: int
    price: float
    commission: float
    cash_flow: float


def market_price(side: Side, mid: float, rules: ExecutionRules) -> float:
    """Return the price a market order pays per share: `mid` moved against the order by the slippage.

    Args:
        side: a buy pays more, a sell receives less.
        mid: middle of bid and ask, or the close of a bar, currency per share, positive.
        rules: `slippage_pct` in percent.

    Raises:
        DataError: `mid` (or what the slippage leaves of it) is not a positive, finite price.
    """
    if not math.isfinite(mid):
        _check_price(mid)
    price = shifted(mid, rules.slippage_pct if side == "buy" else -rules.slippage_pct)
    _check_price(price)
    return price


def shifted(price: float, percent: float, decimals: int = PRICE_DECIMALS) -> float:
    """Return a finite price moved by `percent`, rounded to `decimals`, ties to even."""
    moved = _EXACT.multiply(_decimal(price), _EXACT.add(Decimal(1), _decimal(percent).scaleb(-2, _EXACT)))
    return _rounded(moved, decimals)


def commission(quantity: int, rules: ExecutionRules) -> float:
    """Return the commission of one fill of `quantity` shares, rounded to cents; 0 for no shares.

    What `fill_market` charges, but for a sale that brings less.
    """
    if not quantity:
        return 0.0
    shares = _EXACT.multiply(Decimal(quantity), _decimal(rules.commission_per_share))
    return _rounded(_EXACT.add(_decimal(rules.commission_per_order), shares), 2)


def fill_market(side: Side, quantity: int, mid: float, rules: ExecutionRules) -> Fill:
    """Fill a market order at the mid (or close) price of its execution instant.

    Raises:
        JutsuError: `quantity` is not at least one share.
        DataError: `mid` is not a positive, finite price.
    """
    return _fill(side, quantity, market_price(side, mid, rules), rules)


def stop_fill_price(stop_price: float, open_: float, low: float, rules: ExecutionRules) -> float | None:
    """Return the price (before slippage) a resting sell stop fills at this session, None when not touched.

    Touched when low <= stop. A gap through fills at the open when `rules.stop_fill` is ``gap``: nobody bought
    at the stop. ``stop`` fills at the stop whatever the open was, for comparison with older results.

    Raises:
        DataError: a price is not positive and finite.
    """
    for price in (stop_price, open_, low):
        _check_price(price)
    return None if low > stop_price else stopped_at(stop_price, open_, rules.stop_fill)


def stopped_at(stop_price: float, open_: float, rule: StopFill) -> float:
    """Return what a sell stop that was touched receives before slippage: ``gap`` never more than the open."""
    return min(stop_price, open_) if rule == "gap" else stop_price


def fill_stop(
    quantity: int, stop_price: float, open_: float, low: float, rules: ExecutionRules
) -> Fill | None:
    """Fill a resting sell stop against one daily bar, None when it was not touched."""
    price = stop_fill_price(stop_price, open_, low, rules)
    return None if price is None else fill_market("sell", quantity, price, rules)


def gross_value(quantity: int, price: float) -> float:
    """Return quantity times price rounded to cents, exactly, ties to even."""
    return _to_cents(quantity * _micros(price))


def book_value(cash: float, holdings: Iterable[tuple[int, float]]) -> float:
    """Return cash plus quantity times price of every holding, rounded once to cents, ties to even."""
    return _to_cents(_micros(cash) + sum(quantity * _micros(price) for quantity, price in holdings))


def _micros(amount: float) -> int:
    return round(amount * _MICROS)


def _to_cents(micros: int) -> float:
    cents, rest = divmod(micros, _MICROS_PER_CENT)
    if 2 * rest + cents % 2 > _MICROS_PER_CENT:
        cents += 1
    return cents / 100


def _fill(side: Side, quantity: int, price: float, rules: ExecutionRules) -> Fill:
    if quantity < 1:
        raise JutsuError(f"cannot fill {quantity} shares", remedy="orders need at least one whole share")
    gross = gross_value(quantity, price)
    fee = commission(quantity, rules)
    if side == "sell":
        fee = min(fee, gross)  # an exit always goes, and a cash account cannot owe
    cash_flow = round(-gross - fee if side == "buy" else gross - fee, 2)
    return Fill(side=side, quantity=quantity, price=price, commission=fee, cash_flow=cash_flow)


def _decimal(value: float) -> Decimal:
    return Decimal(repr(float(value)))


def _rounded(value: Decimal, decimals: int) -> float:
    return float(value.quantize(Decimal(1).scaleb(-decimals), context=_EXACT))


def _check_price(price: float) -> None:
    if not (math.isfinite(price) and price > 0):
        raise DataError(f"{price!r} is not a price", remedy="a fill needs a positive, finite price")
