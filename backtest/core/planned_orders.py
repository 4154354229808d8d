"""Planned orders: what the sizing wants, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from backtest.core.decision import Side, Skip

Intent = Literal["exit", "reduce", "entry", "increase", "stop"]
#: how an order of a signal file is sent
EntryOrderType = Literal["market", "market_on_open", "marketable_limit"]
#: detail of a sale that only makes room: symbol of the entry that takes its place
MAKES_ROOM_FOR: Final = "makes_room_for"


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """An order the sizing wants.

    Attributes:
        symbol, side, intent, quantity: what to do, whole shares.
        reference_price: newest price the decision used.
        rank: score or target weight; buys are listed and sent in descending rank, then by symbol.
        reason: why, for a person.
        stop_price: planned protective stop, None when the strategy uses none.
        details: candidate fields (positions family); of a sale that makes room its entry (`MAKES_ROOM_FOR`).
    """

    symbol: str
    side: Side
    intent: Intent
    quantity: int
    reference_price: float
    rank: float
    reason: str
    stop_price: float | None = None
    details: Mapping[str, object] | None = None

    @property
    def estimated_value(self) -> float:
        """Quantity times reference price, rounded to cents."""
        return round(self.quantity * self.reference_price, 2)


@dataclass(frozen=True, slots=True)
class Plan:
    """The ordered trades of one decision.

    Attributes:
        orders: sells first, then buys by descending rank, then by symbol.
        equity: sizing equity (cash plus positions at reference prices).
        residual_cash: cash the plan leaves at reference prices.
        skipped, warnings: what was not done and why.
        rounding_cash: the part of `residual_cash` that is left only because shares are whole.
    """

    orders: tuple[PlannedOrder, ...]
    equity: float
    residual_cash: float
    skipped: tuple[Skip, ...] = ()
    warnings: tuple[str, ...] = ()
    rounding_cash: float = 0.0


def by_rank(buys: Iterable[PlannedOrder]) -> list[PlannedOrder]:
    """Return buys in the order they are listed and sent: descending rank, then symbol."""
    return sorted(buys, key=lambda order: (-order.rank, order.symbol))


def in_order(orders: Iterable[PlannedOrder]) -> tuple[PlannedOrder, ...]:
    """Return sells by symbol, then buys by descending rank, then by symbol."""
    rows = list(orders)
    sells = sorted((o for o in rows if o.side == "sell"), key=lambda o: o.symbol)
    return (*sells, *by_rank(o for o in rows if o.side == "buy"))


def percent_of(value: float, equity: float) -> str:
    """Return `value` as a share of `equity` for a person."""
    return f"{value / equity:.1%}" if equity > 0 else "-"
