"""Selling positions in a panic: stop off, sell, and the stop back when the sell is not accepted."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from backtest.core.errors import BrokerError, JutsuError, UnresolvedError
from live.execution.stop_orders import free_name, place_stop, plan_stop
from live.ledger.orders import OrderPlan
from live.ledger.tables import Order, PositionRow
from live.model.order_state import JournalState
from live.orders.attempts import NOT_ACCEPTED, may_fill
from live.orders.listing import living
from live.orders.submission import Submission

if TYPE_CHECKING:
    from live.model.broker import Broker
    from live.runtime.runtime import RunContext


@dataclass
class Closing:
    """Sells positions one after another; what is done and what goes wrong is added to the two lists.

    Attributes:
        cancelled: stops taken off, for the screen.
        stops: id of each sell -> price of the stop that was taken off for it.
        quotes: symbol -> what the broker values a share at before the sales; fills are judged by it.
    """

    context: RunContext
    broker: Broker
    submission: Submission
    problems: list[str]
    cancelled: list[str]
    stops: dict[str, Decimal] = field(default_factory=dict)
    quotes: dict[str, Decimal] = field(default_factory=dict)

    def adopt_attached_stops(self) -> None:
        """Take stops the broker attached to our buys into the ledger, so that they can be cancelled by id.

        Raises:
            BrokerError: the order list cannot be read.
        """
        ledger = self.context.ledger
        bound = ledger.orders.bound_broker_ids()
        for shown in living(self.broker, self.context.clock):
            if shown.order_type != "stop" or shown.order_id in bound or shown.parent_id not in bound:
                continue
            buy = ledger.orders.by_broker_id(str(shown.parent_id))
            if buy is not None:
                price = shown.stop_price or Decimal(0)
                plan = plan_stop(self.context, buy.variant, buy.symbol, shown.quantity, price, parent=buy)
                self.submission.adopt(plan, shown)

    def sell_symbol(self, symbol: str) -> list[Order]:
        """Sell what the books own of one symbol, never more than the broker holds; return the orders sent."""
        ledger = self.context.ledger
        waiting = [order for order in ledger.orders.unresolved() if order.symbol == symbol]
        rows = [row for row in ledger.positions.open_positions() if row.symbol == symbol]
        if waiting:
            return []  # named already; a stop of it stays
        if any(_still_sold(order, symbol) for order in ledger.orders.unfinished()):
            self.problems.append(f"{symbol}: an earlier sell is still alive, so it was not sold again")
            return []
        try:
            held = self.broker.account().shares().get(symbol, 0)
        except BrokerError as error:
            self.problems.append(f"{symbol}: not sold, the account cannot be read: {error.line()}")
            return []
        owned = sum(row.quantity for row in rows)
        if held < owned:
            self.problems.append(f"{symbol}: the ledger says {owned} shares, the broker holds {held}")
        sent: list[Order] = []
        for row in rows:
            order = self._sell(row, held - sum(earlier.quantity for earlier in sent))
            sent.extend([] if order is None else [order])
        return sent

    def _sell(self, row: PositionRow, most: int) -> Order | None:
        """Take the stop off one position and sell it; None when nothing was accepted."""
        if most <= 0:
            return None
        try:
            price = self._release(row)
        except JutsuError as error:
            self.problems.append(f"{row.symbol}: not sold: {error.line()}")
            return None
        left = self.context.ledger.positions.get(row.variant, row.symbol)
        if left is None:
            return None  # its stop has sold it
        quantity = min(left.quantity, most - (row.quantity - left.quantity))
        order = self._send(left, quantity) if quantity > 0 else None
        if order is None:
            self._put_back(row.variant, row.symbol, price)
        elif price is not None:
            self.stops[order.client_order_id] = price
        return order

    def _release(self, row: PositionRow) -> Decimal | None:
        """Cancel the stops of a position; return their price, None when it had and needed none.

        Raises:
            UnresolvedError: a stop could not be cancelled: it may still sell these shares.
        """
        price = row.stop_price if row.needs_stop else None
        for stop in self.context.ledger.orders.unfinished(row.variant):
            if stop.symbol != row.symbol or stop.intent != "stop" or stop.broker_order_id is None:
                continue
            ended = self.submission.cancel(stop)
            if not JournalState(ended.state).terminal:
                raise UnresolvedError(
                    "its stop could not be cancelled and stays",
                    where=stop.client_order_id,
                    remedy="look at the broker yourself",
                )
            price = stop.stop_price or price
            self.cancelled.append(f"{stop.symbol} stop {stop.quantity} (order {stop.broker_order_id})")
        return price

    def _send(self, row: PositionRow, quantity: int) -> Order | None:
        """Send one sell; None when it was certainly not accepted, a row that may fill otherwise."""
        ledger = self.context.ledger
        name, attempt = free_name(self.context, row.variant, row.symbol, "exit")
        plan = OrderPlan(
            client_order_id=name,
            variant=row.variant,
            session=self.context.today(),
            mode=self.context.settings.mode,
            symbol=row.symbol,
            side="sell",
            intent="exit",
            quantity=quantity,
            attempt=attempt,
            reason="panic",
            reference_price=row.entry_price,
            quote_price=self.quotes.get(row.symbol),
        )
        order: Order | None
        try:
            order = self.submission.send(plan)
        except (BrokerError, UnresolvedError) as error:
            self.problems.append(f"{row.symbol}: {error.line()}")
            order = ledger.orders.get(name)
        else:
            if order.state in NOT_ACCEPTED or order.state == JournalState.PLANNED:
                self.problems.append(f"{row.symbol}: not accepted: {order.state_reason or order.state}")
        if order is not None and order.state == JournalState.PLANNED:
            order = ledger.orders.transition(
                name, JournalState.LAPSED, at=self.context.clock.now(), state_reason="panic: not accepted"
            )
        return order if order is not None and (may_fill(order) or order.filled_quantity) else None

    def sell_ended(self, order: Order) -> None:
        """Put the stop back for shares that a sell left when it ended."""
        if order.filled_quantity < order.quantity:
            self.problems.append(
                f"{order.symbol}: {order.filled_quantity} of {order.quantity} sold: "
                f"{order.state_reason or order.state}"
            )
            self._put_back(order.variant, order.symbol, self.stops.get(order.client_order_id))

    def _put_back(self, variant: str, symbol: str, price: Decimal | None) -> None:
        """Place the stop of a position again; a failure becomes the first problem of the result."""
        row = self.context.ledger.positions.get(variant, symbol)
        if row is None or price is None:
            return
        why = place_stop(self.context, self.submission, row, price)
        if why:
            self.problems.insert(0, f"{symbol}: {row.quantity} shares have NO STOP: {why}")


def _still_sold(order: Order, symbol: str) -> bool:
    return order.symbol == symbol and order.side == "sell" and order.intent != "stop" and may_fill(order)
