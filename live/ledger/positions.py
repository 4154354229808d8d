"""Positions: average cost, realised profit, and the stop that protects each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypedDict, Unpack

from backtest.core.errors import DisagreementError
from live.ledger.database import Repository
from live.ledger.statements import matching, select
from live.ledger.tables import PositionRow

OPEN: Final = "open"
CLOSED: Final = "closed"

_OPEN: Final = select(PositionRow, matching("account", "status"), order="symbol, id")
_OPEN_ONE: Final = select(PositionRow, matching("account", "status", "variant", "symbol"), order="symbol, id")
_BY_ID: Final = select(PositionRow, matching("account", "id"))


class StopFields(TypedDict, total=False):
    """What is known about a position's protective stop."""

    needs_stop: bool
    stop_price: Decimal | None
    stop_client_order_id: str | None
    stop_broker_order_id: str | None
    stop_expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sale:
    """Result of selling shares of a position: profit against average cost, before commission."""

    position: PositionRow
    quantity: int
    realised_pnl: Decimal


class Positions(Repository):
    """The `positions` table of one account."""

    def buy(
        self,
        variant: str,
        symbol: str,
        quantity: int,
        price: Decimal,
        *,
        session: date,
        details: Mapping[str, Any] | None = None,
        mode: str = "",
        at: datetime | None = None,
        **stop: Unpack[StopFields],
    ) -> PositionRow:
        """Open a position, or add to the open one at average cost.

        Adding keeps entry session, details, mode and `created_at` of the first purchase.
        """
        with self._db.transaction():
            held = self.get(variant, symbol)
            if held is None:
                return self._insert(
                    PositionRow,
                    {
                        "variant": variant,
                        "symbol": symbol,
                        "status": OPEN,
                        "quantity": quantity,
                        "entry_quantity": quantity,
                        "entry_price": price,
                        "entry_session": session,
                        "details": dict(details or {}),
                        "mode": mode,
                        "current_value": price * quantity,
                        "created_at": at,
                        "last_updated": at,
                        **stop,
                    },
                )
            total = held.quantity + quantity
            average = (held.entry_price * held.quantity + price * quantity) / total
            return self._moved(
                held,
                {
                    "quantity": total,
                    "entry_quantity": held.entry_quantity + quantity,
                    "entry_price": average,
                    "current_value": price * total,
                    **stop,
                },
                at,
            )

    def sell(
        self,
        variant: str,
        symbol: str,
        quantity: int,
        price: Decimal,
        *,
        session: date,
        reason: str,
        at: datetime | None = None,
        adopting: bool = False,
    ) -> Sale:
        """Reduce a position; it closes when nothing is left.

        `adopting`: a person takes the broker's truth: a sale of more than is owned (of shares a split made)
        closes the position, at the cost of what was owned.

        Raises:
            DisagreementError: the variant does not own that many shares.
        """
        with self._db.transaction():
            held = self.get(variant, symbol)
            if held is None or (held.quantity < quantity and not adopting):
                raise DisagreementError(
                    f"{quantity} shares were sold, the ledger knows of {held.quantity if held else 0}",
                    where=f"{variant} {symbol}",
                    remedy="a split? Compare; `jutsu reconcile --adopt` takes the broker's truth",
                )
            gone = min(quantity, held.quantity)
            profit = price * quantity - held.entry_price * gone
            changes: dict[str, Any] = {
                "quantity": held.quantity - gone,
                "realised_pnl": held.realised_pnl + profit,
                "current_value": price * (held.quantity - gone),
            }
            if gone == held.quantity:
                changes |= {
                    "status": CLOSED,
                    "exit_price": price,
                    "exit_session": session,
                    "exit_reason": reason,
                }
            return Sale(self._moved(held, changes, at), quantity, profit)

    def adjust(
        self,
        position_id: int,
        *,
        quantity: int,
        entry_price: Decimal,
        at: datetime | None = None,
        **stop: Unpack[StopFields],
    ) -> PositionRow:
        """Take over a quantity and cost without a trade of ours (split, adoption of the broker's truth)."""
        with self._db.transaction():
            return self._moved(
                self._by_id(position_id), {"quantity": quantity, "entry_price": entry_price, **stop}, at
            )

    def close(
        self,
        position_id: int,
        *,
        session: date,
        reason: str,
        price: Decimal | None = None,
        at: datetime | None = None,
    ) -> PositionRow:
        """Close a position that is gone at the broker; without a price no profit is booked."""
        with self._db.transaction():
            held = self._by_id(position_id)
            profit = Decimal(0) if price is None else (price - held.entry_price) * held.quantity
            return self._moved(
                held,
                {
                    "quantity": 0,
                    "status": CLOSED,
                    "exit_price": price,
                    "exit_session": session,
                    "exit_reason": reason,
                    "realised_pnl": held.realised_pnl + profit,
                    "current_value": Decimal(0),
                },
                at,
            )

    def value(self, variant: str, prices: Mapping[str, float], *, at: datetime) -> None:
        """Keep what every open position of a variant is worth; one without a price keeps its value."""
        with self._db.transaction():
            for row in self.open_positions(variant):
                if row.symbol in prices:
                    worth = Decimal(str(prices[row.symbol])) * row.quantity
                    self._moved(row, {"current_value": worth}, at)

    def set_stop(self, position_id: int, **stop: Unpack[StopFields]) -> PositionRow:
        """Remember what protects a position."""
        with self._db.transaction():
            return self._moved(self._by_id(position_id), dict(stop))

    def set_details(self, position_id: int, details: Mapping[str, Any]) -> PositionRow:
        """Replace what a position remembers of its decision."""
        with self._db.transaction():
            return self._moved(self._by_id(position_id), {"details": dict(details)})

    def get(self, variant: str, symbol: str) -> PositionRow | None:
        """Return the open position of a variant in a symbol."""
        return self._one(_OPEN_ONE, {"status": OPEN, "variant": variant, "symbol": symbol})

    def open_positions(self, variant: str | None = None) -> tuple[PositionRow, ...]:
        """Return open positions by symbol."""
        rows = self._all(_OPEN, {"status": OPEN})
        return rows if variant is None else tuple(row for row in rows if row.variant == variant)

    def closed(self, variant: str | None = None) -> tuple[PositionRow, ...]:
        """Return closed positions, oldest first."""
        keys = ("account", "status") if variant is None else ("account", "status", "variant")
        query = select(PositionRow, matching(*keys), order="id")
        return self._all(query, {"status": CLOSED, "variant": variant})

    def shares(self, variant: str | None = None) -> dict[str, int]:
        """Return symbol -> shares owned, all variants together unless one is named, sorted by symbol."""
        total: dict[str, int] = {}
        for row in self.open_positions(variant):
            total[row.symbol] = total.get(row.symbol, 0) + row.quantity
        return total

    def unprotected(self) -> tuple[PositionRow, ...]:
        """Return open positions that should have a stop and have none."""
        return tuple(p for p in self.open_positions() if p.needs_stop and p.stop_broker_order_id is None)

    def _by_id(self, position_id: int) -> PositionRow:
        row = self._one(_BY_ID, {"id": position_id})
        if row is None:
            raise DisagreementError("there is no such position", where=f"position {position_id}")
        return row

    def _moved(self, row: PositionRow, changes: dict[str, Any], at: datetime | None = None) -> PositionRow:
        if at is not None:
            changes = {**changes, "last_updated": at}
        if changes:
            self._update(PositionRow, {"id": row.id}, changes)
        return self._by_id(row.id)
