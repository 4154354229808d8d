"""Orders and refusals of a signal file, as views show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from live.handoff.model import SignalOrder, Skipped


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """Protective stop of an entry: trigger price in account currency, `gtc` or `day`."""

    price: float
    time_in_force: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrder:
    """One order of a signal file.

    Attributes:
        side: buy or sell. intent: exit, reduce, entry, increase or stop.
        quantity: whole shares.
        reference_price: newest price the decision used. estimated_value: quantity x that price.
        rank: buys are sent in descending rank.
        details: facts of the strategy, JSON values.
        enabled: False: the executor leaves the order out.
    """

    client_order_id: str
    symbol: str
    side: str
    intent: str
    quantity: int
    order_type: str
    reference_price: float
    estimated_value: float
    rank: float
    reason: str
    stop: PlannedStop | None
    details: Mapping[str, Any]
    enabled: bool
    note: str


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Something the strategy did not take: reason code and its facts (JSON values)."""

    symbol: str
    reason: str
    details: Mapping[str, Any]


def fields_of(order: SignalOrder) -> dict[str, Any]:
    """Return the arguments of `PlannedOrder` (and of what extends it) for an order of a file."""
    stop = None if order.stop is None else PlannedStop(order.stop.price, order.stop.time_in_force)
    return order.model_dump() | {"stop": stop}


def planned(order: SignalOrder) -> PlannedOrder:
    """Return an order of a file."""
    return PlannedOrder(**fields_of(order))


def not_taken(skipped: Skipped) -> NotTaken:
    """Return an entry of the file's `skipped` list."""
    return NotTaken(**skipped.model_dump())
