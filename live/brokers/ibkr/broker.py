"""Interactive Brokers behind the broker protocol. EXPERIMENTAL and for paper accounts only.

It is tested through the vendor's library and an imitation of Gateway's messages, never on an account.

Protocol B: IB returns our reference (`orderRef`) on orders and completed orders but does not refuse a second
order with the same one, so a lost order is searched for and never sent again. Order ids are IB's permanent
ids; session order ids are re-issued after a Gateway restart and are never used. The library calls an order
Cancelled after nearly any error message, so that word counts only when IB's own lists agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

from backtest.core.decision import Side
from backtest.core.errors import BrokerError, BrokerRefused, BrokerUnknown, NotSent, SettingsError
from live.brokers.common import decimal, limit_text, tick_text
from live.brokers.ibkr.access import require_offered
from live.brokers.ibkr.port import IbFill, IbkrPort, IbOrder, Ticket
from live.brokers.ibkr.session import IbAsyncPort
from live.model.broker import (
    Account,
    AccountKind,
    BrokerOrder,
    Execution,
    Holding,
    OrderRequest,
    OrderState,
)
from live.system.clock import Clock
from live.system.redaction import register_account

STATES: Mapping[str, OrderState] = {
    **dict.fromkeys(("PendingSubmit", "ApiPending", "PreSubmitted"), OrderState.PENDING),
    "Submitted": OrderState.WORKING,
    "PendingCancel": OrderState.CANCEL_PENDING,
    "Filled": OrderState.FILLED,
    **dict.fromkeys(("Cancelled", "ApiCancelled"), OrderState.CANCELED),
    "Inactive": OrderState.REJECTED,
}
#: words after which IB's lists are asked before an order counts as accepted
_DOUBTFUL: Final = frozenset({"Inactive", "Cancelled", "ApiCancelled"})
#: seconds between the looks at IB's lists after an order was sent and not plainly accepted
LOOKS = (0.5, 1.0, 2.0, 4.0)
#: how long a fill waits for its commission before it is booked without one
COMMISSION_WAIT = timedelta(seconds=60)
_TYPES = {"MKT": "market", "LMT": "limit", "STP": "stop"}
_WORDS: Final = {ours: theirs for theirs, ours in _TYPES.items()}
_TIFS = {"day": "DAY", "gtc": "GTC", "opg": "OPG"}
T = TypeVar("T")


class IbkrBroker:
    """One account at Interactive Brokers.

    Args:
        port: the calls that reach TWS or Gateway.
        clock: source of time.
    """

    name = "ibkr"
    honours_client_id = False
    supports_attached_stop = True

    def __init__(self, port: IbkrPort, *, clock: Clock) -> None:
        self._port = port
        self._clock = clock

    @classmethod
    def open(cls, *, environ: Mapping[str, str], clock: Clock) -> IbkrBroker:
        """Connect to IBKR_HOST (127.0.0.1), IBKR_PORT (7497, paper TWS), IBKR_CLIENT_ID, IBKR_ACCOUNT.

        Raises:
            SettingsError: the extra is missing, a number is none, or the account is not a paper account.
            BrokerError: nothing listens there.
        """
        port, account = require_offered(environ)
        client = environ.get("IBKR_CLIENT_ID", "17")
        if not client.isdecimal():
            raise SettingsError(f"{client!r} is not a number", where="IBKR_CLIENT_ID", remedy="e.g. 17")
        host = environ.get("IBKR_HOST", "127.0.0.1")
        return cls(IbAsyncPort.connect(host, port, int(client), account), clock=clock)

    def close(self) -> None:
        """Leave Gateway."""
        self._port.close()

    def account(self) -> Account:
        """Return balances and positions; a figure IB did not give stays None."""
        values, rows = self._ask(self._port.account_values), self._ask(self._port.positions)
        figure = {tag: decimal(text) for tag, text in values.items()}
        cash = figure.get("TotalCashValue")
        if cash is None:
            raise SettingsError(
                "the account's base currency is not US dollars, or IB gave no cash figure",
                where="IBKR_ACCOUNT",
                remedy="use an account kept in US dollars",
            )
        settled = figure.get("SettledCash")
        return Account(
            reference=register_account(self._port.account_id()),
            kind=_kind(figure),
            cash=cash,
            settled_cash=settled,
            buying_power=figure.get("BuyingPower"),
            equity=figure.get("NetLiquidation"),
            holdings=tuple(
                Holding(
                    row.symbol.replace(" ", "."),
                    row.quantity,
                    row.average,
                    asset_type="equity" if row.kind == "STK" else row.kind.lower(),
                )
                for row in rows
            ),
        )

    def orders(self, since: datetime, until: datetime) -> Sequence[BrokerOrder]:
        """Return the orders entered in the interval; one whose time IB does not tell is always included."""
        fills = self._fills()
        rows = [row for row in self._ask(self._port.orders) if row.perm_id]
        shown = [self._shown(row, fills) for row in rows]
        return [o for o in shown if o.entered_at is None or since <= o.entered_at <= until]

    def resting(self, before: datetime) -> Sequence[BrokerOrder]:
        """Return the live orders entered before an instant, however long ago."""
        oldest = datetime.min.replace(tzinfo=UTC)
        rows = self.orders(oldest, before)
        return [order for order in rows if order.entered_at is not None and not order.state.terminal]

    def order(self, order_id: str) -> BrokerOrder | None:
        """Return one order, None when IB shows it neither open nor completed."""
        fills = self._fills()
        rows = self._ask(self._port.orders)
        return next((self._shown(row, fills) for row in rows if str(row.perm_id) == order_id), None)

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """Not used: IB accepts the same reference twice, so one hit proves nothing about the others."""
        raise NotImplementedError(f"IB does not refuse duplicates ({client_order_id}): search by fields")

    def body(self, request: OrderRequest) -> dict[str, Any]:
        """Return what `submit` will send, for the journal."""
        return {
            key: str(value) if isinstance(value, Decimal) else value
            for key, value in asdict(self._ticket(request)).items()
        }

    def submit(self, request: OrderRequest) -> str | None:
        """Send once; IB's permanent id.

        Raises:
            BrokerRefused: IB said no. NotSent: there was no connection. BrokerUnknown: IB stayed silent.
        """
        ticket = self._ticket(request)
        try:
            known = self._port.knows(ticket.symbol)
        except (ConnectionError, TimeoutError, OSError) as error:
            raise NotSent("TWS or Gateway does not answer", where="IBKR", remedy="try again") from error
        if not known:
            raise BrokerRefused(f"IB knows no stock {ticket.symbol}", where=request.client_order_id)
        try:
            placed = self._port.place(ticket)
            return self._accepted(placed)
        except (ConnectionError, TimeoutError, OSError) as error:
            raise BrokerUnknown(
                "the connection broke while an order was sent",
                where=request.client_order_id,
                remedy="search for it",
            ) from error

    def _accepted(self, placed: IbOrder) -> str:
        """Return the id of an order just sent; the library's "no" counts only when IB's lists agree."""
        if placed.perm_id and placed.status not in _DOUBTFUL:
            return str(placed.perm_id)
        row = placed
        for look, seconds in enumerate(LOOKS):
            self._port.wait(seconds)
            found = [r for r in self._port.orders() if r.reference == placed.reference]
            row = next((r for r in found if r.perm_id), found[0] if found else placed)
            if row.perm_id and (row.filled or (row.listed == "open")):
                return str(row.perm_id)
            if row.listed == "completed" or (look and _state(row).terminal):
                break
        if _state(row).terminal:
            raise BrokerRefused(placed.message or row.message or row.status, where=placed.reference)
        raise BrokerUnknown("IB did not confirm the order", where=placed.reference, remedy="search for it")

    def cancel(self, order_id: str) -> None:
        """Ask for a cancel; BrokerRefused when the order is not live."""
        shown = self.order(order_id)
        if shown is None or shown.state.terminal:
            raise BrokerRefused("the order is not live", where=f"order {order_id}", remedy="read it back")
        self._ask(lambda: self._port.cancel(int(order_id)))

    def clock_offset(self) -> timedelta | None:
        """Return IB's time minus ours, None when it does not answer."""
        try:
            return self._port.server_time() - self._clock.now()
        except (ConnectionError, TimeoutError, OSError):
            return None

    def _ask(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except (ConnectionError, TimeoutError, OSError) as error:
            raise BrokerError(
                f"TWS or Gateway does not answer: {type(error).__name__}", where="IBKR", remedy="start it"
            ) from error

    def _fills(self) -> Mapping[int, list[IbFill]]:
        """Return the executions by order, without those whose commission is still to come."""
        found: dict[int, list[IbFill]] = {}
        ripe = self._clock.now() - COMMISSION_WAIT
        for fill in self._ask(self._port.fills):
            if fill.commission is not None or fill.at < ripe:
                found.setdefault(fill.perm_id, []).append(fill)
        return found

    @staticmethod
    def _ticket(request: OrderRequest) -> Ticket:
        if request.quantity != int(request.quantity) or request.quantity < 1:
            raise BrokerRefused(f"quantity {request.quantity!r} is not whole", where=request.client_order_id)
        stop = request.stop_price if request.order_type == "stop" else None
        if request.order_type == "stop" and stop is None:
            raise BrokerRefused("a stop order needs a stop price", where=request.client_order_id)
        for price in (stop, request.attached_stop):
            if price is not None:
                tick_text(price)
        return Ticket(
            reference=request.client_order_id,
            symbol=request.symbol.replace(".", " "),
            action=request.side.upper(),
            quantity=request.quantity,
            order_type=_WORDS[request.order_type],
            tif=_TIFS[request.time_in_force],
            stop_price=stop,
            attached_stop=request.attached_stop,
            limit_price=Decimal(limit_text(request)) if request.order_type == "limit" else None,
        )

    @staticmethod
    def _shown(row: IbOrder, fills: Mapping[int, Sequence[IbFill]]) -> BrokerOrder:
        side: Side = "sell" if row.action == "SELL" else "buy"
        symbol, own = row.symbol.replace(" ", "."), fills.get(row.perm_id, ())
        shares = sum((fill.quantity for fill in own), Decimal(0))
        state = _state(row)
        filled = max(row.filled, shares)
        if filled > 0 and state in {OrderState.WORKING, OrderState.PENDING}:
            state = OrderState.PARTIAL
        return BrokerOrder(
            order_id=str(row.perm_id),
            symbol=symbol,
            side=side,
            quantity=int(row.quantity),
            filled_quantity=int(filled),
            state=state,
            order_type=_TYPES.get(row.order_type, row.order_type.lower()),
            time_in_force=row.tif.lower() or "day",
            average_price=sum((f.price * f.quantity for f in own), Decimal(0)) / shares if shares else None,
            stop_price=row.stop_price,
            limit_price=row.limit_price,
            client_order_id=row.reference or None,
            entered_at=row.entered_at or min((fill.at for fill in own), default=None),
            parent_id=str(row.parent_perm_id) if row.parent_perm_id else None,
            raw_status=row.status,
            reason=row.message,
            executions=tuple(
                Execution(
                    f.execution_id,
                    str(row.perm_id),
                    symbol,
                    side,
                    int(f.quantity),
                    f.price,
                    f.at,
                    f.commission or Decimal(0),
                )
                for f in own
            ),
        )


def _state(row: IbOrder) -> OrderState:
    """Return the state of an order; live whenever IB itself has not said that it ended."""
    state = STATES.get(row.status, OrderState.UNKNOWN_LIVE)
    if not state.terminal or state is OrderState.FILLED:
        return state
    believed = row.listed == "completed" or (row.listed == "session" and row.confirmed)
    return state if believed else OrderState.UNKNOWN_LIVE


def _kind(figure: Mapping[str, Decimal | None]) -> AccountKind:
    """Return the kind of account: only margin accounts may buy for more than their available funds.

    `AccountType` is IB's name for the owner (INDIVIDUAL, ...). Unknown figures count as a cash account.
    Source: TWS API, account summary tags (BuyingPower of cash and of margin accounts).
    """
    power, funds = figure.get("BuyingPower"), figure.get("AvailableFunds")
    return "margin" if power is not None and funds is not None and power > funds else "cash"
