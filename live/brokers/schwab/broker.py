"""Schwab behind the broker protocol (protocol B: no client order ids, so a lost reply is searched for)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from backtest.calendar import sessions as calendar
from backtest.core.errors import AuthenticationFailed, BrokerError, BrokerRefused, BrokerUnknown, NotSent
from live.brokers.common import Throttled, retry_after
from live.brokers.schwab.account import choose_account, parse_account
from live.brokers.schwab.connection import SchwabConnection, reason
from live.brokers.schwab.orders import complete, order_body, parse_order, parse_orders
from live.brokers.schwab.transactions import parse_movement
from live.model.broker import Account, BrokerOrder, CashMovement, OrderRequest
from live.system.clock import Clock

MAX_ROWS = 3000
LIST_SPAN = timedelta(days=59)
#: a list of so short a span that is full is refused
SHORTEST_SPAN = timedelta(seconds=2)
#: Schwab ends an order good till cancelled after about six months
GTC_LIFE = timedelta(days=190)
REREADS = 3
#: answers to an order that say a definite no
REFUSALS = frozenset({400, 403, 404, 422})


class SchwabBroker:
    """One account at Schwab.

    Args:
        connection: the process's only connection.
        account_last4: last four digits of the account that may trade.
    """

    name = "schwab"
    honours_client_id = False
    supports_attached_stop = True

    def __init__(self, connection: SchwabConnection, *, account_last4: str | None, clock: Clock) -> None:
        self.connection = connection
        self._last4 = account_last4
        self._clock = clock
        self._chosen: tuple[str, str] | None = None

    @property
    def reference(self) -> str:
        """Masked account reference."""
        return self._account()[1]

    def _account(self) -> tuple[str, str]:
        if self._chosen is None:
            rows = self.connection.read("account numbers", lambda client: client.get_account_numbers())
            self._chosen = choose_account(rows, self._last4)
        return self._chosen

    @property
    def _hash(self) -> str:
        return self._account()[0]

    def account(self) -> Account:
        """Return balances and positions."""
        account = self._hash
        data = self.connection.read(
            "account", lambda client: client.get_account(account, fields=["positions"])
        )
        return parse_account(data, self.reference)

    def orders(self, since: datetime, until: datetime) -> Sequence[BrokerOrder]:
        """Return every order entered in the interval, flattened; BrokerError when a list may be cut."""
        start, end = since.astimezone(UTC), until.astimezone(UTC) + timedelta(seconds=1)
        found: dict[str, BrokerOrder] = {}
        while True:
            stop = min(end, start + LIST_SPAN)
            found |= {order.order_id: order for order in self._page(start, stop)}
            if stop >= end:
                return list(found.values())
            start = stop

    def resting(self, before: datetime) -> Sequence[BrokerOrder]:
        """Return the live orders entered before an instant, as old as one can be; errors as `orders`."""
        oldest = min(self._clock.now() - GTC_LIFE, before)
        return [order for order in self.orders(oldest, before) if not order.state.terminal]

    def _page(self, start: datetime, stop: datetime) -> list[BrokerOrder]:
        """Return the orders of a span; one with more of them than a list holds is asked in halves."""
        account = self._hash
        rows = self.connection.read(
            "order list",
            lambda client: client.get_orders_for_account(
                account, max_results=MAX_ROWS, from_entered_datetime=start, to_entered_datetime=stop
            ),
        )
        if not isinstance(rows, list):
            raise BrokerError("the order list is not a list", where="Schwab", remedy="nothing was changed")
        if len(rows) >= MAX_ROWS and stop - start > SHORTEST_SPAN:
            middle = start + (stop - start) / 2
            return [*self._page(start, middle), *self._page(middle, stop)]
        if len(rows) >= MAX_ROWS:
            raise BrokerError(
                f"the order list has {len(rows)} rows and may be cut",
                where="Schwab",
                remedy="look at the orders at the broker; a search in a cut list proves nothing",
            )
        return parse_orders(rows)

    def cash_movements(self, since: date) -> Sequence[CashMovement]:
        """Return dividends, interest, fees and transfers dated `since` or later."""
        account, start = self._hash, datetime.combine(since, time(), calendar.NEW_YORK)
        rows = self.connection.read(
            "transactions",
            lambda client: client.get_transactions(
                account, start_date=start.astimezone(UTC), end_date=self._clock.now().astimezone(UTC)
            ),
        )
        if not isinstance(rows, list):
            raise BrokerError("the transactions are not a list", where="Schwab", remedy="nothing was changed")
        return [moved for row in rows if (moved := parse_movement(row)) and moved.day >= since]

    def order(self, order_id: str) -> BrokerOrder | None:
        """Return one order, None only when Schwab's order service says that it does not exist.

        A row whose executions do not add up to its filled quantity is read again a few times; when they still
        do not, its average price is None.
        """
        account = self._hash
        for attempt in range(REREADS):
            row = self.connection.read(
                f"order {order_id}", lambda client: client.get_order(order_id, account), missing=True
            )
            if row is None:
                return None
            order = parse_order(row)
            if complete(order) or attempt == REREADS - 1:
                return order
            self._clock.sleep(0.5)
        raise AssertionError("unreachable")

    def family(self, order_id: str) -> Sequence[BrokerOrder]:
        """Return an order and its children (the attached stop), empty when it does not exist."""
        account = self._hash
        row = self.connection.read(
            f"order {order_id}", lambda client: client.get_order(order_id, account), missing=True
        )
        return [] if row is None else parse_orders([row])

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """Not available: Schwab keeps no client order id."""
        raise NotImplementedError(f"Schwab has no client order ids ({client_order_id}): search by fields")

    def body(self, request: OrderRequest) -> dict[str, Any]:
        """Return the exact JSON body `submit` will send, for the journal."""
        return order_body(request)

    def submit(self, request: OrderRequest) -> str | None:
        """Send once. Return the order id, None when accepted without a usable id.

        Raises:
            BrokerRefused: Schwab said no. NotSent (also Throttled), AuthenticationFailed: nothing left or
                nothing was taken. BrokerUnknown: search before anything else.
        """
        self._refuse_late_auction(request)
        body, account = order_body(request), self._hash_before_sending()
        response = self.connection.post(lambda client: client.place_order(account, body))
        return self._placed(response, request)

    def _hash_before_sending(self) -> str:
        try:
            return self._hash
        except (NotSent, AuthenticationFailed):
            raise
        except BrokerError as error:
            raise NotSent(error.problem, where=error.where, remedy=error.remedy) from error

    def _placed(self, response: Any, request: OrderRequest) -> str | None:
        status, where = response.status_code, request.client_order_id
        if 200 <= status < 400:
            return self._order_id(response)
        if status == 429:
            wait = retry_after(response, self._clock.now())
            raise Throttled(
                "Schwab wants fewer requests", retry_after=wait, where=where, remedy="wait, then send again"
            )
        if status in REFUSALS:
            raise BrokerRefused(reason(response), where=where, remedy="correct the order; it was not taken")
        raise BrokerUnknown(
            f"odd reply to an order: {reason(response)}",
            where=where,
            remedy="search for it, do not send again",
        )

    def _order_id(self, response: Any) -> str | None:
        import schwab.utils

        try:
            found = schwab.utils.Utils(self.connection.client, self._hash).extract_order_id(response)
        except schwab.utils.AccountHashMismatchException:
            return None
        return None if found is None else str(found)

    def _refuse_late_auction(self, request: OrderRequest) -> None:
        """A market order is Schwab's market-on-open only while the session has not begun."""
        if request.time_in_force != "opg":
            return
        now = self._clock.now()
        today = calendar.session(now.astimezone(calendar.NEW_YORK).date())
        if today is not None and today.open <= now < today.close:
            raise BrokerRefused(
                "too late for the opening: it would fill at once",
                where=request.client_order_id,
                remedy="send it before the session opens",
            )

    def cancel(self, order_id: str) -> None:
        """Ask for a cancel (safe to repeat); BrokerRefused when the order is not live."""
        account = self._hash
        response = self.connection.repeat(
            f"cancel {order_id}", lambda client: client.cancel_order(order_id, account)
        )
        if response.status_code >= 300:
            raise BrokerRefused(
                f"cancel: {reason(response)}", where=f"order {order_id}", remedy="read the order back"
            )

    def preview(self, request: OrderRequest) -> dict[str, Any]:
        """Return Schwab's opinion of an order without placing it."""
        account, body = self._hash, order_body(request)
        answer: dict[str, Any] = self.connection.read(
            "preview", lambda client: client.preview_order(account, body)
        )
        return answer

    def clock_offset(self) -> timedelta | None:
        """Return broker time minus our time from the last reply, None when nothing was received yet."""
        return self.connection.offset

    def close(self) -> None:
        """Close the connection and give the token back."""
        self.connection.close()
