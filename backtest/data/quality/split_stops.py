"""A protective stop across a split: what must rest at the broker afterwards, and never a wrong sale.

Brokers differ: some scale a resting stop, some cancel it, some leave the old price with the new share count.
A sell stop left at the price before a ten-for-one split lies far above the market and would sell at once; one
left with the share count before a reverse split would sell shares nobody has.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from backtest.data.quality.actions import CorporateAction, Holding, scale_holding

StopAction = Literal["keep", "place", "replace", "cancel", "ask"]
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class RestingStop:
    """A sell stop at the broker: whole shares and price."""

    quantity: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class StopAfterSplit:
    """What to do about a stop once the broker has booked a split.

    Attributes:
        action: keep what rests; place one where none rests; replace: cancel first, place when that is
            confirmed; cancel: nothing is left to protect; ask: the price is at or below the new stop, so a
            person decides whether to sell (what rests is cancelled first, because it would sell at once).
        quantity: whole shares of the stop; a fraction is not protected.
        price: level of the stop, rounded down to the tick; None with nothing to protect.
        fraction: part of a share left over, to be named each day.
    """

    action: StopAction
    quantity: int
    price: Decimal | None
    fraction: Decimal


def stop_after_split(
    held: Holding,
    split: CorporateAction,
    broker_quantity: Decimal,
    resting: RestingStop | None,
    last: Decimal,
    *,
    tick: Decimal = CENT,
) -> StopAfterSplit | None:
    """Return what must happen to a stop, None while the broker has not booked the split.

    Args:
        held: shares, entry and stop before the split, as the ledger has them.
        split: the recorded split.
        broker_quantity: shares at the broker now; brokers that pay fractions in cash show whole shares.
        resting: the stop that rests at the broker now, None without one.
        last: newest price, on the new shares.
        tick: smallest price step.
    """
    after = scale_holding(held, split)
    if broker_quantity not in {after.quantity, Decimal(after.whole_shares)}:
        return None
    quantity, fraction = after.whole_shares, broker_quantity - after.whole_shares
    if after.stop_price is None or quantity == 0:
        return StopAfterSplit("cancel" if resting is not None else "keep", quantity, None, fraction)
    price = (after.stop_price / tick).to_integral_value(ROUND_FLOOR) * tick
    if last <= price:
        return StopAfterSplit("ask", quantity, price, fraction)
    if resting is None:
        return StopAfterSplit("place", quantity, price, fraction)
    same = resting.quantity == quantity and abs(resting.price - after.stop_price) <= tick
    return StopAfterSplit("keep" if same else "replace", quantity, price, fraction)
