"""What is really there: the broker's account and our books, read without any of the shipped code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from tests.simulation.programs import Folder, Rows

_LIVE = "PENDING", "WORKING", "PARTIAL", "CANCEL_PENDING"


@dataclass(frozen=True, slots=True)
class TrueOrder:
    """One order at the broker.

    Attributes:
        client_id: the name our program gave it, empty when a person or another program sent it.
        waits: an attached stop whose buy has not filled.
    """

    id: str
    client_id: str
    symbol: str
    side: str
    kind: str
    quantity: int
    filled: int
    live: bool
    waits: bool
    stop_price: Decimal | None

    @property
    def rest(self) -> int:
        """Shares that may still trade."""
        return self.quantity - self.filled if self.live else 0


@dataclass(frozen=True, slots=True)
class Account:
    """The broker's side; `executions` is id -> instant."""

    cash: Decimal
    positions: dict[str, int]
    orders: tuple[TrueOrder, ...]
    executions: dict[str, datetime]

    def resting_stops(self, symbol: str) -> int:
        """Shares that live stops would sell."""
        return sum(
            o.rest for o in self.orders if (o.symbol, o.kind) == (symbol, "stop") and o.live and not o.waits
        )

    def being_sold(self, symbol: str) -> int:
        """Shares that live orders of any kind would sell."""
        return sum(o.rest for o in self.orders if (o.symbol, o.side) == (symbol, "sell") and not o.waits)


@dataclass(frozen=True, slots=True)
class Books:
    """Our side.

    Attributes:
        positions: (variant, symbol) -> shares held.
        kill: level of the kill switch.
        unresolved: orders of unknown fate.
    """

    cash: Decimal | None
    positions: dict[tuple[str, str], int]
    kill: str
    unresolved: tuple[str, ...]
    executions: frozenset[str]

    def shares(self) -> dict[str, int]:
        """Return symbol -> shares over all books."""
        found: dict[str, int] = {}
        for (_, symbol), quantity in self.positions.items():
            found[symbol] = found.get(symbol, 0) + quantity
        return found


_ORDERS: Final = (
    "SELECT o.id, o.client_id, o.symbol, o.side, o.order_type, o.quantity, o.state, o.parent_id,"
    " o.stop_price, (SELECT COALESCE(SUM(e.quantity), 0) FROM executions e WHERE e.order_id = o.id)"
    " FROM orders o ORDER BY o.id"
)


def account_of(folder: Folder) -> Account:
    """Read the paper account."""
    rows, cash, held, done = folder.read(
        folder.account,
        _ORDERS,
        "SELECT cash FROM account",
        "SELECT symbol, quantity FROM positions",
        "SELECT id, at FROM executions",
    )
    orders = tuple(
        TrueOrder(
            id=str(number),
            client_id=client or "",
            symbol=symbol,
            side=side,
            kind=kind,
            quantity=quantity,
            filled=filled,
            live=state in _LIVE,
            waits=parent is not None and state == "PENDING",
            stop_price=None if stop is None else Decimal(stop),
        )
        for number, client, symbol, side, kind, quantity, state, parent, stop, filled in rows
    )
    return Account(
        Decimal(cash[0][0]) if cash else Decimal(0),
        {symbol: quantity for symbol, quantity in held},  # noqa: C416 - rows are tuples of any length
        orders,
        {name: datetime.fromisoformat(at).replace(tzinfo=UTC) for name, at in done},
    )


def kill_level(folder: Folder) -> str:
    """Read the level of the kill switch."""
    if not folder.ledger.exists():
        return "none"
    query = "SELECT value FROM system_state WHERE account = '*' AND key = 'kill_switch'"
    return _kill_level(folder.rows(folder.ledger, query))


def books_of(folder: Folder, account: str = "paper") -> Books:
    """Read the ledger; nothing in it before the first run has made it."""
    if not folder.rows(folder.ledger, "SELECT 1 FROM sqlite_master WHERE name = 'positions'"):
        return Books(None, {}, "none", (), frozenset())
    held, cash, kill, unresolved, done = folder.read(
        folder.ledger,
        "SELECT variant, symbol, quantity FROM positions WHERE account = :account AND status = 'open'",
        "SELECT value FROM system_state WHERE account = :account AND key = 'cash_estimate'",
        "SELECT value FROM system_state WHERE account = '*' AND key = 'kill_switch'",
        "SELECT client_order_id FROM orders WHERE account = :account"
        " AND state IN ('SENDING', 'UNKNOWN', 'AMBIGUOUS')",
        "SELECT execution_id FROM executions WHERE account = :account",
        values={"account": account},
    )
    estimate = cash[0][0] if cash else None
    return Books(
        None if estimate is None else Decimal(str(json.loads(estimate)["cash"])),
        {(variant, symbol): quantity for variant, symbol, quantity in held},
        _kill_level(kill),
        tuple(name for (name,) in unresolved),
        frozenset(name for (name,) in done),
    )


def _kill_level(rows: Rows) -> str:
    return "none" if not rows or rows[0][0] is None else str(json.loads(rows[0][0])["level"])
