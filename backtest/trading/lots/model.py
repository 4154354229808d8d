"""Trades in, tax lots out. Money is in cents, shares are exact fractions (a split may leave parts of one)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from backtest.core.decision import Side

Method = Literal["fifo", "hifo", "specific"]
"""Which lots a sale takes: the oldest, the most expensive a share, those a person named (else the oldest)."""
Term = Literal["short", "long"]
WASH_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class LotTrade:
    """One execution.

    Attributes:
        id: unique; of a purchase also the name of its lot.
        account: whose lots; lots of one account are never sold in another.
        symbol, side, quantity: what was traded, positive.
        price: per share. commission: of this execution.
        day: trade date, New York.
        purchase: what was bought together: executions of one order are one purchase. Default the id.
        retirement: bought in a retirement account (IRA): nothing of it is taxed, a loss it replaces is lost.
    """

    id: str
    account: str
    symbol: str
    side: Side
    quantity: Fraction
    price: Decimal
    day: date
    commission: Decimal = Decimal(0)
    purchase: str = ""
    retirement: bool = False

    @property
    def amount(self) -> Decimal:
        """What a purchase cost or a sale brought, commission included, to the cent."""
        gross = self.price * self.quantity.numerator / self.quantity.denominator
        return cents(gross + self.commission if self.side == "buy" else gross - self.commission)


@dataclass(frozen=True, slots=True)
class OpenLot:
    """Shares still held.

    Attributes:
        lot: id of the purchase. acquired: its trade date.
        holding_since: where the holding period starts: earlier than `acquired` after a wash sale.
        quantity: shares. cost: their basis, `deferred` losses included.
    """

    lot: str
    account: str
    symbol: str
    acquired: date
    holding_since: date
    quantity: Fraction
    cost: Decimal
    deferred: Decimal
    retirement: bool


@dataclass(frozen=True, slots=True)
class SoldLot:
    """Shares of one lot that one sale sold.

    Attributes:
        sale: id of the execution. lot: id of the purchase.
        proceeds: after commission. cost: the basis, losses deferred into it included.
        disallowed: part of the loss that a wash sale takes away, not negative; `lost` of it for good.
    """

    sale: str
    lot: str
    account: str
    symbol: str
    sold: date
    acquired: date
    holding_since: date
    quantity: Fraction
    proceeds: Decimal
    cost: Decimal
    disallowed: Decimal = Decimal(0)
    lost: Decimal = Decimal(0)

    @property
    def gain(self) -> Decimal:
        """Proceeds less basis, negative for a loss."""
        return self.proceeds - self.cost

    @property
    def adjusted(self) -> Decimal:
        """The gain or loss that counts now: without what a wash sale disallowed."""
        return self.gain + self.disallowed

    @property
    def term(self) -> Term:
        """Short or long."""
        return "long" if self.sold >= long_from(self.holding_since) else "short"


@dataclass(frozen=True, slots=True)
class Deferral:
    """A loss that a purchase replaced: of which sale, by which purchase, how much; lost for good or not."""

    sale: str
    symbol: str
    sold: date
    purchase: str
    bought_symbol: str
    bought: date
    quantity: Fraction
    amount: Decimal
    lost: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """Shares that were sold without a purchase being known: no basis, no gain."""

    sale: str
    account: str
    symbol: str
    sold: date
    quantity: Fraction
    proceeds: Decimal


@dataclass(frozen=True, slots=True)
class TaxLots:
    """Every sale lot by lot in time order, what is still held, what was deferred, what has no basis."""

    sold: tuple[SoldLot, ...] = ()
    open: tuple[OpenLot, ...] = ()
    deferrals: tuple[Deferral, ...] = ()
    unknown: tuple[Unknown, ...] = ()


@dataclass(frozen=True, slots=True)
class LotRules:
    """How lots are chosen and what counts as the same security.

    Attributes:
        method: of every sale.
        assigned: sale -> lot -> shares, for ``specific``.
        identical: groups of symbols that are substantially identical.
    """

    method: Method = "fifo"
    assigned: Mapping[str, Mapping[str, Fraction]] = field(default_factory=dict)
    identical: tuple[tuple[str, ...], ...] = ()

    def group(self, symbol: str) -> str:
        """Return the name that symbols of one group share."""
        return next((group[0] for group in self.identical if symbol in group), symbol)


def long_from(holding_since: date) -> date:
    """Return the first day a sale is long-term: a year after the day after the trade date.

    29 February becomes 1 March: bought 28 February 2023, from 1 March 2024.
    """
    start = holding_since + timedelta(days=1)
    try:
        return start.replace(year=start.year + 1)
    except ValueError:  # 29 February
        return date(start.year + 1, 3, 1)


def cents(amount: Decimal) -> Decimal:
    """Return an amount to the cent, ties to even."""
    return amount.quantize(Decimal("0.01"))
