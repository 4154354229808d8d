"""Executions: booked once, whatever is reported how often."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from backtest.core.errors import UnresolvedError
from live.ledger.column_types import round_amount
from live.ledger.database import Repository
from live.ledger.statements import matching, select
from live.ledger.tables import ExecutionRow, Order
from live.model.broker import Execution

_KNOWN: Final = select(ExecutionRow, matching("account", "execution_id"))
_ORDER: Final = select(
    Order, matching("account", "broker_order_id"), columns=("id",), order="id DESC", limit=1
)
_FILLED: Final = select(Order, matching("account", "id"), columns=("filled_quantity",))
_OF_ORDER: Final = select(ExecutionRow, matching("order_id"), order="id")
_JOIN: Final = "JOIN orders ON orders.id = executions.order_id"
_OF_CLIENT_ID: Final = select(
    ExecutionRow, matching("account", "client_order_id", of="orders"), join=_JOIN, order="executions.id"
)
_OF_SESSION: Final = select(
    ExecutionRow, matching("account", "session", of="orders"), join=_JOIN, order="executions.id"
)
_SINCE: Final = select(ExecutionRow, "account = :account AND at >= :since", order="at, id")


class Executions(Repository):
    """The `executions` table of one account."""

    def book(self, executions: Iterable[Execution], *, at: datetime) -> tuple[Execution, ...]:
        """Write executions not seen before and bring their orders up to date, in one commit.

        An execution of an order that is not ours (a manual trade) is kept without an order.

        Returns:
            The executions that were new.

        Raises:
            UnresolvedError: a known execution is reported with another quantity or price.
        """
        new: list[Execution] = []
        touched: set[int] = set()
        with self._db.transaction():
            for execution in executions:
                if self._is_known(execution):
                    continue
                found = self._columns(_ORDER, {"broker_order_id": execution.order_id})
                order_id = found[0][0] if found else None
                self._add(ExecutionRow, self._values(execution, order_id, at))
                new.append(execution)
                if order_id is not None:
                    touched.add(order_id)
            for order_id in sorted(touched):
                self._update_order(order_id)
        return tuple(new)

    def of_order(self, client_order_id: str) -> tuple[ExecutionRow, ...]:
        """Return the executions of one order, in booking order."""
        return self._all(_OF_CLIENT_ID, {"client_order_id": client_order_id})

    def known(self, execution_ids: Iterable[str]) -> frozenset[str]:
        """Return which of these executions are booked."""
        return frozenset(e for e in execution_ids if self._one(_KNOWN, {"execution_id": e}) is not None)

    def since(self, at: datetime) -> tuple[ExecutionRow, ...]:
        """Return every execution at or after an instant, oldest first."""
        return self._all(_SINCE, {"since": at})

    def of_session(self, session: date) -> tuple[ExecutionRow, ...]:
        """Return the executions of the orders of one session."""
        return self._all(_OF_SESSION, {"session": session})

    def _is_known(self, execution: Execution) -> bool:
        row = self._one(_KNOWN, {"execution_id": execution.execution_id})
        if row is None:
            return False
        if row.quantity != execution.quantity or row.price != round_amount(execution.price):
            raise UnresolvedError(
                f"the broker now says {execution.quantity} @ {execution.price}, "
                f"booked was {row.quantity} @ {row.price}",
                where=f"execution {execution.execution_id}",
                remedy="look at it at the broker, then `jutsu reconcile`",
            )
        return True

    def _values(self, execution: Execution, order_id: int | None, at: datetime) -> dict[str, object]:
        return {
            "execution_id": execution.execution_id,
            "order_id": order_id,
            "broker_order_id": execution.order_id,
            "symbol": execution.symbol,
            "side": execution.side,
            "quantity": execution.quantity,
            "price": execution.price,
            "commission": execution.commission,
            "at": execution.at,
            "booked_at": at,
        }

    def _update_order(self, order_id: int) -> None:
        rows = self._all(_OF_ORDER, {"order_id": order_id})
        total = sum(row.quantity for row in rows)
        paid = sum((row.price * row.quantity for row in rows), Decimal(0))
        with self._db.transaction():
            filled: int = self._columns(_FILLED, {"id": order_id})[0][0]
            self._update(
                Order,
                {"id": order_id},
                {
                    # The order list may already say more than the executions we were shown.
                    "filled_quantity": max(filled, total),
                    "average_price": paid / total,
                    "commission": sum((row.commission for row in rows), Decimal(0)),
                },
            )
