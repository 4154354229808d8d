"""The paper broker of breakouts: futures and shares, long and short side by side, a position per entry.

It is given every minute bar once (`take`), after the minute is over, and the orders that the bar led to. A
market entry fills at the open of that bar and a limit entry at its limit when the bar touched it: what the
order would have met had it been sent in time. A closing order fills at the close. Stop and target of an entry
are children that the following bars fill, by the same functions that the backtest calls.

Positions are booked by points x dollars a point; nothing is paid for holding them. The costs of a round trip
are taken when a position ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from backtest.core.decision import Side
from backtest.core.errors import BrokerError, BrokerRefused
from backtest.simulator.intraday.engine import MinuteBar
from backtest.strategies.opening_range_breakout import rules
from live.brokers.paper.intraday_store import EntryPosition, IntradayOrder, IntradayStore
from live.model.broker import Account, BrokerOrder, Holding, OrderRequest, OrderState
from live.system.clock import Clock

REFERENCE: Final = "paper-orb"
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class FillTerms:
    """How positions are filled and booked.

    Attributes:
        point_value: dollars a point of one contract.
        friction: dollars of a round trip of one contract.
        realistic_gaps: a bar that opens beyond the stop ends the position at its open.
        limit_may_win_at_once: a limit entry may reach its target on the bar that filled it.
    """

    point_value: float
    friction: float
    realistic_gaps: bool = True
    limit_may_win_at_once: bool = False


class IntradayPaperBroker:
    """A broker without a network; see `live.model.broker.Broker` for the calls.

    Args:
        path: the account file, None keeps it in memory.
        clock: the broker's clock.
        terms: how positions are filled and booked.
        initial_cash: of a new account, dollars.
        scratch, durable: see `IntradayStore`.

    Raises:
        BrokerError: the account file cannot be used.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        clock: Clock,
        terms: FillTerms,
        initial_cash: float,
        scratch: bool = False,
        durable: bool = True,
    ) -> None:
        cash = Decimal(repr(float(initial_cash)))
        self._store = IntradayStore(path, cash, scratch=scratch, durable=durable)
        self._clock = clock
        self._terms = terms
        self._bar = _bar(self._store.newest())
        self._newest = None if self._bar is None else self._bar.minute

    @property
    def name(self) -> str:
        """Short name, and the key of its rows in the ledger."""
        return REFERENCE

    @property
    def honours_client_id(self) -> bool:
        """Whether protocol A applies: it does."""
        return True

    @property
    def supports_attached_stop(self) -> bool:
        """Whether one request can carry an entry with its stop (and its target)."""
        return True

    def close(self) -> None:
        """Close the account file."""
        self._store.close()

    def clock_offset(self) -> timedelta | None:
        """Return zero: the paper broker lives by our clock."""
        return timedelta(0)

    def newest(self) -> datetime | None:
        """Return the minute of the newest bar that was taken, None before the first."""
        return self._newest

    def take(self, bar: MinuteBar) -> None:
        """Let a bar fill stops and targets. One that is not after the newest changes nothing."""
        if self._newest is not None and bar.minute <= self._newest:
            return
        positions = self._store.positions()
        if positions:  # without one there is nothing that a restart would have to know
            with self._store.transaction():
                for position in positions:
                    self._let_end(position, bar, first=False)
                self._keep(bar)
        self._newest, self._bar = bar.minute, bar

    def open_entries(self) -> dict[str, int]:
        """Return client order id -> contracts of the open positions, negative for short ones."""
        return {str(p.order.client_id): p.sign * p.order.quantity for p in self._store.positions()}

    def ended_by(self, client_order_id: str) -> BrokerOrder | None:
        """Return the child that ended the position of an entry: its stop or its target; None while open."""
        entry = self._store.by_client_id(client_order_id)
        children = [] if entry is None else self._store.children(entry.id)
        return next((self._shown(one) for one in children if one.state is OrderState.FILLED), None)

    def account(self) -> Account:
        """Return cash and positions; the equity counts open positions at the newest close."""
        cash, bar = self._store.cash(), self._bar
        positions = self._store.positions()
        gains = [Decimal(0) if bar is None else self._gain(p, bar.close) for p in positions]
        return Account(
            reference=REFERENCE,
            kind="margin",
            cash=cash,
            settled_cash=cash,
            buying_power=cash,
            equity=cash + sum(gains, Decimal(0)),
            holdings=tuple(
                Holding(p.order.symbol, Decimal(p.sign * p.order.quantity), _money(p.entry), gain, "future")
                for p, gain in zip(positions, gains, strict=True)
            ),
        )

    def orders(self, since: datetime, until: datetime) -> Sequence[BrokerOrder]:
        """Return every order entered in the interval, children included, oldest first."""
        return [self._shown(order) for order in self._store.entered_between(since, until)]

    def order(self, order_id: str) -> BrokerOrder | None:
        """Return one order, None when there is none with this id."""
        found = self._store.order(int(order_id)) if order_id.isdecimal() else None
        return None if found is None else self._shown(found)

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """Return the order with this client id."""
        found = self._store.by_client_id(client_order_id)
        return None if found is None else self._shown(found)

    def body(self, request: OrderRequest) -> dict[str, Any]:
        """Return the request as it is journalled."""
        prices = {"limit_price": request.limit_price, "attached_stop": request.attached_stop}
        return {
            "client_order_id": request.client_order_id,
            "symbol": request.symbol,
            "side": request.side,
            "quantity": request.quantity,
            "order_type": request.order_type,
            **{name: str(price) for name, price in prices.items() if price is not None},
            **({} if request.target is None else {"target": str(request.target)}),
            **({} if request.closes is None else {"closes": request.closes}),
        }

    def submit(self, request: OrderRequest) -> str | None:
        """Fill an order by the newest bar, or refuse it."""
        with self._store.transaction():
            bar = self._newest_bar(request)
            self._keep(bar)
            if self._store.by_client_id(request.client_order_id) is not None:
                raise BrokerRefused("client_order_id must be unique", where=request.client_order_id)
            if request.closes is not None:
                return str(self._end_position(request, bar, request.closes))
            return str(self._enter(request, bar))

    def cancel(self, order_id: str) -> None:
        """Refuse: an order here fills at once or not at all. BrokerRefused always."""
        raise BrokerRefused("the order is not live", where=order_id)

    def _newest_bar(self, request: OrderRequest) -> MinuteBar:
        if self._bar is None:
            raise BrokerRefused("there is no price yet", where=request.client_order_id)
        return self._bar

    def _keep(self, bar: MinuteBar) -> None:
        self._store.keep_newest({**asdict(bar), "minute": bar.minute.isoformat()})

    def _enter(self, request: OrderRequest, bar: MinuteBar) -> int:
        where = request.client_order_id
        if request.quantity < 1 or request.attached_stop is None or request.target is None:
            raise BrokerRefused("an entry needs contracts, a stop and a target", where=where)
        side, stop = (1 if request.side == "buy" else -1), float(request.attached_stop)
        entry = bar.open
        if request.order_type == "limit":
            if request.limit_price is None:
                raise BrokerRefused("a limit order needs its price", where=where)
            entry = float(request.limit_price)
            if rules.limit_answer(side, bar.high, bar.low, entry, stop) != rules.FILLED:
                raise BrokerRefused("the newest bar does not fill this limit", where=where)
        order = self._add(request, request.order_type, None if request.order_type == "market" else entry)
        self._store.fill(order, entry, Decimal(0), self._clock.now())
        other: Side = "sell" if side > 0 else "buy"
        for kind, level in (("stop", stop), ("limit", float(request.target))):
            child = IntradayOrder(
                0, None, order.symbol, other, order.quantity, OrderState.WORKING, kind, level, order.id,  # type: ignore[arg-type]
                order.entered_at,
            )  # fmt: skip
            self._store.add_order(child)
        self._store.open_position(order, entry, bar.minute)
        self._let_end(EntryPosition(order, entry, bar.minute), bar, first=True)
        return order.id

    def _end_position(self, request: OrderRequest, bar: MinuteBar, closes: str) -> int:
        found = [p for p in self._store.positions() if p.order.client_id == closes]
        if not found or found[0].order.quantity != request.quantity or found[0].order.side == request.side:
            raise BrokerRefused(f"no open position of {closes} that this order ends", where=closes)
        order = self._add(request, "market", None)
        self._ends(found[0], order, bar.close)
        return order.id

    def _add(self, request: OrderRequest, kind: Any, price: float | None) -> IntradayOrder:
        return self._store.add_order(
            IntradayOrder(
                id=0,
                client_id=request.client_order_id,
                symbol=request.symbol,
                side=request.side,
                quantity=request.quantity,
                state=OrderState.WORKING,
                order_type=kind,
                price=price,
                parent_id=None,
                entered_at=self._clock.now(),
            )
        )

    def _let_end(self, position: EntryPosition, bar: MinuteBar, *, first: bool) -> None:
        """Let a bar fill the stop or the target of a position; a bar that reaches both fills the stop."""
        stop, target = self._levels(position)
        sign, terms = position.sign, self._terms
        answer = rules.exit_answer(sign, bar.high, bar.low, float(stop.price or 0), float(target.price or 0))
        limited = position.order.order_type == "limit" and first and not terms.limit_may_win_at_once
        if answer == rules.OPEN or (answer == rules.TARGET and limited):
            return
        order = target if answer == rules.TARGET else stop
        price = float(order.price or 0)
        gap = not first and answer != rules.TARGET and rules.gapped_through(sign, bar.open, price)
        self._ends(position, order, bar.open if gap and terms.realistic_gaps else price)

    def _levels(self, position: EntryPosition) -> tuple[IntradayOrder, IntradayOrder]:
        """Return stop and target of a position. BrokerError: the account file lost them."""
        children = {one.order_type: one for one in self._store.children(position.order.id)}
        if not {"stop", "limit"} <= children.keys():
            raise BrokerError("a position without stop or target", where=str(position.order.client_id))
        return children["stop"], children["limit"]

    def _ends(self, position: EntryPosition, order: IntradayOrder, price: float) -> None:
        """Fill the order that ends a position, cancel the other ones, book the result."""
        costs = Decimal(repr(self._terms.friction * position.order.quantity)).quantize(_CENT)
        for child in self._store.children(position.order.id):
            if child.id != order.id:
                self._store.set_state(child.id, OrderState.CANCELED)
        self._store.fill(order, price, costs, self._clock.now())
        self._store.close_position(position.order.id)
        self._store.move_cash(self._gain(position, price) - costs)

    def _gain(self, position: EntryPosition, price: float) -> Decimal:
        points = position.sign * (price - position.entry)
        return _money(points * self._terms.point_value * position.order.quantity).quantize(_CENT)

    def _shown(self, order: IntradayOrder) -> BrokerOrder:
        executions = self._store.executions(order)
        level = None if order.price is None else _money(order.price)
        return BrokerOrder(
            order_id=str(order.id),
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            filled_quantity=sum(one.quantity for one in executions),
            state=order.state,
            order_type=order.order_type,
            time_in_force="day",
            average_price=executions[0].price if executions else None,
            stop_price=level if order.order_type == "stop" else None,
            limit_price=level if order.order_type == "limit" else None,
            client_order_id=order.client_id,
            entered_at=order.entered_at,
            parent_id=None if order.parent_id is None else str(order.parent_id),
            executions=executions,
        )


def _bar(kept: Mapping[str, Any] | None) -> MinuteBar | None:
    """Return a bar as the account file has it."""
    if kept is None:
        return None
    return MinuteBar(**{**kept, "minute": datetime.fromisoformat(kept["minute"])})


def _money(value: float) -> Decimal:
    return Decimal(repr(float(value)))
