"""The narrow port to Interactive Brokers: what the adapter needs, and its realisation on ib_async.

Nothing of IB works without a running TWS or Gateway, so the adapter is tested through a stub of this port.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType
from typing import Any, Protocol

from backtest.core.errors import BrokerError, SettingsError


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


@dataclass(frozen=True, slots=True)
class IbOrder:
    """An order as IB shows it; `perm_id` is IB's own id, 0 while it has not acknowledged the order."""

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
    parent_perm_id: int = 0
    entered_at: datetime | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class IbFill:
    """One execution; `execution_id` is IB's and never repeats."""

    execution_id: str
    perm_id: int
    quantity: Decimal
    price: Decimal
    at: datetime
    commission: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class IbPosition:
    """One position."""

    symbol: str
    kind: str
    quantity: Decimal
    average: Decimal


class IbkrPort(Protocol):
    """Calls that reach TWS or Gateway. Any may raise ConnectionError or TimeoutError."""

    def server_time(self) -> datetime:
        """Return IB's clock."""
        ...

    def account_id(self) -> str:
        """Return the one account orders go to."""
        ...

    def account_values(self) -> Mapping[str, str]:
        """Return the account summary in the base currency, tag -> text."""
        ...

    def positions(self) -> Sequence[IbPosition]:
        """Return all positions."""
        ...

    def orders(self) -> Sequence[IbOrder]:
        """Return open and completed orders of all clients that IB still shows."""
        ...

    def fills(self) -> Sequence[IbFill]:
        """Return executions IB still shows."""
        ...

    def place(self, ticket: Ticket) -> IbOrder:
        """Send an order and return it as soon as IB acknowledged, refused or stayed silent for a while."""
        ...

    def cancel(self, perm_id: int) -> None:
        """Ask for a cancel."""
        ...


def import_ib() -> ModuleType:
    """Import ib_async; SettingsError when the extra is not installed."""
    try:
        import ib_async
    except ImportError as error:
        raise SettingsError(
            "ib_async is not installed", where="broker.name", remedy="pip install 'jutsu[ibkr]'"
        ) from error
    return ib_async


class IbAsyncPort:
    """The port on a running TWS or Gateway."""

    def __init__(self, ib: Any, account: str, *, wait_seconds: float = 10.0) -> None:
        self._ib = ib
        self._account = account
        self._wait = wait_seconds

    @classmethod
    def connect(cls, host: str, port: int, client_id: int, account: str | None) -> IbAsyncPort:
        """Connect; BrokerError when nothing listens or the account is not among the login's."""
        ib = import_ib().IB()
        try:
            ib.connect(host, port, clientId=client_id, timeout=10)
        except (ConnectionError, TimeoutError, OSError) as error:
            raise BrokerError(
                "TWS or IB Gateway does not answer", where=f"{host}:{port}", remedy="start it and log in"
            ) from error
        names = ib.managedAccounts()
        chosen = [name for name in names if account is None or name == account]
        if len(chosen) != 1:
            ib.disconnect()
            raise SettingsError(
                f"{len(chosen)} accounts match",
                where="IBKR_ACCOUNT",
                remedy="name the account that may trade",
            )
        return cls(ib, chosen[0])

    def server_time(self) -> datetime:
        """Return IB's clock."""
        at: datetime = self._ib.reqCurrentTime()
        return at.astimezone(UTC)

    def account_id(self) -> str:
        """Return the account orders go to."""
        return self._account

    def account_values(self) -> Mapping[str, str]:
        """Return the account summary."""
        return {row.tag: row.value for row in self._ib.accountSummary(self._account)}

    def positions(self) -> Sequence[IbPosition]:
        """Return all positions."""
        return [
            IbPosition(
                row.contract.symbol,
                row.contract.secType,
                Decimal(str(row.position)),
                Decimal(str(row.avgCost)),
            )
            for row in self._ib.positions(self._account)
        ]

    def orders(self) -> Sequence[IbOrder]:
        """Return open and completed orders."""
        self._ib.reqAllOpenOrders()
        trades = [*self._ib.trades(), *self._ib.reqCompletedOrders(apiOnly=False)]
        parents = {trade.order.orderId: trade.order.permId for trade in trades if trade.order.orderId}
        by_id = {trade.order.permId: _order(trade, parents) for trade in trades if trade.order.permId}
        return list(by_id.values())

    def fills(self) -> Sequence[IbFill]:
        """Return executions."""
        return [
            IbFill(
                fill.execution.execId,
                fill.execution.permId,
                Decimal(str(fill.execution.shares)),
                Decimal(str(fill.execution.price)),
                fill.execution.time.astimezone(UTC),
                Decimal(str(fill.commissionReport.commission or 0)),
            )
            for fill in self._ib.reqExecutions()
        ]

    def place(self, ticket: Ticket) -> IbOrder:
        """Send an order (and its stop) and wait until IB says anything about it."""
        ib_async = import_ib()
        contract = ib_async.Stock(ticket.symbol, "SMART", "USD")
        self._ib.qualifyContracts(contract)
        order = self._make(ticket, ticket.action, ticket.order_type, ticket.tif, ticket.stop_price)
        order.transmit = ticket.attached_stop is None
        trade = self._ib.placeOrder(contract, order)
        if ticket.attached_stop is not None:
            stop = self._make(ticket, "SELL", "STP", "GTC", ticket.attached_stop)
            stop.orderRef = f"{ticket.reference}:stop"
            stop.parentId = trade.order.orderId
            self._ib.placeOrder(contract, stop)
        self._until(lambda: bool(trade.order.permId) or trade.isDone())
        return _order(trade, {})

    def _make(
        self, ticket: Ticket, action: str, order_type: str, tif: str, stop_price: Decimal | None
    ) -> Any:
        order = import_ib().Order(
            action=action,
            totalQuantity=ticket.quantity,
            orderType=order_type,
            tif=tif,
            orderRef=ticket.reference,
            account=self._account,
        )
        if stop_price is not None:
            order.auxPrice = stop_price
        return order

    def _until(self, done: Callable[[], bool]) -> None:
        steps = int(self._wait / 0.1)
        for _ in range(steps):
            if done():
                return
            self._ib.sleep(0.1)

    def cancel(self, perm_id: int) -> None:
        """Ask for a cancel."""
        for trade in self._ib.openTrades():
            if trade.order.permId == perm_id:
                self._ib.cancelOrder(trade.order)
                return
        raise BrokerError(
            "the order is not open in this session", where=f"order {perm_id}", remedy="look it up"
        )


def _order(trade: Any, parents: Mapping[int, int]) -> IbOrder:
    order, status = trade.order, trade.orderStatus
    entered = trade.log[0].time.astimezone(UTC) if trade.log else None
    price = order.auxPrice if order.orderType == "STP" else None
    return IbOrder(
        perm_id=order.permId,
        reference=order.orderRef,
        symbol=trade.contract.symbol,
        action=order.action,
        quantity=Decimal(str(order.totalQuantity)),
        filled=Decimal(str(status.filled)),
        order_type=order.orderType,
        tif=order.tif,
        status=status.status,
        stop_price=None if price is None else Decimal(str(price)),
        parent_perm_id=parents.get(order.parentId, 0) if order.parentId else 0,
        entered_at=entered,
        message=next((entry.message for entry in reversed(trade.log) if entry.message), ""),
    )
