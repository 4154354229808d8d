"""The broker protocol: normalised orders, states and answers. Money is Decimal here, shares are int.

Submitting has exactly three outcomes besides an id: `BrokerRefused` (definite no), `NotSent` (provably never
left) and `BrokerUnknown` (nobody knows). Everything that repeats requests must look at the type.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

from backtest.core.decision import Side

OrderType = Literal["market", "limit", "stop"]
TimeInForce = Literal["day", "gtc", "opg"]
AccountKind = Literal["cash", "margin"]


class OrderState(StrEnum):
    """Normalised broker-side state of an order."""

    PENDING = "PENDING"
    WORKING = "WORKING"
    PARTIAL = "PARTIAL"
    CANCEL_PENDING = "CANCEL_PENDING"
    UNKNOWN_LIVE = "UNKNOWN_LIVE"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REPLACED = "REPLACED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"

    @property
    def terminal(self) -> bool:
        """Whether the order can no longer fill."""
        return self in _TERMINAL


_TERMINAL = frozenset(
    {OrderState.FILLED, OrderState.CANCELED, OrderState.REPLACED, OrderState.EXPIRED, OrderState.REJECTED}
)


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What we want the broker to do.

    Attributes:
        client_order_id: names the order in our ledger, sent along where the broker has such a field.
        stop_price: for ``stop`` orders, quantised to the tick.
        attached_stop: price of a protective GTC sell stop that this buy triggers (one-triggers-other).
        limit_price: most a ``limit`` buy pays per share, on the tick; sells are never limited.
        target: price at which this entry is taken off with a profit; the paper account of breakouts alone
            takes one.
        closes: client order id of the entry whose position this order ends, in an account that holds a
            position per entry.
    """

    client_order_id: str
    symbol: str
    side: Side
    quantity: int
    order_type: OrderType = "market"
    time_in_force: TimeInForce = "day"
    stop_price: Decimal | None = None
    attached_stop: Decimal | None = None
    limit_price: Decimal | None = None
    target: Decimal | None = None
    closes: str | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution reported by the broker; `execution_id` makes booking it twice harmless."""

    execution_id: str
    order_id: str
    symbol: str
    side: Side
    quantity: int
    price: Decimal
    at: datetime
    commission: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """An order as the broker shows it (children flattened out, linked by `parent_id`).

    `filled_quantity` is cumulative. `raw` keeps the vendor's row for people and for later questions.
    """

    order_id: str
    symbol: str
    side: Side
    quantity: int
    filled_quantity: int
    state: OrderState
    order_type: str
    time_in_force: str
    average_price: Decimal | None = None
    stop_price: Decimal | None = None
    limit_price: Decimal | None = None
    client_order_id: str | None = None
    entered_at: datetime | None = None
    expires_at: datetime | None = None
    parent_id: str | None = None
    tag: str | None = None
    raw_status: str = ""
    reason: str = ""
    executions: tuple[Execution, ...] = ()
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Holding:
    """One position at the broker. Rows we do not understand keep `asset_type` and are never touched."""

    symbol: str
    quantity: Decimal
    average_price: Decimal | None
    market_value: Decimal | None = None
    asset_type: str = "equity"


@dataclass(frozen=True, slots=True)
class Account:
    """The account. A figure the broker did not give is None, never 0.

    Attributes:
        reference: masked account reference, safe for logs and files.
        cash: all cash. settled_cash: what may be spent (cash accounts: settled funds only).
        buying_power: what the broker lets a buy use.
        restriction: why the broker lets nothing be bought now, empty when it does.
    """

    reference: str
    kind: AccountKind
    cash: Decimal | None
    settled_cash: Decimal | None
    buying_power: Decimal | None
    equity: Decimal | None
    holdings: tuple[Holding, ...] = ()
    restriction: str = ""

    def shares(self) -> dict[str, int]:
        """Return symbol -> whole shares of equity positions, sorted by symbol.

        A broker may show one symbol in several rows (long and short, cash and margin): they add up.
        """
        return {symbol: int(quantity) for symbol, quantity in sorted(self._quantities().items())}

    def fractions(self) -> dict[str, Decimal]:
        """Return symbol -> exact quantity of the equity positions that are no whole shares, sorted."""
        rows = sorted(self._quantities().items())
        return {symbol: quantity for symbol, quantity in rows if quantity != int(quantity)}

    def _quantities(self) -> dict[str, Decimal]:
        rows: dict[str, Decimal] = {}
        for holding in self.holdings:
            if holding.asset_type == "equity" and holding.quantity:
                rows[holding.symbol] = rows.get(holding.symbol, Decimal(0)) + holding.quantity
        return rows


CashKind = Literal["deposit", "dividend", "interest", "fee", "other"]


@dataclass(frozen=True, slots=True)
class CashMovement:
    """Cash that came or went without a trade.

    Attributes:
        movement_id: the broker's id, which makes noting it twice harmless.
        day: New York date it counts for.
        kind: ``deposit`` is money a person moved, in or out: no profit and no loss.
        amount: account currency, positive into the account.
        note: the broker's words.
    """

    movement_id: str
    day: date
    kind: CashKind
    amount: Decimal
    note: str = ""


class Broker(Protocol):
    """A broker, seen by the executor. Every call may raise BrokerError; only `submit` BrokerUnknown."""

    @property
    def name(self) -> str:
        """Short name, part of the account key."""
        ...

    @property
    def honours_client_id(self) -> bool:
        """True: protocol A (lookup by client order id). False: protocol B (search by fields)."""
        ...

    @property
    def supports_attached_stop(self) -> bool:
        """Whether one request can carry a buy and its protective stop."""
        ...

    def account(self) -> Account:
        """Return balances and positions."""
        ...

    def orders(self, since: datetime, until: datetime) -> Sequence[BrokerOrder]:
        """Return every order entered in the interval, flattened; BrokerError when the list may be cut."""
        ...

    def order(self, order_id: str) -> BrokerOrder | None:
        """Return one order, None only when the broker says definitely that it does not exist."""
        ...

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """Return the order with this client id; protocol A only."""
        ...

    def body(self, request: OrderRequest) -> dict[str, Any]:
        """Return the exact JSON body `submit` will send, for the journal."""
        ...

    def submit(self, request: OrderRequest) -> str | None:
        """Send once. Return the order id, None when accepted without a usable id.

        Raises:
            BrokerRefused, NotSent, BrokerUnknown.
        """
        ...

    def cancel(self, order_id: str) -> None:
        """Ask for a cancel; the outcome is read back with `order`. BrokerRefused when it is not live."""
        ...

    def clock_offset(self) -> timedelta | None:
        """Return broker time minus our time from the last reply, None when unknown."""
        ...


@runtime_checkable
class ListsCashMovements(Protocol):
    """A broker that lists cash which came or went without a trade."""

    def cash_movements(self, since: date) -> Sequence[CashMovement]:
        """Return the movements dated `since` or later, trades left out. BrokerError: no usable list."""
        ...


@runtime_checkable
class ListsResting(Protocol):
    """A broker that lists what still lives however long ago it was entered: orders good till cancelled."""

    def resting(self, before: datetime) -> Sequence[BrokerOrder]:
        """Return the live orders entered before an instant, flattened; BrokerError when it may be cut."""
        ...


@runtime_checkable
class ShowsFamily(Protocol):
    """A broker that shows an order with its attached stop in one look, even while its order list lags."""

    def family(self, order_id: str) -> Sequence[BrokerOrder]:
        """Return an order and its children, empty when it does not exist."""
        ...
