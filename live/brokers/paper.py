"""The embedded paper broker: a real little broker with its own account file, GTC stops and named faults.

It imitates what matters about a real one: an order id is ours only if the reply arrives, a sell is refused
while a resting stop holds the shares, a market order outside the session waits for the next open, a stop
triggers whether or not anybody is looking. Prices come from `backtest.fills`, like everywhere else.

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

from backtest.calendar import Session, session
from backtest.data.bars import Bars
from backtest.errors import BrokerError, BrokerRefused, BrokerUnknown
from backtest.execution import ExecutionRules
from backtest.fills import Fill, commission, fill_market, fill_stop, market_price
from live.brokers.base import Account, BrokerOrder, Execution, Holding, OrderRequest, OrderState
from live.brokers.paper_rules import (
    checked_until,
    fill_price,
    first_session,
    last_closed,
    market_value,
    money,
    needs_bars,
    running_session,
)
from live.brokers.paper_store import PaperOrder, PaperStore
from live.clock import Clock
from live.feeds.base import Feed, Quote
from live.settings import PaperFault

ACCOUNT_REFERENCE = "paper"
SLOW_FILL = timedelta(seconds=20)
LATE_CANCEL = timedelta(seconds=10)
STOP_LIFETIME = timedelta(days=180)


class PaperBroker:
    """A broker without a network; see `live.brokers.base.Broker` for the calls.

    Args:
        path: the account file (its own, beside the ledger).
        clock: the broker's clock.
        feed: where quotes and the bars of passed sessions come from.
        rules: slippage and commission of fills.
        initial_cash: of a new account.
        fault: how to misbehave, for rehearsals.
        honours_client_id: False imitates a broker without client order ids (protocol B).
        supports_attached_stop: whether one request can carry a buy and its stop.
        durable, scratch: see `PaperStore`.
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
    ) -> None:
        self._store = PaperStore(path, money(initial_cash), durable=durable, scratch=scratch)
        self._clock = clock
        self._feed = feed
        self._rules = rules
        self._fault = fault
        self._honours_client_id = honours_client_id
        self._supports_attached_stop = supports_attached_stop

    @classmethod
    def open(
        cls,
        path: Path | None,
        *,
        clock: Clock,
        feed: Feed,
        rules: ExecutionRules,
        initial_cash: float = 100_000.0,
        fault: PaperFault = "none",
        durable: bool = True,
        scratch: bool = False,
    ) -> PaperBroker:
        """Open the account file; in memory when `path` is None or it is only a `scratch` account."""
        return cls(
            path,
            clock=clock,
            feed=feed,
            rules=rules,
            initial_cash=initial_cash,
            fault=fault,
            durable=durable,
            scratch=scratch,
        )

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
        self._advance_all()
        cash = self._store.cash()
        positions = self._store.positions()
        quotes = self._feed.quotes(list(positions), self._clock.now()) if positions else {}
        holdings = tuple(
            Holding(symbol, Decimal(quantity), average, market_value(quantity, quotes.get(symbol)))
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

    def orders(self, since: datetime, until: datetime) -> Sequence[BrokerOrder]:
        """Return every order entered in the interval, children included, oldest first."""
        self._advance_all()
        return [self._shown(order) for order in self._store.entered_between(since, until)]

    def order(self, order_id: str) -> BrokerOrder | None:
        """Return one order, None when there is none with this id."""
        self._advance_all()
        found = self._store.find(number=int(order_id)) if order_id.isdecimal() else None
        return None if found is None else self._shown(found)

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """Return the order with this client id."""
        if not self._honours_client_id:
            raise BrokerError("this broker knows no client order ids", where=client_order_id)
        self._advance_all()
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
        if self._honours_client_id:
            fields["client_order_id"] = request.client_order_id
        return fields

    def submit(self, request: OrderRequest) -> str | None:
        """Accept, refuse or (fault ``lost_reply``) accept without an answer."""
        self._advance_all()
        with self._store.transaction():
            self._check(request)
            order = self._enter(request)
            self._advance(order, self._quotes([order]), self._clock.now())
        if self._fault == "lost_reply":
            raise BrokerUnknown(
                "the reply to the order was lost", where=request.client_order_id, remedy="look it up"
            )
        return str(order.id)

    def cancel(self, order_id: str) -> None:
        """Cancel a live order, at once or (fault ``late_cancel``) ten seconds later."""
        self._advance_all()
        with self._store.transaction():
            order = self._store.find(number=int(order_id)) if order_id.isdecimal() else None
            if order is None:
                raise BrokerRefused("no such order", where=order_id)
            if order.state.terminal:
                raise BrokerRefused(f"the order is already {order.state.value}", where=order_id)
            if self._fault == "late_cancel":
                due = self._clock.now() + LATE_CANCEL
                self._store.save(replace(order, state=OrderState.CANCEL_PENDING, cancel_at=due))
            else:
                self._end(order, OrderState.CANCELED, "cancelled by the customer")

    def settle(self, bars: Mapping[str, Bars]) -> None:
        """Book stops and held orders that were due in sessions which have passed.

        Args:
            bars: completed daily bars by symbol; a symbol without bars is left as it is.
        """
        with self._store.transaction():
            for order in self._store.live_orders():
                if order.symbol in bars and not order.awaiting:
                    self._settle_order(order, bars[order.symbol])

    def _settle_order(self, order: PaperOrder, bars: Bars) -> None:
        for row in range(len(bars.since(order.checked_until + timedelta(days=1))), 0, -1):
            index = len(bars) - row
            day: date = bars.dates[index].item()
            passed = session(day)
            if passed is None or passed.close > self._clock.now():
                continue
            if order.order_type != "stop":
                if order.state is OrderState.PENDING and day == first_session(order).day:
                    self._fill_market(order, self._rest(order), float(bars.open[index]), passed.open)
                return
            assert order.stop_price is not None
            open_, low = float(bars.open[index]), float(bars.low[index])
            fill = fill_stop(self._rest(order), float(order.stop_price), open_, low, self._rules)
            checked = replace(order, checked_until=day)
            self._store.save(checked)
            if fill is not None:
                self._book(checked, fill, passed.close)
                return

    def _advance_all(self) -> None:
        """Let everything happen that is due by now; cheap when no order is live."""
        live = self._store.live_orders()
        if not live:
            return
        with self._store.transaction():
            now = self._clock.now()
            passed = last_closed(now)
            late = {order.symbol for order in live if needs_bars(order, passed)}
            if late:
                self.settle(self._feed.history(sorted(late), now))
            live = self._store.live_orders()
            quotes = self._quotes(live)
            for order in live:
                # An earlier order of this pass may have ended or activated this one.
                self._advance(self._store.order(order.id), quotes, now)

    def _advance(self, order: PaperOrder, quotes: Mapping[str, Quote], now: datetime) -> None:
        if order.state.terminal or order.awaiting:
            return
        quote = quotes.get(order.symbol)
        running = running_session(now)
        if order.order_type == "stop":
            self._advance_stop(order, quote, running)
        else:
            self._advance_market(order, quote, running)
        order = self._store.order(order.id)
        if order.state is OrderState.CANCEL_PENDING and order.cancel_at and order.cancel_at <= now:
            self._end(order, OrderState.CANCELED, "cancelled by the customer")

    def _advance_market(self, order: PaperOrder, quote: Quote | None, running: Session | None) -> None:
        if running is None or running.day != first_session(order).day:
            if first_session(order).close <= self._clock.now():
                self._end(order, OrderState.EXPIRED, "the session ended")
            return
        if order.state is OrderState.PENDING:
            order = replace(order, state=OrderState.WORKING)
            self._store.save(order)
        if self._fault == "reject":
            self._end(order, OrderState.REJECTED, "rejected by the paper broker (rehearsal)")
            return
        waited = self._clock.now() - max(order.entered_at, running.open)
        if self._fault == "never" or (self._fault == "slow" and waited < SLOW_FILL):
            return
        price = fill_price(quote, held=order.entered_at < running.open)
        if price is None:
            return
        quantity = self._rest(order)
        if self._fault == "partial":
            quantity = 0 if self._store.executions(order.id) else max(1, order.quantity // 2)
        if quantity:
            self._fill_market(order, quantity, price, self._clock.now())

    def _fill_market(self, order: PaperOrder, quantity: int, price: float, at: datetime) -> None:
        fill = fill_market(order.side, quantity, price, self._rules)
        if order.side == "buy" and self._store.cash() + money(fill.cash_flow) < 0:
            self._end(order, OrderState.REJECTED, "not enough cash at the fill price")
        else:
            self._book(order, fill, at)

    def _advance_stop(self, order: PaperOrder, quote: Quote | None, running: Session | None) -> None:
        if running is None or quote is None:
            return
        assert order.stop_price is not None
        level = float(order.stop_price)
        fill = None
        if running.day > order.checked_until and quote.open is not None and quote.low is not None:
            fill = fill_stop(self._rest(order), level, quote.open, quote.low, self._rules)
        price = fill_price(quote)
        if fill is None and price is not None and price <= level:
            fill = fill_market("sell", self._rest(order), price, self._rules)
        if fill is not None:
            self._book(order, fill, self._clock.now())

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
        quote = self._feed.quotes([request.symbol], self._clock.now()).get(request.symbol)
        price = fill_price(quote)
        if request.order_type == "stop":
            if request.stop_price is None or request.side != "sell":
                raise BrokerRefused("only sell stops with a price are supported", where=where)
            if price is not None and float(request.stop_price) >= price:
                raise BrokerRefused("the stop is on the wrong side of the market", where=where)
        elif request.side == "buy" and price is not None:
            free = self._store.cash() - self._reserved_cash()
            if self._cost(request.quantity, price) > free:
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

    def _book(self, order: PaperOrder, fill: Fill, at: datetime) -> None:
        """Record one fill with its effect on cash and position: the caller's transaction makes it one."""
        earlier = self._store.executions(order.id)
        price = money(fill.price)
        execution = Execution(
            execution_id=f"{order.id}-{len(earlier) + 1}",
            order_id=str(order.id),
            symbol=order.symbol,
            side=order.side,
            quantity=fill.quantity,
            price=price,
            at=at,
            commission=money(fill.commission),
        )
        self._store.add_execution(execution)
        self._store.set_cash(self._store.cash() + money(fill.cash_flow))
        held, average = self._store.positions().get(order.symbol, (0, Decimal(0)))
        if order.side == "buy":
            total = held + fill.quantity
            average = (average * held + price * fill.quantity) / total
        else:
            total = held - fill.quantity
        self._store.set_position(order.symbol, total, average)
        if fill.quantity + sum(e.quantity for e in earlier) == order.quantity:
            self._end(order, OrderState.FILLED, "")

    def _end(self, order: PaperOrder, state: OrderState, reason: str) -> None:
        """End an order; its attached stop starts with what was filled, or ends with it."""
        self._store.save(replace(order, state=state, reason=reason))
        filled = sum(e.quantity for e in self._store.executions(order.id))
        for child in self._store.children(order.id):
            if not child.awaiting:
                continue
            if filled:
                now = self._clock.now()
                checked = checked_until(now, "stop")
                working = replace(child, state=OrderState.WORKING, quantity=filled, checked_until=checked)
                self._store.save(working)
            else:
                self._store.save(replace(child, state=OrderState.CANCELED, reason="the buy ended unfilled"))

    def _rest(self, order: PaperOrder) -> int:
        return order.quantity - sum(e.quantity for e in self._store.executions(order.id))

    def _reserved_shares(self, symbol: str) -> int:
        live = self._store.live_orders()
        return sum(self._rest(o) for o in live if o.symbol == symbol and o.side == "sell" and not o.awaiting)

    def _reserved_cash(self) -> Decimal:
        buys = [order for order in self._store.live_orders() if order.side == "buy"]
        quotes = self._quotes(buys)
        prices = {order.symbol: fill_price(quotes.get(order.symbol)) or 0.0 for order in buys}
        return sum((self._cost(self._rest(o), prices[o.symbol]) for o in buys), Decimal(0))

    def _cost(self, quantity: int, price: float) -> Decimal:
        pays = market_price("buy", price, self._rules)
        return money(quantity * pays + commission(quantity, self._rules)).quantize(Decimal("0.01"))

    def _quotes(self, orders: Sequence[PaperOrder]) -> Mapping[str, Quote]:
        symbols = sorted({order.symbol for order in orders})
        return self._feed.quotes(symbols, self._clock.now()) if symbols else {}

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
            client_order_id=order.client_id,
            entered_at=order.entered_at,
            expires_at=order.entered_at + STOP_LIFETIME if stop else None,
            parent_id=None if order.parent_id is None else str(order.parent_id),
            tag=ACCOUNT_REFERENCE,
            raw_status=order.state.value,
            reason=order.reason,
            executions=executions,
        )
