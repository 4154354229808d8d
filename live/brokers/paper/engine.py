"""What makes time pass for the paper account: stops trigger, held orders fill, days end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from backtest.calendar.sessions import Session, last_closed_session, session
from backtest.core.bars import Bars
from backtest.core.execution_rules import ExecutionRules
from backtest.trading.fills import Fill, fill_market, fill_stop
from live.brokers.paper.rules import (
    checked_until,
    fill_price,
    first_session,
    money,
    needs_bars,
    running_session,
    within_limit,
)
from live.brokers.paper.store import PaperOrder, PaperStore
from live.model.broker import Execution, OrderState
from live.model.feed import Feed, Quote
from live.settings.model import PaperFault
from live.system.clock import Clock

SLOW_FILL = timedelta(seconds=20)


class PaperEngine:
    """Fills and ends the orders of one paper account.

    Args:
        store: the account file.
        clock: the broker's clock.
        feed: quotes of the running session, bars of those that passed.
        rules: slippage and commission of fills.
        fault: how to misbehave.
    """

    def __init__(
        self, store: PaperStore, clock: Clock, feed: Feed, rules: ExecutionRules, fault: PaperFault
    ) -> None:
        self._store = store
        self._clock = clock
        self._feed = feed
        self._rules = rules
        self.fault: PaperFault = fault

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
                    self._fill_at_open(order, float(bars.open[index]), passed.open)
                return
            assert order.stop_price is not None
            open_, low = float(bars.open[index]), float(bars.low[index])
            fill = fill_stop(self.rest(order), float(order.stop_price), open_, low, self._rules)
            checked = replace(order, checked_until=day)
            self._store.save(checked)
            if fill is not None:
                self._book(checked, fill, passed.close)
                return

    def _fill_at_open(self, order: PaperOrder, open_: float, at: datetime) -> None:
        """Fill an order that waited for a session at its open; a limit below the open is left to expire.

        The session's low says nothing about when, so a limit is not said to have filled in it.
        """
        if within_limit(order, open_, self._rules):
            self._fill_market(order, self.rest(order), open_, at)

    def advance_all(self) -> None:
        """Let everything happen that is due by now; cheap when no order is live."""
        live = self._store.live_orders()
        if not live:
            return
        with self._store.transaction():
            now = self._clock.now()
            passed = last_closed_session(now).day
            late = {order.symbol for order in live if needs_bars(order, passed)}
            if late:
                self.settle(self._feed.history(sorted(late), now))
            live = self._store.live_orders()
            quotes = self.quotes(live)
            for order in live:
                # An earlier order of this pass may have ended or activated this one.
                self.advance(self._store.order(order.id), quotes, now)

    def advance(self, order: PaperOrder, quotes: Mapping[str, Quote], now: datetime) -> None:
        """Let one order do what is due at `now`."""
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
            self.end(order, OrderState.CANCELED, "cancelled by the customer")

    def _advance_market(self, order: PaperOrder, quote: Quote | None, running: Session | None) -> None:
        if running is None or running.day != first_session(order).day:
            if first_session(order).close <= self._clock.now():
                self.end(order, OrderState.EXPIRED, "the session ended")
            return
        if order.state is OrderState.PENDING:
            order = replace(order, state=OrderState.WORKING)
            self._store.save(order)
        if self.fault == "reject":
            self.end(order, OrderState.REJECTED, "rejected by the paper broker (rehearsal)")
            return
        waited = self._clock.now() - max(order.entered_at, running.open)
        if self.fault == "never" or (self.fault == "slow" and waited < SLOW_FILL):
            return
        price = self._price(order, quote, running)
        if price is None:
            return
        quantity = self.rest(order)
        if self.fault == "partial":
            quantity = 0 if self._store.executions(order.id) else max(1, order.quantity // 2)
        if quantity:
            self._fill_market(order, quantity, price, self._clock.now())

    def _price(self, order: PaperOrder, quote: Quote | None, running: Session) -> float | None:
        """Return what an order that buys or sells now meets, None while it rests below the market."""
        offered = (fill_price(quote, held=order.entered_at < running.open), fill_price(quote))
        return next((p for p in offered if p is not None and within_limit(order, p, self._rules)), None)

    def _fill_market(self, order: PaperOrder, quantity: int, price: float, at: datetime) -> None:
        fill = fill_market(order.side, quantity, price, self._rules)
        if order.side == "buy" and self._store.cash() + money(fill.cash_flow) < 0:
            self.end(order, OrderState.REJECTED, "not enough cash at the fill price")
        else:
            self._book(order, fill, at)

    def _advance_stop(self, order: PaperOrder, quote: Quote | None, running: Session | None) -> None:
        if running is None or quote is None:
            return
        assert order.stop_price is not None
        level = float(order.stop_price)
        fill = None
        if running.day > order.checked_until and quote.open is not None and quote.low is not None:
            fill = fill_stop(self.rest(order), level, quote.open, quote.low, self._rules)
        price = fill_price(quote)
        if fill is None and price is not None and price <= level:
            fill = fill_market("sell", self.rest(order), price, self._rules)
        if fill is not None:
            self._book(order, fill, self._clock.now())

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
            self.end(order, OrderState.FILLED, "")

    def end(self, order: PaperOrder, state: OrderState, reason: str) -> None:
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

    def rest(self, order: PaperOrder) -> int:
        """Return the shares of an order that have not filled."""
        return order.quantity - sum(e.quantity for e in self._store.executions(order.id))

    def quotes(self, orders: Sequence[PaperOrder]) -> Mapping[str, Quote]:
        """Return the quotes of the symbols of these orders."""
        symbols = sorted({order.symbol for order in orders})
        return self._feed.quotes(symbols, self._clock.now()) if symbols else {}
