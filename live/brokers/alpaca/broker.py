"""Alpaca behind the broker protocol (protocol A: it honours client order ids, so a lost one is looked up)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from backtest.calendar import sessions as calendar
from backtest.core.errors import BrokerError, BrokerRefused, SettingsError
from live.brokers.alpaca.activities import parse_movement
from live.brokers.alpaca.connection import AlpacaConnection, import_alpaca, keys, utc_text
from live.brokers.alpaca.orders import order_body, parse_account, parse_order, parse_orders
from live.brokers.common import require_loopback
from live.model.broker import Account, BrokerOrder, CashMovement, OrderRequest
from live.settings.model import AlpacaSettings
from live.system.clock import Clock

#: of one page of orders, as Alpaca allows, and how many pages are read: 20,000 orders
MAX_ROWS = 500
MAX_PAGES = 40
ACTIVITY_PAGE = 100
#: before the opening, Alpaca takes no more orders for it
AUCTION_MARGIN = timedelta(minutes=2)


class AlpacaBroker:
    """One account at Alpaca, paper or live.

    Args:
        connection: the real client with honest failures.
        account_last4: last four of the account that may trade, None for whichever the keys belong to.
    """

    name = "alpaca"
    honours_client_id = True
    supports_attached_stop = True

    def __init__(self, connection: AlpacaConnection, *, account_last4: str | None = None) -> None:
        self.connection = connection
        self._last4 = account_last4

    @classmethod
    def open(
        cls,
        settings: AlpacaSettings,
        *,
        clock: Clock,
        environ: Mapping[str, str],
        mode: str,
        confirmed: bool = False,
    ) -> AlpacaBroker:
        """Build the real client; the live address needs online_live and a person's confirmation.

        Raises:
            SettingsError: keys missing, an address that is not loopback, or the live account unconfirmed.
        """
        if not settings.paper and not (mode == "online_live" and confirmed):
            raise SettingsError(
                "the live account needs mode online_live and a typed confirmation",
                where="broker.alpaca.paper",
                remedy="set it to true, or confirm live trading first",
            )
        if not settings.paper and not settings.account_last4:
            raise SettingsError(
                "the live account is not named: keys of another account would trade on its memory",
                where="broker.alpaca.account_last4",
                remedy="set the last four characters of the account number",
            )
        if settings.base_url is not None:
            require_loopback(settings.base_url, "broker.alpaca.base_url")
        key, secret = keys(environ)
        client = import_alpaca().TradingClient(
            key, secret, paper=settings.paper, raw_data=True, url_override=settings.base_url
        )
        connection = AlpacaConnection(client, clock, local=settings.base_url is not None)
        return cls(connection, account_last4=settings.account_last4)

    def account(self) -> Account:
        """Return balances and positions; SettingsError when the keys belong to another account."""
        client = self.connection.client
        row = self.connection.read("account", client.get_account)
        if self._last4 and not str(row.get("account_number") or "").endswith(self._last4):
            raise SettingsError(
                f"the keys do not belong to the account that ends in {self._last4}",
                where="broker.alpaca.account_last4",
                remedy="use its keys, or name the account these keys belong to",
            )
        return parse_account(row, self.connection.read("positions", client.get_all_positions))

    def orders(self, since: datetime, until: datetime) -> Sequence[BrokerOrder]:
        """Return every order submitted in the interval, legs flattened; BrokerError rather than a part."""
        wanted = {"status": "all", "nested": "true", "after": utc_text(since - timedelta(milliseconds=1))}
        rows = self._list(wanted, until)
        filled = any(_has_fills(row) for row in rows)
        return parse_orders(rows, self._fills(since) if filled else {})

    def resting(self, before: datetime) -> Sequence[BrokerOrder]:
        """Return the live orders submitted before an instant, however long ago; errors as `orders`.

        Each leg is a row of its own: of an entry that filled long ago only its stop still lives.
        """
        rows = self._list({"status": "open", "nested": "false"}, before)
        return [order for order in parse_orders(rows, {}) if not order.state.terminal]

    def _list(self, wanted: Mapping[str, Any], until: datetime) -> list[Mapping[str, Any]]:
        """Return all rows, page after page, oldest first: a page ends at MAX_ROWS rows, legs counted.

        Each page begins just before the last row of the one before, since several orders may share an
        instant; what is shown twice is taken as the later page has it. BrokerError rather than a part.
        """
        # both ends are exclusive at Alpaca
        end = utc_text(until + timedelta(milliseconds=1))
        query = {**wanted, "limit": MAX_ROWS, "direction": "asc", "until": end}
        found: dict[str, Mapping[str, Any]] = {}
        for _ in range(MAX_PAGES):
            page = self.connection.read("order list", partial(self.connection.client.get, "/orders", query))
            if not isinstance(page, list):
                break
            known = len(found)
            found.update((str(row.get("id")), row) for row in page)
            if sum(1 + len(row.get("legs") or ()) for row in page) < MAX_ROWS:
                return list(found.values())
            last = parse_order(page[-1]).entered_at
            if last is None or len(found) == known:
                break
            query = {**query, "after": utc_text(last - timedelta(milliseconds=1))}
        raise BrokerError(
            f"the order list is unreadable or may be cut after {len(found)} rows",
            where="Alpaca",
            remedy="run it again; a search in a cut list proves nothing",
        )

    def _fills(self, since: datetime) -> dict[str, list[Mapping[str, Any]]]:
        """Return fill activities since an instant by order id, oldest first."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        after = utc_text(since - timedelta(seconds=1))
        for fill in self._activities("fills", "/account/activities/FILL", {"after": after}):
            found.setdefault(str(fill.get("order_id")), []).append(fill)
        return found

    def cash_movements(self, since: date) -> Sequence[CashMovement]:
        """Return dividends, interest, fees and transfers dated `since` or later."""
        wanted = {"category": "non_trade_activity", "after": (since - timedelta(days=1)).isoformat()}
        rows = self._activities("activities", "/account/activities", wanted)
        return [moved for row in rows if (moved := parse_movement(row)) and moved.day >= since]

    def _activities(self, what: str, path: str, wanted: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Yield rows of account activities page after page, oldest first; BrokerError when pages repeat."""
        query = {**wanted, "direction": "asc", "page_size": str(ACTIVITY_PAGE)}
        while True:
            page = self.connection.read(what, partial(self.connection.client.get, path, dict(query)))
            yield from page or ()
            if not page or len(page) < ACTIVITY_PAGE:
                return
            token = str(page[-1]["id"])
            if token == query.get("page_token"):
                raise BrokerError(f"the list of {what} does not end", where="Alpaca", remedy="run it again")
            query["page_token"] = token

    def order(self, order_id: str) -> BrokerOrder | None:
        """Return one order, None only when Alpaca says that it does not exist."""
        client = self.connection.client
        return self._one(f"order {order_id}", lambda: client.get(f"/orders/{order_id}", {"nested": "true"}))

    def family(self, order_id: str) -> Sequence[BrokerOrder]:
        """Return an order and its legs, empty when it does not exist; the list may show a leg alone."""
        client = self.connection.client
        row = self.connection.read(
            f"order {order_id}", lambda: client.get(f"/orders/{order_id}", {"nested": "true"}), missing=True
        )
        if row is None:
            return []
        begun = parse_order(row).entered_at
        return parse_orders([row], self._fills(begun) if begun is not None and _has_fills(row) else {})

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """Return the order with this client id, open or closed; None when Alpaca never accepted it."""
        client = self.connection.client
        return self._one(client_order_id, lambda: client.get_order_by_client_id(client_order_id))

    def _one(self, what: str, call: Any) -> BrokerOrder | None:
        row = self.connection.read(what, call, missing=True)
        if row is None:
            return None
        shown = parse_order(row)
        if not _has_fills(row) or shown.entered_at is None:
            return shown
        return parse_order(row, self._fills(shown.entered_at).get(shown.order_id, ()))

    def body(self, request: OrderRequest) -> dict[str, Any]:
        """Return the exact JSON body `submit` will send, for the journal."""
        return order_body(request, auction=self._auction_takes_orders())

    def _auction_takes_orders(self) -> bool:
        """Tell whether orders for the opening are accepted: not in the last two minutes before it."""
        now = self.connection.clock.now()
        day = calendar.session(now.astimezone(calendar.NEW_YORK).date())
        return day is None or not day.open - AUCTION_MARGIN <= now < day.open

    def submit(self, request: OrderRequest) -> str | None:
        """Send once; the id of the order, None when accepted without one.

        Raises:
            BrokerRefused (also for a client id that exists already), AuthenticationFailed, NotSent (also
            Throttled): nothing new was accepted. BrokerUnknown: look the client id up.
        """
        body = self.body(request)
        answer = self.connection.post(
            lambda: self.connection.client.post("/orders", body), request.client_order_id
        )
        found = answer.get("id")
        return None if found is None else str(found)

    def cancel(self, order_id: str) -> None:
        """Ask for a cancel (safe to repeat); BrokerRefused when the order is not live."""
        client = self.connection.client
        try:
            self.connection.read(
                f"cancel {order_id}", lambda: client.delete(f"/orders/{order_id}"), empty=True
            )
        except BrokerRefused as error:
            raise BrokerRefused(error.problem, where=order_id, remedy="read the order back") from error

    def clock_offset(self) -> timedelta | None:
        """Return broker time minus our time from the last reply, None when nothing was received yet."""
        return self.connection.offset


def _has_fills(row: Mapping[str, Any]) -> bool:
    rows = [row, *(row.get("legs") or ())]
    return any(str(one.get("filled_qty") or "0") not in {"0", "0.0"} for one in rows)
