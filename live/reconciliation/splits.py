"""Share counts across a split: which ratio explains a difference, and what a book holds afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from backtest.data.quality.actions import CorporateAction, Holding, scale_holding
from backtest.data.quality.splits import RATIOS

if TYPE_CHECKING:
    from datetime import date

    from live.ledger.tables import PositionRow

#: in a position's details: the part of a share that a split left, as decimal text
FRACTION: Final = "fraction_of_share"
#: how far cost may be from the one a split leaves: brokers count fees and settle fractions differently
COST_TOLERANCE: Final = 0.15
#: the same for a ratio nobody recorded and that is none of the usual ones
SAME_COST: Final = 0.01
#: such a ratio has a denominator up to this and moves the count by at least this fraction
SIMPLE: Final = 10
CLEAR: Final = Fraction(1, 10)


def exact_quantity(row: PositionRow) -> Decimal:
    """Return the shares of a position with the fraction that an earlier split left."""
    return row.quantity + Decimal(str(row.details.get(FRACTION, "0")))


def holding_of(row: PositionRow) -> Holding:
    """Return a position in the terms a split is applied to."""
    return Holding(row.symbol, exact_quantity(row), row.entry_price, row.stop_price)


def after_split(row: PositionRow, ratio: Fraction, *, on: date) -> Holding:
    """Return what a position is after a split of `ratio` new shares per old share."""
    return scale_holding(holding_of(row), CorporateAction(row.symbol, on, "split", ratio))


def explaining_split(
    rows: Sequence[PositionRow],
    broker_quantity: Decimal,
    average: Decimal | None,
    recorded: Iterable[Fraction] = (),
) -> Fraction | None:
    """Return the split (new shares per old share) that explains what the broker shows of one symbol.

    Shares bought twice have the ratio of a split, but cost what ours cost: so the broker's average price must
    have moved too. Without an average only a recorded split explains anything.

    Args:
        rows: the open positions of the symbol.
        broker_quantity: shares at the broker, with fractions.
        average: the broker's average price, None when it shows none.
        recorded: ratios of recorded splits of the symbol.
    """
    total = sum((exact_quantity(row) for row in rows), Decimal(0))
    if total <= 0 or broker_quantity <= 0:
        return None
    said = [ratio for ratio in recorded if _fits(rows, total, broker_quantity, ratio)]
    if average is None or average <= 0:
        return said[0] if said else None
    cost = float(sum((row.entry_price * exact_quantity(row) for row in rows), Decimal(0)) / total)
    odd = (Fraction(broker_quantity) / Fraction(total)).limit_denominator(SIMPLE)
    simple = [odd] if abs(odd - 1) >= CLEAR and _fits(rows, total, broker_quantity, odd) else []
    usual = [ratio for ratio in RATIOS if _fits(rows, total, broker_quantity, ratio)]
    for ratios, tolerance in ((said, COST_TOLERANCE), (usual, COST_TOLERANCE), (simple, SAME_COST)):
        missed = {ratio: abs(cost / (float(average) * float(ratio)) - 1) for ratio in ratios if ratio != 1}
        if missed and min(missed.values()) <= tolerance:
            return min(missed, key=lambda ratio: missed[ratio])
    return None


def _fits(rows: Sequence[PositionRow], total: Decimal, broker_quantity: Decimal, ratio: Fraction) -> bool:
    """Tell whether the broker may show this count after the split: exact, or fractions paid in cash."""
    floors = sum(_floor(Fraction(exact_quantity(row)) * ratio) for row in rows)
    whole = _floor(Fraction(total) * ratio)
    return Fraction(broker_quantity) in {Fraction(total) * ratio, Fraction(whole), Fraction(floors)}


def _floor(value: Fraction) -> int:
    return value.numerator // value.denominator


def whole(quantity: Decimal) -> int:
    """Return the shares that can be ordered."""
    return int(quantity.to_integral_value(ROUND_FLOOR))
