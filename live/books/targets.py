"""What a book holds against what its newest file wanted, per leg: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from backtest.strategies.family import FAMILIES

if TYPE_CHECKING:
    from backtest.core.planned_orders import Plan
    from live.ledger.tables import PositionRow

#: Weights move with prices until a strategy rebalances; half or twice its target is no price movement.
FACTOR: Final = 2.0
#: A leg below this share of equity is rounding.
SMALLEST: Final = 0.02


@dataclass(frozen=True, slots=True)
class Leg:
    """One symbol; weights are decimal fractions of equity, `held` None when its value is not known."""

    symbol: str
    shares: int
    target: float
    held: float | None

    @property
    def off_target(self) -> bool:
        """Whether the difference is more than prices and rounding explain."""
        if self.held is None or max(self.held, self.target) < SMALLEST:
            return False
        return self.held * FACTOR < self.target or self.held > self.target * FACTOR


def legs_of(content: Mapping[str, Any], rows: Sequence[PositionRow], equity: float | None) -> tuple[Leg, ...]:
    """Return every leg of an allocation file, then what is held besides; nothing for other families.

    Args:
        content: the signal file as data.
        rows: open positions of its variant, with what they were worth at the newest marking.
        equity: of the book at that marking, account currency.
    """
    family = FAMILIES.get(content.get("strategy", {}).get("family"))
    if family is None or not family.holds_weights:
        return ()
    targets = {str(item["symbol"]): float(item["weight"]) for item in content.get("targets", ())}
    held = {row.symbol: row for row in rows}
    names = (*targets, *sorted(held.keys() - targets.keys()))
    return tuple(
        Leg(
            name,
            held[name].quantity if name in held else 0,
            targets.get(name, 0.0),
            _weight(held[name].current_value if name in held else Decimal(0), equity),
        )
        for name in names
    )


def legs_after(
    plan: Plan, targets: Mapping[str, float], held: Mapping[str, int], prices: Mapping[str, float]
) -> tuple[Leg, ...]:
    """Return what a book will hold against its targets once the orders of a plan have filled.

    Args:
        plan: the orders, and the equity they were sized with.
        targets: symbol -> decimal fraction of equity, after the cash reserve.
        held: symbol -> shares before them.
        prices: of held and wanted symbols; one without a price is not judged.
    """
    shares = dict(held)
    for order in plan.orders:
        change = order.quantity if order.side == "buy" else -order.quantity
        shares[order.symbol] = shares.get(order.symbol, 0) + change
    return tuple(
        Leg(
            symbol,
            shares.get(symbol, 0),
            targets.get(symbol, 0.0),
            shares.get(symbol, 0) * prices[symbol] / plan.equity
            if symbol in prices and plan.equity > 0
            else None,
        )
        for symbol in sorted({*targets, *shares})
    )


def off_target_lines(legs: Iterable[Leg]) -> list[str]:
    """Return one line per leg that is off target."""
    return [
        f"{leg.symbol}: {leg.held or 0.0:.1%} held ({leg.shares} shares), {leg.target:.1%} wanted"
        for leg in legs
        if leg.off_target
    ]


def _weight(worth: Decimal | None, equity: float | None) -> float | None:
    return None if worth is None or not equity else float(worth) / equity
