"""Executions: booked once, whatever is reported how often."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import bindparam, insert, select, update

from backtest.core.errors import UnresolvedError
from live.ledger.column_types import round_amount
from live.ledger.database import Repository, table_of
from live.ledger.tables import ExecutionRow, Order
from live.model.broker import Execution

_T: Final = table_of(ExecutionRow)
_O: Final = table_of(Order)
_KNOWN: Final = select(_T).where(_T.c.account == bindparam("a"), _T.c.execution_id == bindparam("e"))
_ORDER: Final = (
    select(_O.c.id, _O.c.filled_quantity)
    .where(_O.c.account == bindparam("a"), _O.c.broker_order_id == bindparam("b"))
    .order_by(_O.c.id.desc())
)
_OF_ORDER: Final = select(_T).where(_T.c.order_id == bindparam("o")).order_by(_T.c.id)


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
        with self._db.transaction() as connection:
            for execution in executions:
                if self._is_known(execution):
                    continue
                order = connection.execute(_ORDER, {"a": self._account, "b": execution.order_id}).first()
                connection.execute(
                    insert(_T), self._values(execution, None if order is None else order.id, at)
                )
                new.append(execution)
                if order is not None:
                    touched.add(order.id)
            for order_id in sorted(touched):
                self._update_order(order_id)
        return tuple(new)

    def of_order(self, client_order_id: str) -> tuple[ExecutionRow, ...]:
        """Return the executions of one order, in booking order."""
        statement = (
            select(_T)
            .join(_O, _O.c.id == _T.c.order_id)
            .where(_O.c.account == self._account, _O.c.client_order_id == client_order_id)
            .order_by(_T.c.id)
        )
        return self._all(ExecutionRow, statement)

    def known(self, execution_ids: Iterable[str]) -> frozenset[str]:
        """Return which of these executions are booked."""
        keys = [{"a": self._account, "e": execution_id} for execution_id in execution_ids]
        return frozenset(key["e"] for key in keys if self._one(ExecutionRow, _KNOWN, key) is not None)

    def since(self, at: datetime) -> tuple[ExecutionRow, ...]:
        """Return every execution at or after an instant, oldest first."""
        statement = select(_T).where(_T.c.account == self._account, _T.c.at >= at).order_by(_T.c.at, _T.c.id)
        return self._all(ExecutionRow, statement)

    def of_session(self, session: date) -> tuple[ExecutionRow, ...]:
        """Return the executions of the orders of one session."""
        statement = (
            select(_T)
            .join(_O, _O.c.id == _T.c.order_id)
            .where(_O.c.account == self._account, _O.c.session == session)
            .order_by(_T.c.id)
        )
        return self._all(ExecutionRow, statement)

    def _is_known(self, execution: Execution) -> bool:
        row = self._one(ExecutionRow, _KNOWN, {"a": self._account, "e": execution.execution_id})
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
            "account": self._account,
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
        rows = self._all(ExecutionRow, _OF_ORDER, {"o": order_id})
        total = sum(row.quantity for row in rows)
        paid = sum((row.price * row.quantity for row in rows), Decimal(0))
        with self._db.transaction() as connection:
            filled: int = connection.execute(
                select(_O.c.filled_quantity).where(_O.c.id == order_id)
            ).scalar_one()
            connection.execute(
                update(_O).where(_O.c.id == order_id),
                {
                    # The order list may already say more than the executions we were shown.
                    "filled_quantity": max(filled, total),
                    "average_price": paid / total,
                    "commission": sum((row.commission for row in rows), Decimal(0)),
                },
            )
