"""The narrow port to Interactive Brokers: what the adapter needs; `session` realises it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

Listed = Literal["open", "completed", "session"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """One order to place, with its attached stop if it has one."""

    reference: str
    symbol: str
    action: str
    quantity: int
    order_type: str
    tif: str
    stop_price: Decimal | None = None
    attached_stop: Decimal | None = None
    limit_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class IbOrder:
    """An order as IB shows it; `perm_id` is IB's own id, 0 while it has not acknowledged the order.

    Attributes:
        listed: where IB shows it: open orders, completed ones, or only this session's memory.
        confirmed: an ended `status` is IB's own word; the library writes Cancelled for most errors.
        entered_at: None for orders of earlier sessions: IB does not tell.
    """

    perm_id: int
    reference: str
    symbol: str
    action: str
    quantity: Decimal
    filled: Decimal
    order_type: str
    tif: str
    status: str
    stop_price: Decimal | None = None
    limit_price: Decimal | None = None
    parent_perm_id: int = 0
    entered_at: datetime | None = None
    message: str = ""
    listed: Listed = "session"
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class IbFill:
    """One execution. `execution_id` is IB's: a correction repeats it with another number after the last dot.

    `commission` is None until IB reported it, a moment after the execution.
    """

    execution_id: str
    perm_id: int
    quantity: Decimal
    price: Decimal
    at: datetime
    commission: Decimal | None = None


@dataclass(frozen=True, slots=True)
class IbPosition:
    """One position."""

    symbol: str
    kind: str
    quantity: Decimal
    average: Decimal


class IbkrPort(Protocol):
    """Calls that reach TWS or Gateway. Any may raise ConnectionError or TimeoutError."""

    def close(self) -> None:
        """Leave TWS or Gateway."""
        ...

    def server_time(self) -> datetime:
        """Return IB's clock."""
        ...

    def account_id(self) -> str:
        """Return the one account orders go to."""
        ...

    def account_values(self) -> Mapping[str, str]:
        """Return fresh figures of the account in US dollars, tag -> text; other currencies are left out."""
        ...

    def positions(self) -> Sequence[IbPosition]:
        """Return all positions."""
        ...

    def orders(self) -> Sequence[IbOrder]:
        """Return the account's open and completed orders of all clients that IB still shows."""
        ...

    def fills(self) -> Sequence[IbFill]:
        """Return the account's executions IB still shows (Gateway: since midnight)."""
        ...

    def knows(self, symbol: str) -> bool:
        """Return whether IB has a stock of this symbol; asked before an order is sent."""
        ...

    def wait(self, seconds: float) -> None:
        """Let messages arrive for a while."""
        ...

    def place(self, ticket: Ticket) -> IbOrder:
        """Send an order and return it as soon as IB acknowledged, refused or stayed silent for a while."""
        ...

    def cancel(self, perm_id: int) -> None:
        """Ask for a cancel."""
        ...
