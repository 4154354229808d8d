"""The embedded paper broker: a real little broker with its own account file, GTC stops and named faults.

It imitates what matters about a real one: an order id is ours only if the reply arrives, a sell is refused
while a resting stop holds the shares, a market order outside the session waits for the next open, a stop
triggers whether or not anybody is looking. Prices come from `backtest.trading.fills`, like everywhere else.

Stops are looked at against the running session's quote at every call, and against the daily bars of sessions
that passed between two runs. A stop placed in the first half hour of a session is at risk for that whole
session (daily bars say no more), one placed later from the next session on. Sales settle at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from backtest.core.bars import Bars
from backtest.core.errors import BrokerError, BrokerRefused, BrokerUnknown
from backtest.core.execution_rules import ExecutionRules
from backtest.trading.fills import commission, market_price
from live.brokers.paper.engine import PaperEngine
from live.brokers.paper.rules import checked_until, fill_price, market_value, money, running_session
from live.brokers.paper.store import PaperOrder, PaperStore
from live.model.broker import Account, BrokerOrder, CashKind, CashMovement, Holding, OrderRequest, OrderState
from live.model.feed import Feed
from live.settings.model import PaperFault
from live.system.clock import Clock

ACCOUNT_REFERENCE = "paper"
LATE_CANCEL = timedelta(seconds=10)
STOP_LIFETIME = timedelta(days=180)


class PaperBroker:
    """A broker without a network; see `live.model.broker.Broker` for the calls.

    Args:
        path: the account file (its own, beside the ledger).
        clock: the broker's clock.
        feed: where quotes and the bars of passed sessions come from.
        rules: slippage and commission of fills.
        initial_cash: of a new account.
        fault: how to misbehave, for rehearsals.
        honours_client_id: False imitates a broker without client order ids (protocol B).
        supports_attached_stop: whether one request can carry a buy and its stop.
        durable, scratch, last_order: see `PaperStore`.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        clock: Clock,
        feed: Feed,
        rules: ExecutionRules,
        initial_cash: float = 100_000.0,
        fault: PaperFault = "none",
        honours_client_id: bool = True,
        supports_attached_stop: bool = True,
        durable: bool = True,
        scratch: bool = False,
        last_order: int = 0,
    ) -> None:
        self._store = PaperStore(
            path, money(initial_cash), durable=durable, scratch=scratch, last_order=last_order
        )
        self._clock = clock
        self._feed = feed
        self._rules = rules
        self._engine = PaperEngine(self._store, clock, feed, rules, fault)
        self._honours_client_id = honours_client_id
        self._supports_attached_stop = supports_attached_stop

    @property
    def name(self) -> str:
        """Short name, part of the account key."""
        return ACCOUNT_REFERENCE

    @property
    def honours_client_id(self) -> bool:
        """Whether protocol A applies."""
        return self._honours_client_id

    @property
    def supports_attached_stop(self) -> bool:
        """Whether one request can carry a buy and its protective stop."""
        return self._supports_attached_stop

    def close(self) -> None:
        """Close the account file."""
        self._store.close()

    def clock_offset(self) -> timedelta | None:
        """Return zero: the paper broker lives by our clock."""
        return timedelta(0)

    def account(self) -> Account:
        """Return balances and positions at current quotes."""
        self._engine.advance_all()
        cash = self._store.cash()
        positions = self._store.positions()
        prices = self._prices(list(positions))
        holdings = tuple(
            Holding(symbol, Decimal(quantity), average, market_value(quantity, prices.get(symbol)))
            for symbol, (quantity, average) in positions.items()
        )
        values = [holding.market_value for holding in holdings]
        known = [value for value in values if value is not None]
        return Account(
            reference=ACCOUNT_REFERENCE,
            kind="cash",
            cash=cash,
            settled_cash=cash,
            buying_power=cash - self._reserved_cash(),
            equity=cash + sum(known, Decimal(0)) if len(known) == len(values) else None,
            holdings=holdings,
        )

    def kept(self) -> Account:
        """Return balances and positions as the file has them: nothing is filled and no price is asked.

        Holdings have no value, and the equity counts them at what was paid.
        """
        cash, positions = self._store.cash(), self._store.positions()
        paid = sum((average * quantity for quantity, average in positions.values()), Decimal(0))
        return Account(
            reference=ACCOUNT_REFERENCE,
            kind="cash",
            cash=cash,
            settled_cash=cash,
            buying_power=cash,
            equity=cash + paid,
            holdings=tuple(
                Holding(symbol, Decimal(quantity), average, None)
                for symbol, (quantity, average) in positions.items()
            ),
        )

    def orders(self, since: datetime, until: datetime) -> Sequence[BrokerOrder]:
        """Return every order entered in the interval, children included, oldest first."""
        self._engine.advance_all()
        return [self._shown(order) for order in self._store.entered_between(since, until)]

    def resting(self, before: datetime) -> Sequence[BrokerOrder]:
        """Return the live orders entered before an instant, oldest first."""
        self._engine.advance_all()
        return [self._shown(order) for order in self._store.live_orders() if order.entered_at < before]

    def order(self, order_id: str) -> BrokerOrder | None:
        """Return one order, None when there is none with this id."""
        self._engine.advance_all()
        found = self._store.find(number=int(order_id)) if order_id.isdecimal() else None
        return None if found is None else self._shown(found)

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """Return the order with this client id."""
        if not self._honours_client_id:
            raise BrokerError("this broker knows no client order ids", where=client_order_id)
        self._engine.advance_all()
        found = self._store.find(client_id=client_order_id)
        return None if found is None else self._shown(found)

    def body(self, request: OrderRequest) -> dict[str, Any]:
        """Return the request as it is journalled."""
        fields: dict[str, Any] = {
            "symbol": request.symbol,
            "side": request.side,
            "quantity": request.quantity,
            "order_type": request.order_type,
            "time_in_force": request.time_in_force,
            "stop_price": None if request.stop_price is None else str(request.stop_price),
            "attached_stop": None if request.attached_stop is None else str(request.attached_stop),
        }
        if request.limit_price is not None:
            fields["limit_price"] = str(request.limit_price)
        if self._honours_client_id:
            fields["client_order_id"] = request.client_order_id
        return fields

    def submit(self, request: OrderRequest) -> str | None:
        """Accept, refuse or (fault ``lost_reply``) accept without an answer."""
        self._engine.advance_all()
        with self._store.transaction():
            self._check(request)
            order = self._enter(request)
            self._engine.advance(order, self._engine.quotes([order]), self._clock.now())
        if self._engine.fault == "lost_reply":
            raise BrokerUnknown(
                "the reply to the order was lost", where=request.client_order_id, remedy="look it up"
            )
        return str(order.id)

    def cancel(self, order_id: str) -> None:
        """Cancel a live order, at once or (fault ``late_cancel``) ten seconds later."""
        self._engine.advance_all()
        with self._store.transaction():
            order = self._store.find(number=int(order_id)) if order_id.isdecimal() else None
            if order is None:
                raise BrokerRefused("no such order", where=order_id)
            if order.state.terminal:
                raise BrokerRefused(f"the order is already {order.state.value}", where=order_id)
            if self._engine.fault == "late_cancel":
                due = self._clock.now() + LATE_CANCEL
                self._store.save(replace(order, state=OrderState.CANCEL_PENDING, cancel_at=due))
            else:
                self._engine.end(order, OrderState.CANCELED, "cancelled by the customer")

    def move_cash(self, day: date, kind: CashKind, amount: Decimal, note: str = "") -> None:
        """Book cash that comes or goes without a trade; for rehearsals."""
        self._store.move_cash(day, kind, amount, note)

    def cash_movements(self, since: date) -> Sequence[CashMovement]:
        """Return what `move_cash` booked for `since` or later."""
        return self._store.cash_movements(since)

    def settle(self, bars: Mapping[str, Bars]) -> None:
        """Book stops and held orders that were due in sessions that passed; see `PaperEngine`."""
        self._engine.settle(bars)

    def _check(self, request: OrderRequest) -> None:
        """Raise BrokerRefused for what a real broker refuses at the door."""
        where = request.client_order_id
        if request.quantity < 1:
            raise BrokerRefused("quantity must be a positive whole number", where=where)
        if self._honours_client_id and self._store.find(client_id=request.client_order_id) is not None:
            raise BrokerRefused("client_order_id must be unique", where=where)
        if request.side == "sell":
            held = self._store.positions().get(request.symbol, (0, Decimal(0)))[0]
            if request.quantity > held - self._reserved_shares(request.symbol):
                raise BrokerRefused(
                    "oversold: the shares are not there or held by another order", where=where
                )
        price = self._prices([request.symbol]).get(request.symbol)
        if request.order_type == "stop":
            if request.stop_price is None or request.side != "sell":
                raise BrokerRefused("only sell stops with a price are supported", where=where)
            if price is not None and float(request.stop_price) >= price:
                raise BrokerRefused("the stop is on the wrong side of the market", where=where)
        elif request.order_type == "limit" and (request.side != "buy" or request.limit_price is None):
            raise BrokerRefused("only limit buys with a price are supported", where=where)
        elif request.side == "buy" and price is not None:
            free = self._store.cash() - self._reserved_cash()
            if self._cost(request.quantity, price, request.limit_price) > free:
                raise BrokerRefused("not enough buying power", where=where)

    def _enter(self, request: OrderRequest) -> PaperOrder:
        now = self._clock.now()
        order = self._store.add_order(
            client_id=request.client_order_id if self._honours_client_id else None,
            symbol=request.symbol,
            side=request.side,
            quantity=request.quantity,
            state=OrderState.PENDING if running_session(now) is None else OrderState.WORKING,
            order_type=request.order_type,
            time_in_force=request.time_in_force,
            stop_price=request.stop_price,
            parent_id=None,
            entered_at=now,
            checked_until=checked_until(now, request.order_type),
            limit_price=request.limit_price,
        )
        if request.attached_stop is not None:
            self._store.add_order(
                client_id=None,
                symbol=request.symbol,
                side="sell",
                quantity=request.quantity,
                state=OrderState.PENDING,
                order_type="stop",
                time_in_force="gtc",
                stop_price=request.attached_stop,
                parent_id=order.id,
                entered_at=now,
                checked_until=checked_until(now, "stop"),
            )
        return order

    def _reserved_shares(self, symbol: str) -> int:
        live = self._store.live_orders()
        return sum(
            self._engine.rest(o) for o in live if o.symbol == symbol and o.side == "sell" and not o.awaiting
        )

    def _reserved_cash(self) -> Decimal:
        buys = [order for order in self._store.live_orders() if order.side == "buy"]
        prices = self._prices([order.symbol for order in buys])
        return sum(
            (
                self._cost(self._engine.rest(o), prices[o.symbol], o.limit_price)
                for o in buys
                if o.symbol in prices
            ),
            Decimal(0),
        )

    def _prices(self, symbols: Sequence[str]) -> dict[str, float]:
        """Return what things are worth now: the quote, outside the session the last close."""
        wanted, now = sorted(set(symbols)), self._clock.now()
        if not wanted:
            return {}
        quoted = {s: fill_price(quote) for s, quote in self._feed.quotes(wanted, now).items()}
        prices = {symbol: price for symbol, price in quoted.items() if price is not None}
        missing = [symbol for symbol in wanted if symbol not in prices]
        if missing:
            closes = self._feed.history(missing, now)
            prices |= {symbol: float(bars.close[-1]) for symbol, bars in closes.items() if len(bars)}
        return prices

    def _cost(self, quantity: int, price: float, limit: Decimal | None) -> Decimal:
        """Return what a buy may cost: at most its limit."""
        pays = market_price("buy", price, self._rules) if limit is None else float(limit)
        return money(quantity * pays + commission(quantity, self._rules)).quantize(Decimal("0.01"))

    def _shown(self, order: PaperOrder) -> BrokerOrder:
        executions = self._store.executions(order.id)
        filled = sum(e.quantity for e in executions)
        paid = sum((e.price * e.quantity for e in executions), Decimal(0))
        partial = order.state is OrderState.WORKING and filled
        stop = order.order_type == "stop"
        return BrokerOrder(
            order_id=str(order.id),
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            filled_quantity=filled,
            state=OrderState.PARTIAL if partial else order.state,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            average_price=paid / filled if filled else None,
            stop_price=order.stop_price,
            limit_price=order.limit_price,
            client_order_id=order.client_id,
            entered_at=order.entered_at,
            expires_at=order.entered_at + STOP_LIFETIME if stop else None,
            parent_id=None if order.parent_id is None else str(order.parent_id),
            tag=ACCOUNT_REFERENCE,
            raw_status=order.state.value,
            reason=order.reason,
            executions=executions,
        )
