"""What the account's books hold, and the orders that are open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from live.books.targets import legs_of
from live.views.status import BookStatus, HeldPosition, read_status

if TYPE_CHECKING:
    from live.ledger.tables import Order, OrderEvent
    from live.views.inputs import ViewInputs


@dataclass(frozen=True, slots=True)
class Weight:
    """A leg: weights are decimal fractions of equity, `held` None when its value is not known."""

    symbol: str
    shares: int
    held: float | None
    target: float


@dataclass(frozen=True, slots=True)
class BookHoldings:
    """One variant: money in account currency; `weights` is empty for a family that has no targets."""

    variant: str
    role: str
    equity: float | None
    cash: float | None
    positions: tuple[HeldPosition, ...]
    weights: tuple[Weight, ...]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order of the journal; prices in account currency."""

    client_order_id: str
    session: date
    variant: str
    symbol: str
    side: str
    intent: str
    quantity: int
    filled_quantity: int
    average_price: Decimal | None
    stop_price: Decimal | None
    order_type: str
    state: str
    state_reason: str
    broker_order_id: str | None
    planned_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderStep:
    """One change of an order."""

    at: datetime
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class OrderStory:
    """An order with everything that happened to it, oldest first."""

    order: OrderLine
    steps: tuple[OrderStep, ...]


@dataclass(frozen=True, slots=True)
class PortfolioView:
    """Every book, and every order that has not ended (resting stops included)."""

    books: tuple[BookHoldings, ...]
    open_orders: tuple[OrderLine, ...]
    unprotected: tuple[str, ...]


def read_portfolio(inputs: ViewInputs) -> PortfolioView:
    """Return what is held now."""
    status = read_status(inputs)
    return PortfolioView(
        books=tuple(_holdings(inputs, book) for book in status.books),
        open_orders=tuple(order_line(order) for order in inputs.ledger.orders.unfinished()),
        unprotected=status.naked_positions,
    )


def read_orders(inputs: ViewInputs, limit: int) -> tuple[OrderLine, ...]:
    """Return the newest orders, newest first."""
    return tuple(order_line(order) for order in inputs.ledger.orders.recent(limit))


def read_order(inputs: ViewInputs, client_order_id: str) -> OrderStory | None:
    """Return one order with its events, None when the journal has none of this id."""
    order = inputs.ledger.orders.get(client_order_id)
    if order is None:
        return None
    events = inputs.ledger.orders.events(client_order_id)
    return OrderStory(order_line(order), tuple(_step(event) for event in events))


def order_line(order: Order) -> OrderLine:
    """Return an order of the journal as lists show it."""
    names = OrderLine.__dataclass_fields__
    return OrderLine(**{name: getattr(order, name) for name in names})


def _step(event: OrderEvent) -> OrderStep:
    return OrderStep(event.at, event.state, json.dumps(event.detail, default=str) if event.detail else "")


def _holdings(inputs: ViewInputs, book: BookStatus) -> BookHoldings:
    weights = tuple(_weights(inputs, book)) if book.role == "primary" else ()
    return BookHoldings(book.variant, book.role, book.equity, book.cash, book.positions, weights)


def _weights(inputs: ViewInputs, book: BookStatus) -> Iterator[Weight]:
    newest = inputs.ledger.signals.recent(1, book.variant)
    if not newest:
        return
    rows = inputs.ledger.positions.open_positions(book.variant)
    for leg in legs_of(json.loads(newest[0].content), rows, book.equity):
        yield Weight(leg.symbol, leg.shares, leg.held, leg.target)
