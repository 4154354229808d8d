"""The port to Interactive Brokers on the vendor's library: one session at a running TWS or Gateway."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType
from typing import Any

from backtest.core.distribution import require
from backtest.core.errors import BrokerError, BrokerRefused, SettingsError
from live.brokers.ibkr.port import IbFill, IbOrder, IbPosition, Ticket
from live.brokers.ibkr.rows import STOP_SUFFIX, fill_rows, order_rows, trade_key

#: seconds after which a request counts as unanswered (the library itself waits for ever)
REQUEST_SECONDS = 20.0
CONNECT_SECONDS = 10.0


def import_ib() -> ModuleType:
    """Import ib_async; SettingsError when the extra is not installed."""
    require("ibkr", "ib_async", where="broker.name")
    import ib_async

    return ib_async


class IbAsyncPort:
    """The port on a running TWS or Gateway.

    Args:
        ib: a connected `ib_async.IB`. account: the account orders go to.
        wait_seconds: how long `place` waits for IB's first word about an order.
        request_seconds: after which any request raises TimeoutError.
    """

    def __init__(
        self,
        ib: Any,
        account: str,
        *,
        wait_seconds: float = 10.0,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        self._ib = ib
        self._ib.RequestTimeout = request_seconds
        self._account = account
        self._wait = wait_seconds
        self._placed: set[Hashable] = set()

    @classmethod
    def connect(cls, host: str, port: int, client_id: int, account: str) -> IbAsyncPort:
        """Connect; BrokerError when nothing listens, or when positions or orders do not arrive in time."""
        ib = import_ib().IB()
        ib.RequestTimeout = REQUEST_SECONDS
        try:
            ib.connect(host, port, clientId=client_id, timeout=CONNECT_SECONDS, raiseSyncErrors=True)
        except (ConnectionError, TimeoutError, OSError) as error:
            raise BrokerError(
                "TWS or IB Gateway does not answer", where=f"{host}:{port}", remedy="start it and log in"
            ) from error
        if account not in ib.managedAccounts():
            ib.disconnect()
            raise SettingsError(
                "the login does not manage this account",
                where="IBKR_ACCOUNT",
                remedy="name the account that may trade",
            )
        return cls(ib, account)

    def close(self) -> None:
        """Disconnect: TWS accepts a client id once at a time."""
        self._ib.disconnect()

    def server_time(self) -> datetime:
        """Return IB's clock."""
        at: datetime = self._ib.reqCurrentTime()
        return at.astimezone(UTC)

    def account_id(self) -> str:
        """Return the account orders go to."""
        return self._account

    def account_values(self) -> Mapping[str, str]:
        """Subscribe anew and return the figures in US dollars: without that they are up to 3 minutes old."""
        self._ib.client.reqAccountUpdates(False, self._account)
        self._ib.reqAccountUpdates(self._account)
        rows = self._ib.accountValues(self._account)
        return {row.tag: row.value for row in rows if row.currency == "USD"}

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
        """Return open, completed and this session's orders."""
        open_now = self._ib.reqAllOpenOrders()
        completed = self._ib.reqCompletedOrders(apiOnly=False)
        return order_rows(
            open_now, self._ib.trades(), completed, account=self._account, placed_here=self._placed
        )

    def fills(self) -> Sequence[IbFill]:
        """Return executions; the library adds late commissions only to the first sight of each."""
        self._ib.reqExecutions()
        return fill_rows(self._ib.fills(), account=self._account)

    def knows(self, symbol: str) -> bool:
        """Return whether IB has a stock of this symbol."""
        return self._contract(symbol) is not None

    def wait(self, seconds: float) -> None:
        """Let messages arrive for a while."""
        self._ib.sleep(seconds)

    def place(self, ticket: Ticket) -> IbOrder:
        """Send an order (and its stop) and wait until IB says anything about it."""
        contract = self._contract(ticket.symbol)
        order = self._make(ticket, ticket.action, ticket.order_type, ticket.tif, ticket.stop_price)
        if ticket.limit_price is not None:
            order.lmtPrice = ticket.limit_price
        order.transmit = ticket.attached_stop is None
        trade = self._send(contract, order)
        child = None
        if ticket.attached_stop is not None:
            stop = self._make(ticket, "SELL", "STP", "GTC", ticket.attached_stop)
            stop.orderRef = f"{ticket.reference}{STOP_SUFFIX}"
            stop.parentId = trade.order.orderId
            child = self._send(contract, stop)
        self._until(lambda: bool(trade.order.permId) or trade.isDone())
        if child is not None and child.isDone() and not trade.order.permId:
            self._withdraw(trade, child)
        (row,) = order_rows((), [trade], (), account=self._account, placed_here=self._placed)
        return row

    def _send(self, contract: Any, order: Any) -> Any:
        trade = self._ib.placeOrder(contract, order)
        self._placed.add(trade_key(trade))
        return trade

    def _withdraw(self, trade: Any, child: Any) -> None:
        """Cancel a buy whose stop was refused: it waits in TWS and would leave with somebody's click."""
        trade.log.extend(entry for entry in child.log if entry.message)
        if not trade.isDone():
            self._ib.cancelOrder(trade.order)
            self._until(trade.isDone)

    def _contract(self, symbol: str) -> Any | None:
        found = self._ib.qualifyContracts(import_ib().Stock(symbol, "SMART", "USD"))
        return found[0] if found else None

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
        """Ask for a cancel; BrokerRefused for an order of another client: its number may be one of ours."""
        for trade in self._ib.openTrades():
            if trade.order.permId == perm_id:
                if trade.order.clientId != self._ib.client.clientId:
                    break
                self._ib.cancelOrder(trade.order)
                return
        raise BrokerRefused(
            "it was not sent by this client (IBKR_CLIENT_ID), or is not open",
            where=f"order {perm_id}",
            remedy="cancel it in TWS",
        )
