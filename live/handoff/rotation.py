"""Rotations of a file: a sale that only makes room, paired with the entry that takes its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backtest.core.planned_orders import MAKES_ROOM_FOR
from live.handoff.model import SignalOrder


@dataclass(frozen=True, slots=True)
class Rotation:
    """A sale that only makes room; `entry` is None when the file no longer holds it."""

    sale: SignalOrder
    entry: SignalOrder | None


def rotations(orders: Iterable[SignalOrder]) -> tuple[Rotation, ...]:
    """Return the rotations among the orders of a file, in file order."""
    listed = tuple(orders)
    entries = {order.symbol: order for order in listed if order.intent == "entry"}
    return tuple(
        Rotation(order, entries.get(str(order.details[MAKES_ROOM_FOR])))
        for order in listed
        if order.side == "sell" and order.details.get(MAKES_ROOM_FOR)
    )
