"""The file of the paper account of breakouts: cash, positions per entry, orders and executions.

Every operation of its broker is one transaction here, so a kill at any instant leaves all of it or nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from backtest.core.decision import Side
from live.brokers.paper.account_file import AccountFile
from live.model.broker import Execution, OrderState, OrderType

_SCHEMA = """
CREATE TABLE IF NOT EXISTS account (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), cash TEXT NOT NULL,
  newest TEXT);
CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY AUTOINCREMENT, client_id TEXT UNIQUE,
  symbol TEXT NOT NULL, side TEXT NOT NULL, quantity INTEGER NOT NULL, state TEXT NOT NULL,
  order_type TEXT NOT NULL, price TEXT, parent_id INTEGER, entered_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ix_orders_parent ON orders (parent_id);
CREATE INDEX IF NOT EXISTS ix_orders_entered ON orders (entered_at);
CREATE TABLE IF NOT EXISTS positions (order_id INTEGER PRIMARY KEY REFERENCES orders (id),
  entry TEXT NOT NULL, entered TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS executions (id TEXT PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id),
  price TEXT NOT NULL, commission TEXT NOT NULL, at TEXT NOT NULL)
"""
_ORDER = (
    "SELECT id, client_id, symbol, side, quantity, state, order_type, price, parent_id, entered_at"
    " FROM orders"
)


@dataclass(frozen=True, slots=True)
class IntradayOrder:
    """One order; `price` is the level of a stop or limit, `parent_id` the entry it belongs to."""

    id: int
    client_id: str | None
    symbol: str
    side: Side
    quantity: int
    state: OrderState
    order_type: OrderType
    price: float | None
    parent_id: int | None
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class EntryPosition:
    """The position of one entry: open until its stop, its target or a closing order ends it."""

    order: IntradayOrder
    entry: float
    entered: datetime

    @property
    def sign(self) -> int:
        """1 for a long position, -1 for a short one."""
        return 1 if self.order.side == "buy" else -1


class IntradayStore(AccountFile):
    """Reads and writes of the account file.

    Args:
        path, scratch, durable: as `AccountFile`.
        initial_cash: of a new account, dollars.

    Raises:
        BrokerError: it cannot be opened.
    """

    def __init__(
        self, path: Path | None, initial_cash: Decimal, *, scratch: bool = False, durable: bool = True
    ) -> None:
        super().__init__(path, lambda: self._create(initial_cash), scratch=scratch, durable=durable)

    def _create(self, initial_cash: Decimal) -> None:
        if not self._is_new():
            return
        with self.transaction():
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute("INSERT OR IGNORE INTO account VALUES (1, ?, NULL)", (str(initial_cash),))

    def cash(self) -> Decimal:
        """Return the cash of the account."""
        return Decimal(self._db.execute("SELECT cash FROM account").fetchone()[0])

    def move_cash(self, amount: Decimal) -> None:
        """Add to the cash of the account."""
        self._db.execute("UPDATE account SET cash = ?", (str(self.cash() + amount),))

    def newest(self) -> Mapping[str, Any] | None:
        """Return the newest bar that was taken, as it was kept; None before the first."""
        text = self._db.execute("SELECT newest FROM account").fetchone()[0]
        return None if text is None else dict(json.loads(text))

    def keep_newest(self, bar: Mapping[str, Any]) -> None:
        """Keep the newest bar."""
        self._db.execute("UPDATE account SET newest = ?", (json.dumps(bar),))

    def add_order(self, order: IntradayOrder) -> IntradayOrder:
        """Add an order (its id does not count) and return it with its number."""
        number = self._db.execute(
            "INSERT INTO orders (client_id, symbol, side, quantity, state, order_type, price, parent_id,"
            " entered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(order.client_id, order.symbol, order.side, order.quantity, order.state.value),
                *(order.order_type, None if order.price is None else repr(order.price), order.parent_id),
                order.entered_at.isoformat(),
            ),
        ).lastrowid
        assert number is not None
        return replace(order, id=number)

    def set_state(self, order_id: int, state: OrderState) -> None:
        """Change the state of an order."""
        self._db.execute("UPDATE orders SET state = ? WHERE id = ?", (state.value, order_id))

    def order(self, number: int) -> IntradayOrder | None:
        """Return one order by its number."""
        return self._one("WHERE id = ?", (number,))

    def by_client_id(self, client_id: str) -> IntradayOrder | None:
        """Return one order by the id its sender gave it."""
        return self._one("WHERE client_id = ?", (client_id,))

    def children(self, parent_id: int) -> list[IntradayOrder]:
        """Return the orders that belong to an entry, oldest first."""
        return self._orders("WHERE parent_id = ? ORDER BY id", (parent_id,))

    def entered_between(self, since: datetime, until: datetime) -> list[IntradayOrder]:
        """Return orders entered in the interval, oldest first."""
        found = self._orders("ORDER BY id", ())
        return [order for order in found if since <= order.entered_at <= until]

    def positions(self) -> list[EntryPosition]:
        """Return the open positions, oldest entry first."""
        rows = self._db.execute("SELECT order_id, entry, entered FROM positions ORDER BY order_id").fetchall()
        return [
            EntryPosition(order, float(entry), datetime.fromisoformat(entered))
            for number, entry, entered in rows
            if (order := self.order(number)) is not None
        ]

    def open_position(self, order: IntradayOrder, entry: float, entered: datetime) -> None:
        """Add the position of an entry that filled."""
        self._db.execute(
            "INSERT INTO positions VALUES (?, ?, ?)", (order.id, repr(entry), entered.isoformat())
        )

    def close_position(self, order_id: int) -> None:
        """Take away the position of an entry."""
        self._db.execute("DELETE FROM positions WHERE order_id = ?", (order_id,))

    def fill(self, order: IntradayOrder, price: float, commission: Decimal, at: datetime) -> None:
        """Fill an order whole."""
        self.set_state(order.id, OrderState.FILLED)
        row = (f"orb-{order.id}", order.id, repr(price), str(commission), at.isoformat())
        self._db.execute("INSERT INTO executions VALUES (?, ?, ?, ?, ?)", row)

    def executions(self, order: IntradayOrder) -> tuple[Execution, ...]:
        """Return the executions of one order."""
        rows = self._db.execute(
            "SELECT id, price, commission, at FROM executions WHERE order_id = ?", (order.id,)
        )
        return tuple(
            Execution(
                name,
                str(order.id),
                order.symbol,
                order.side,
                order.quantity,
                Decimal(price),
                datetime.fromisoformat(at),
                Decimal(fee),
            )
            for name, price, fee, at in rows
        )

    def _one(self, where: str, values: Sequence[object]) -> IntradayOrder | None:
        found = self._orders(where, values)
        return found[0] if found else None

    def _orders(self, where: str, values: Sequence[object]) -> list[IntradayOrder]:
        return [_order(row) for row in self._db.execute(f"{_ORDER} {where}", values)]


def _order(row: Sequence[Any]) -> IntradayOrder:
    number, client_id, symbol, side, quantity, state, kind, price, parent, entered = row
    return IntradayOrder(
        id=number,
        client_id=client_id,
        symbol=symbol,
        side=side,
        quantity=quantity,
        state=OrderState(state),
        order_type=kind,
        price=None if price is None else float(price),
        parent_id=parent,
        entered_at=datetime.fromisoformat(entered),
    )
