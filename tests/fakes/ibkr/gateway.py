"""A Gateway in memory, behind the real `ib_async`: it answers requests with the messages TWS sends.

Only the socket is replaced: `IB` and its wrapper are the vendor's, so what the library makes of the messages
is what the adapter meets. Completed orders look as TWS sends them: no order id, no log, a filled one with
quantity 0 and `filledQuantity`. An account of another person shares the login.
"""

# ruff: noqa: N802, N815 - the names of requests are the library's
from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import ib_async
from ib_async.objects import CommissionReport, Execution
from ib_async.order import OrderState

ACCOUNT = "DU1234567"
COMMISSION = Decimal("0.35")
AT = datetime(2025, 3, 5, 20, 46, tzinfo=UTC)


def stock(symbol: str) -> Any:
    """Return a contract with the id IB has for it."""
    number = sum(ord(letter) * 256**place for place, letter in enumerate(symbol))
    return ib_async.Stock(symbol, "SMART", "USD", conId=number)


class Held:
    """One order at the Gateway."""

    def __init__(self, order: Any, contract: Any, *, status: str, perm_id: int) -> None:
        self.order, self.contract, self.status = replace(order, permId=perm_id), contract, status
        self.order.account = order.account or ACCOUNT
        self.filled = 0.0
        self.why_held = ""

    @property
    def live(self) -> bool:
        return self.status in {"Submitted", "PreSubmitted", "PendingSubmit"} or bool(self.why_held)


class Gateway:
    """What TWS and IB's servers know; sessions (`Session`) come and go.

    Attributes:
        errors: (code, text, ``before`` or ``after`` the openOrder message) sent for the next order.
        silent: the next order is accepted without any message.
        inactive: why the next stop is only held (status Inactive, alive).
        mute: requests that get no answer at all.
        late_commission: commission reports are kept until `report_commissions`.
    """

    def __init__(self, price: float = 100.0) -> None:
        self.prices = {"AAA": Decimal(str(price)), "BRK B": Decimal(400)}
        self.cash, self.currency = Decimal(100_000), "USD"
        self.power = 4
        self.held: dict[str, float] = {}
        self.book: list[Held] = []
        self.executions: list[tuple[Any, Any]] = []
        self.errors: list[tuple[int, str, str]] = []
        self.silent = self.late_commission = False
        self.inactive = ""
        self.mute: set[str] = set()
        self.withheld: list[Any] = []
        self.sessions: list[Session] = []
        self.now = AT
        self.numbers = itertools.count(900_001)

    # --- the market, as the contract suite moves it
    def price(self, symbol: str, value: float) -> None:
        self.prices[symbol] = Decimal(str(value))
        for held in list(self.book):
            if held.order.orderType == "STP" and held.live and not held.why_held:
                self.trigger(held)
            if held.order.orderType == "LMT" and held.live and self.prices[symbol] <= held.order.lmtPrice:
                self.fill(held)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def trigger(self, held: Held) -> None:
        parent = next(
            (h for h in self.book if held.order.parentId and h.order.orderId == held.order.parentId), None
        )
        if (parent is None or parent.status == "Filled") and self.prices[
            held.contract.symbol
        ] <= held.order.auxPrice:
            self.fill(held)

    def fill(self, held: Held) -> None:
        symbol, sign = held.contract.symbol, 1 if held.order.action == "BUY" else -1
        shares = float(held.order.totalQuantity)
        self.held[symbol] = self.held.get(symbol, 0) + sign * shares
        self.cash -= sign * Decimal(shares) * self.prices[symbol] + COMMISSION
        held.status, held.filled = "Filled", shares
        self._execute(held, f"0000e0d5.{held.order.permId:x}.01", shares)

    def _execute(self, held: Held, exec_id: str, shares: float) -> None:
        order = held.order
        execution = Execution(
            execId=exec_id, time=self.now, acctNumber=order.account, shares=shares,
            side="BOT" if order.action == "BUY" else "SLD", price=float(self.prices[held.contract.symbol]),
            permId=order.permId, clientId=order.clientId, orderId=order.orderId, orderRef=order.orderRef,
        )  # fmt: skip
        self.executions.append((held.contract, execution))
        for session in self.sessions:
            session.later(session.status, held)
            session.later(session.execution, -1, held.contract, execution)

    def correct(self, price: float) -> None:
        """Send the last execution again, corrected: the same id with the next number."""
        contract, execution = self.executions[-1]
        again = replace(execution, execId=execution.execId[:-2] + "02", price=price)
        self.executions.append((contract, again))

    def refusal(self, order: Any, contract: Any) -> str:
        price = self.prices[contract.symbol]
        if order.action == "BUY":
            return "insufficient funds" if order.totalQuantity * price > self.cash else ""
        if order.parentId:
            return ""
        busy = sum(h.order.totalQuantity for h in self.book if h.order.action == "SELL" and h.live)
        return "not held" if order.totalQuantity + busy > self.held.get(contract.symbol, 0) else ""

    def session(self, **patience: float) -> Any:
        """Return a new connected `IB`, as another process would have it."""
        ib = ib_async.IB()
        session = Session(self, ib)
        ib.client = session  # type: ignore[assignment] # the socket is what is imitated
        ib.wrapper.clientId = session.clientId
        self.sessions.append(session)
        return ib


class Session:
    """The client of one process: requests in, wrapper messages out, each on the next turn of the loop."""

    clientId = 17

    def __init__(self, gateway: Gateway, ib: Any) -> None:
        self.gateway, self.ib, self.wrapper = gateway, ib, ib.wrapper
        self._ids = itertools.count(1 + 100 * len(gateway.sessions))
        self.placed: list[Any] = []
        self.cancelled: list[int] = []

    def later(self, call: Callable[..., None], *values: Any) -> None:
        loop: Any = ib_async.util.getLoop()  # type: ignore[no-untyped-call]
        loop.call_soon(call, *values)

    def isReady(self) -> bool:
        return True

    def isConnected(self) -> bool:
        return False  # asked only for leaving: there is no socket to close

    def getReqId(self) -> int:
        return next(self._ids)

    def updateReqId(self, least: int) -> None:
        self._ids = itertools.count(max(next(self._ids), least))

    def _answer(self, name: str, call: Callable[[], None]) -> None:
        if name not in self.gateway.mute:
            self.later(call)

    # --- requests
    def reqCurrentTime(self) -> None:
        self._answer(
            "time",
            lambda: self.wrapper.currentTime(int((self.gateway.now + timedelta(seconds=2)).timestamp())),
        )

    def reqContractDetails(self, request: int, contract: Any) -> None:
        def answer() -> None:
            if contract.symbol in self.gateway.prices:
                found = stock(contract.symbol)
                self.wrapper.contractDetails(request, ib_async.ContractDetails(contract=found))
                self.wrapper.contractDetailsEnd(request)
            else:
                self.wrapper.error(request, 200, "No security definition has been found", "")

        self._answer("contract", answer)

    def reqAccountUpdates(self, subscribe: bool, account: str) -> None:
        if subscribe:
            self._answer("account", lambda: self._account(account))

    def _account(self, account: str) -> None:
        cash, currency = self.gateway.cash, self.gateway.currency
        for tag, value in {
            "TotalCashValue": cash, "SettledCash": cash, "NetLiquidation": cash, "AvailableFunds": cash,
            "BuyingPower": cash * self.gateway.power,
        }.items():  # fmt: skip
            self.wrapper.updateAccountValue(tag, str(value), currency, account)
        self.wrapper.updateAccountValue("AccountType", "INDIVIDUAL", "", account)
        self.wrapper.updateAccountValue("CashBalance", "20", "USD" if currency != "USD" else "EUR", account)
        self.wrapper.positions.clear()
        for symbol, shares in self.gateway.held.items():
            contract = stock(symbol)
            self.wrapper.position(account, contract, shares, 100.0)
        self.wrapper.accountDownloadEnd(account)

    def reqAllOpenOrders(self) -> None:
        def answer() -> None:
            for held in self.gateway.book:
                if held.live:
                    self.opened(held)
                    self.status(held)
            self.wrapper.openOrderEnd()

        self._answer("open", answer)

    def reqCompletedOrders(self, api_only: bool) -> None:
        def answer() -> None:
            for held in self.gateway.book:
                if not held.live:
                    done = held.status == "Filled"
                    row = replace(
                        held.order, orderId=0, clientId=0, parentId=0,
                        totalQuantity=0 if done else held.order.totalQuantity, filledQuantity=held.filled,
                    )  # fmt: skip
                    self.wrapper.completedOrder(held.contract, row, OrderState(status=held.status))
            self.wrapper.completedOrdersEnd()

        self._answer("completed", answer)

    def reqExecutions(self, request: int, _filter: Any) -> None:
        def answer() -> None:
            for contract, execution in self.gateway.executions:
                self.execution(request, contract, execution)
            self.wrapper.execDetailsEnd(request)

        self._answer("executions", answer)

    def placeOrder(self, number: int, contract: Any, order: Any) -> None:
        self.placed.append(order)
        gateway = self.gateway
        sent = replace(order, orderId=number, clientId=self.clientId)
        refused = gateway.refusal(sent, contract)
        if refused:
            self.later(lambda: self.wrapper.error(number, 201, f"Order rejected - reason:{refused}", ""))
            return
        held = Held(sent, contract, status="Submitted", perm_id=next(gateway.numbers))
        gateway.book.append(held)
        errors, gateway.errors = gateway.errors, []
        if order.orderType == "STP" and gateway.inactive:
            held.status, held.why_held, gateway.inactive = "Inactive", gateway.inactive, ""
        for code, text, when in errors:
            if when == "before":
                self.later(self.wrapper.error, number, code, text, "")
        if not gateway.silent:
            self.later(lambda: self.opened(held))
            self.later(lambda: self.status(held))
        for code, text, when in errors:
            if when == "after":
                self.later(self.wrapper.error, number, code, text, "")
        marketable = order.orderType == "LMT" and gateway.prices[contract.symbol] <= order.lmtPrice
        if (order.orderType == "MKT" or marketable) and not errors:
            gateway.fill(held)

    def cancelOrder(self, number: int, _time: str = "") -> None:
        self.cancelled.append(number)
        for held in self.gateway.book:
            if held.order.orderId == number and held.order.clientId == self.clientId and held.live:
                held.status, held.why_held = "Cancelled", ""
                self.later(self.status, held)
                self.later(lambda: self.wrapper.error(number, 202, "Order Canceled - reason:", ""))

    # --- messages
    def opened(self, held: Held) -> None:
        state = OrderState(status=held.status)
        self.wrapper.openOrder(held.order.orderId, held.contract, replace(held.order), state)

    def status(self, held: Held) -> None:
        order, left = held.order, float(held.order.totalQuantity) - held.filled
        self.wrapper.orderStatus(
            order.orderId, held.status, held.filled, left, 0.0, order.permId, order.parentId, 0.0,
            order.clientId, held.why_held,
        )  # fmt: skip

    def execution(self, request: int, contract: Any, execution: Any) -> None:
        self.wrapper.execDetails(request, contract, replace(execution))
        report = CommissionReport(execution.execId, float(COMMISSION), "USD")
        if self.gateway.late_commission:
            self.gateway.withheld.append(report)
        else:
            self.wrapper.commissionReport(report)

    def report_commissions(self) -> None:
        for report in self.gateway.withheld:
            self.wrapper.commissionReport(report)
