"""The paper account's own file: cash, positions, orders and executions in one small SQLite database.

Every operation of the paper broker is one transaction here, so a kill at any instant leaves either all of it
or nothing of it. The file is the broker's side of the world and knows nothing about our ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from backtest.core.decision import Side
from live.brokers.paper.account_file import AccountFile
from live.model.broker import CashKind, CashMovement, Execution, OrderState

_SCHEMA = """
CREATE TABLE IF NOT EXISTS account (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), cash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS positions (symbol TEXT PRIMARY KEY, quantity INTEGER NOT NULL
  CHECK (quantity > 0), average_price TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY AUTOINCREMENT, client_id TEXT UNIQUE,
  symbol TEXT NOT NULL, side TEXT NOT NULL, quantity INTEGER NOT NULL, state TEXT NOT NULL,
  live INTEGER NOT NULL,
  order_type TEXT NOT NULL, time_in_force TEXT NOT NULL, stop_price TEXT, parent_id INTEGER,
  entered_at TEXT NOT NULL, checked_until TEXT NOT NULL, cancel_at TEXT, reason TEXT NOT NULL,
  limit_price TEXT);
CREATE INDEX IF NOT EXISTS ix_orders_live ON orders (live);
CREATE INDEX IF NOT EXISTS ix_orders_entered ON orders (entered_at);
CREATE TABLE IF NOT EXISTS executions (id TEXT PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id),
  symbol TEXT NOT NULL, side TEXT NOT NULL, quantity INTEGER NOT NULL, price TEXT NOT NULL,
  commission TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ix_executions_order ON executions (order_id);
"""
_MOVEMENTS = """
CREATE TABLE IF NOT EXISTS cash_movements (id INTEGER PRIMARY KEY AUTOINCREMENT, day TEXT NOT NULL,
  kind TEXT NOT NULL, amount TEXT NOT NULL, note TEXT NOT NULL)
"""
_SPLITS = """
CREATE TABLE IF NOT EXISTS splits (symbol TEXT NOT NULL, ex_date TEXT NOT NULL, PRIMARY KEY (symbol, ex_date))
"""
_INSERT_ORDER = """
INSERT INTO orders (client_id, symbol, side, quantity, state, live, order_type, time_in_force, stop_price,
  parent_id, entered_at, checked_until, limit_price, cancel_at, reason)
  VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, NULL, '')
"""


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """One order of the paper account.

    Attributes:
        checked_until: newest session whose whole bar needs no further look for this order.
        cancel_at: instant at which a late cancel takes effect.
    """

    id: int
    client_id: str | None
    symbol: str
    side: Side
    quantity: int
    state: OrderState
    order_type: str
    time_in_force: str
    stop_price: Decimal | None
    parent_id: int | None
    entered_at: datetime
    checked_until: date
    cancel_at: datetime | None
    reason: str
    limit_price: Decimal | None = None

    @property
    def awaiting(self) -> bool:
        """Whether this is an attached stop whose buy has not filled yet."""
        return self.parent_id is not None and self.state is OrderState.PENDING


class PaperStore(AccountFile):
    """Reads and writes of the paper account file.

    Args:
        path, durable, scratch: as `AccountFile`.
        initial_cash: cash of a new account.
        last_order: a new account numbers its orders after this one.

    Raises:
        BrokerError: it cannot be opened.
    """

    def __init__(
        self,
        path: Path | None,
        initial_cash: Decimal,
        *,
        durable: bool = True,
        scratch: bool = False,
        last_order: int = 0,
    ) -> None:
        super().__init__(
            path, lambda: self._set_up(initial_cash, last_order), durable=durable, scratch=scratch
        )

    def _set_up(self, initial_cash: Decimal, last_order: int) -> None:
        if self._is_new():
            self._create(initial_cash, last_order)
        self._add_missing_columns()

    def _create(self, initial_cash: Decimal, last_order: int) -> None:
        with self.transaction():
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute("INSERT OR IGNORE INTO account VALUES (1, ?)", (str(initial_cash),))
            if last_order:
                self._db.execute(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES ('orders', ?)", (last_order,)
                )

    def _add_missing_columns(self) -> None:
        """Bring the file of an older version up to date."""
        columns = {row[1] for row in self._db.execute("PRAGMA table_info(orders)")}
        if "limit_price" not in columns:
            self._db.execute("ALTER TABLE orders ADD COLUMN limit_price TEXT")

    def cash(self) -> Decimal:
        """Return the cash of the account."""
        return Decimal(self._db.execute("SELECT cash FROM account").fetchone()[0])

    def set_cash(self, cash: Decimal) -> None:
        """Store the cash of the account."""
        self._db.execute("UPDATE account SET cash = ?", (str(cash),))

    def move_cash(self, day: date, kind: CashKind, amount: Decimal, note: str) -> None:
        """Book a dividend, interest, a fee or a transfer."""
        with self.transaction():
            self._db.execute(_MOVEMENTS)
            row = (day.isoformat(), kind, str(amount), note)
            self._db.execute("INSERT INTO cash_movements (day, kind, amount, note) VALUES (?, ?, ?, ?)", row)
            self.set_cash(self.cash() + amount)

    def cash_movements(self, since: date) -> list[CashMovement]:
        """Return what `move_cash` booked for `since` or later; accounts of earlier releases have no table."""
        known = "SELECT 1 FROM sqlite_master WHERE name = 'cash_movements'"
        if self._db.execute(known).fetchone() is None:
            return []
        rows = self._db.execute(
            "SELECT id, day, kind, amount, note FROM cash_movements WHERE day >= ? ORDER BY id",
            (since.isoformat(),),
        )
        return [
            CashMovement(f"paper-{number}", date.fromisoformat(day), kind, Decimal(amount), note)
            for number, day, kind, amount, note in rows
        ]

    def positions(self) -> dict[str, tuple[int, Decimal]]:
        """Return symbol -> (shares, average price), sorted by symbol."""
        rows = self._db.execute("SELECT symbol, quantity, average_price FROM positions ORDER BY symbol")
        return {symbol: (quantity, Decimal(price)) for symbol, quantity, price in rows}

    def set_position(self, symbol: str, quantity: int, average_price: Decimal) -> None:
        """Store one position; none when `quantity` is 0."""
        if quantity == 0:
            self._db.execute("DELETE FROM positions WHERE symbol = ?", (symbol,))
        else:
            row = (symbol, quantity, str(average_price))
            self._db.execute("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", row)

    def keep_split(self, symbol: str, day: date) -> bool:
        """Note that a split was booked; False when it was before."""
        self._db.execute(_SPLITS)
        row = (symbol, day.isoformat())
        return self._db.execute("INSERT OR IGNORE INTO splits VALUES (?, ?)", row).rowcount == 1

    def traded_since(self, symbol: str, at: datetime) -> bool:
        """Whether anything of a symbol was executed at or after an instant."""
        query = "SELECT 1 FROM executions WHERE symbol = ? AND at >= ? LIMIT 1"
        return self._db.execute(query, (symbol, _text(at))).fetchone() is not None

    def add_order(
        self,
        *,
        client_id: str | None,
        symbol: str,
        side: Side,
        quantity: int,
        state: OrderState,
        order_type: str,
        time_in_force: str,
        stop_price: Decimal | None,
        parent_id: int | None,
        entered_at: datetime,
        checked_until: date,
        limit_price: Decimal | None = None,
    ) -> PaperOrder:
        """Add a live order and return it with its new id."""
        price = None if stop_price is None else str(stop_price)
        row = (client_id, symbol, side, quantity, state.value, order_type, time_in_force, price, parent_id)
        limit = None if limit_price is None else str(limit_price)
        times = (_text(entered_at), checked_until.isoformat(), limit)
        number = self._db.execute(_INSERT_ORDER, row + times).lastrowid
        assert number is not None
        return self.order(number)

    def save(self, order: PaperOrder) -> None:
        """Store what can change of an order."""
        self._db.execute(
            "UPDATE orders SET quantity = ?, state = ?, live = ?, checked_until = ?, cancel_at = ?,"
            " reason = ?, stop_price = ? WHERE id = ?",
            (
                order.quantity,
                order.state.value,
                int(not order.state.terminal),
                order.checked_until.isoformat(),
                None if order.cancel_at is None else _text(order.cancel_at),
                order.reason,
                None if order.stop_price is None else str(order.stop_price),
                order.id,
            ),
        )

    def order(self, number: int) -> PaperOrder:
        """Return one order that is known to exist."""
        return _order(self._db.execute("SELECT * FROM orders WHERE id = ?", (number,)).fetchone())

    def find(self, *, number: int | None = None, client_id: str | None = None) -> PaperOrder | None:
        """Return the order with this id or client id, None when there is none."""
        query = "SELECT * FROM orders WHERE id = ? OR client_id = ?"
        row = self._db.execute(query, (number, client_id)).fetchone()
        return None if row is None else _order(row)

    def live_orders(self) -> list[PaperOrder]:
        """Return every order that can still do something, oldest first."""
        return [_order(row) for row in self._db.execute("SELECT * FROM orders WHERE live = 1 ORDER BY id")]

    def children(self, number: int) -> list[PaperOrder]:
        """Return the orders attached to one order."""
        rows = self._db.execute("SELECT * FROM orders WHERE parent_id = ? ORDER BY id", (number,))
        return [_order(row) for row in rows]

    def entered_between(self, since: datetime, until: datetime) -> list[PaperOrder]:
        """Return orders entered in the interval, oldest first."""
        query = "SELECT * FROM orders WHERE entered_at BETWEEN ? AND ? ORDER BY id"
        return [_order(row) for row in self._db.execute(query, (_text(since), _text(until)))]

    def executions(self, number: int) -> tuple[Execution, ...]:
        """Return the executions of one order, oldest first."""
        rows = self._db.execute(
            "SELECT id, symbol, side, quantity, price, commission, at FROM executions"
            " WHERE order_id = ? ORDER BY rowid",
            (number,),
        )
        return tuple(
            Execution(
                identifier,
                str(number),
                symbol,
                side,
                quantity,
                Decimal(price),
                _instant(at),
                Decimal(fee),
            )
            for identifier, symbol, side, quantity, price, fee, at in rows
        )

    def add_execution(self, execution: Execution) -> None:
        """Record one execution."""
        self._db.execute(
            "INSERT INTO executions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                execution.execution_id,
                int(execution.order_id),
                execution.symbol,
                execution.side,
                execution.quantity,
                str(execution.price),
                str(execution.commission),
                _text(execution.at),
            ),
        )


def _text(at: datetime) -> str:
    """Fixed-width UTC text, so that text order is time order."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _order(row: Sequence[object]) -> PaperOrder:
    number, client_id, symbol, side, quantity, state, _live, kind, force, stop, parent = row[:11]
    entered, checked, cancel_at, reason, limit = row[11:]
    return PaperOrder(
        id=int(str(number)),
        client_id=None if client_id is None else str(client_id),
        symbol=str(symbol),
        side="buy" if side == "buy" else "sell",
        quantity=int(str(quantity)),
        state=OrderState(str(state)),
        order_type=str(kind),
        time_in_force=str(force),
        stop_price=None if stop is None else Decimal(str(stop)),
        parent_id=None if parent is None else int(str(parent)),
        entered_at=_instant(str(entered)),
        checked_until=date.fromisoformat(str(checked)),
        cancel_at=None if cancel_at is None else _instant(str(cancel_at)),
        reason=str(reason),
        limit_price=None if limit is None else Decimal(str(limit)),
    )
