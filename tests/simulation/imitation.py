"""The imitations of Schwab and Alpaca behind the brokers' real client libraries, without a socket.

The shipped broker classes, their connections and the client libraries (schwab-py on httpx, alpaca-py on
requests) run as they are; only the last step, sending bytes, ends here in the imitation. A request can die
with its process before it leaves and after it was served, get no reply, or never arrive.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, Final, Literal
from unittest import mock
from urllib.parse import parse_qs, urlsplit

from backtest.calendar import sessions as calendar
from live.system import redaction
from tests.fakes.alpaca.app import AlpacaApp
from tests.fakes.alpaca.harness import ENVIRON as ALPACA_KEYS
from tests.fakes.clock import VirtualClock
from tests.fakes.market import Bar, Hours
from tests.fakes.market import Market as FakeMarket
from tests.fakes.schwab.app import SchwabApp
from tests.fakes.schwab.harness import ENVIRON as SCHWAB_KEYS
from tests.fakes.schwab.harness import write_private
from tests.fakes.web import Reply, Request
from tests.simulation.broker import Line
from tests.simulation.clock import WorldClock
from tests.simulation.market import Market
from tests.simulation.programs import Folder
from tests.simulation.truth import Account, TrueOrder

BrokerName = Literal["paper", "schwab", "alpaca"]
ACCOUNTS: Final = {"paper": "paper", "schwab": "schwab-4321", "alpaca": "alpaca-paper"}


def online_settings(name: BrokerName) -> dict[str, Any]:
    """Return what the settings file says about a broker."""
    if name == "paper":
        return {}
    own = {"name": name, "schwab": {"account_last4": "4321"}, "alpaca": {"paper": True}}
    return {"mode": "online_live", "data": {"source": "schwab"}, "broker": own}


class TrueVirtualClock(VirtualClock):
    """The world's true time as the imitations ask for it."""

    def __init__(self, world: WorldClock) -> None:
        super().__init__(world.true, frozen=True)
        self._world = world

    def now(self) -> datetime:
        """Return the instant it is."""
        return self._world.true


class SharedMarket(FakeMarket):
    """The simulated market as the imitations ask for it."""

    def __init__(self, market: Market) -> None:
        super().__init__()
        self._market = market

    def session(self, day: date) -> Hours | None:
        """Return open and close of a day."""
        found = calendar.session(day)
        return None if found is None else (found.open, found.close)

    def price(self, symbol: str, at: datetime) -> float | None:
        """Return the newest price."""
        return self._market.price(symbol, at)

    def bar(self, symbol: str, day: date) -> Bar | None:
        """Return the whole bar of a session."""
        found = self._market.bar(symbol, day)
        return None if found is None else Bar(day, *found, 1e6)

    def split(self, symbol: str, ratio: float, on: date) -> None:
        """Nothing: the simulated market was split already."""


class Imitation:
    """One imitation with its account, and the truth about it."""

    def __init__(self, name: BrokerName, clock: WorldClock, market: Market) -> None:
        self.name = name
        made = TrueVirtualClock(clock)
        self.app: Any = SchwabApp(made) if name == "schwab" else AlpacaApp(made)
        self.app.market = self.app.book.market = SharedMarket(market)
        self._clock = clock
        if name == "alpaca":
            self.app.limit.calls = 10_000

    def log_in(self, folder: Folder) -> None:
        """The person logs in, as they do every week."""
        if self.name == "schwab":
            write_private(folder.root / "state" / "schwab_token.json", self.app.tokens.login())

    def new_day(self) -> None:
        """Forget the fates of orders that were never accepted."""
        self.app.book.scripts.clear()
        self.app.faults.clear()

    # truth ----------------------------------------------------------------------------------------------

    def account(self, names: dict[str, str]) -> Account:
        """Return the account as it is; `names` are those our program gave to orders."""
        self.app.book.advance()
        if self.name == "schwab":
            return self._schwab(names)
        return self._alpaca()

    def _schwab(self, names: dict[str, str]) -> Account:
        orders, executions = [], dict[str, datetime]()
        for o in self.app.book.all():
            for activity in o.activities:
                if activity["executionType"] == "FILL":
                    for leg in activity["executionLegs"]:
                        name = f"{o.id}:{activity['activityId']}:{leg['legId']}"
                        executions[name] = _stamp(leg["time"])
            orders.append(
                TrueOrder(
                    id=str(o.id),
                    client_id=names.get(str(o.id), ""),
                    symbol=o.symbol,
                    side=o.side.lower(),
                    kind="stop" if o.spec.get("orderType") == "STOP" else "market",
                    quantity=int(o.quantity),
                    filled=int(o.filled),
                    live=o.live,
                    waits=o.status == "AWAITING_PARENT_ORDER",
                    stop_price=Decimal(str(o.spec["stopPrice"])) if "stopPrice" in o.spec else None,
                )
            )
        held = {s: int(p.quantity) for s, p in sorted(self.app.account.positions.items())}
        return Account(Decimal(str(self.app.account.cash)), held, tuple(orders), executions)

    def _alpaca(self) -> Account:
        book = self.app.book
        orders = tuple(
            TrueOrder(
                id=o.id,
                client_id=o.spec["client_order_id"],
                symbol=o.spec["symbol"],
                side=o.spec["side"],
                kind=o.spec["type"],
                quantity=int(o.spec["qty"]),
                filled=o.filled,
                live=o.live,
                waits=o.status == "held",
                stop_price=Decimal(o.spec["stop_price"]) if o.spec.get("stop_price") else None,
            )
            for o in book.all()
        )
        held = {symbol: int(quantity) for symbol, (quantity, _) in sorted(book.positions.items())}
        executions = {f["id"]: _stamp(f["transaction_time"][:-4]) for f in book.fills}
        return Account(Decimal(str(book.cash)), held, orders, executions)

    def parent_of(self, number: str) -> str:
        """Return the id of the order that an attached stop came with, empty without one."""
        for root in self.app.book.roots:
            children = root.children if self.name == "schwab" else root.legs
            if any(str(child.id) == number for child in children):
                return str(root.id)
        return ""

    # fates ----------------------------------------------------------------------------------------------

    def prepare_fate(self, fate: str, symbol: str, quantity: int) -> None:
        """Let the next order fill in part, late, never, or be rejected; or its cancel come late."""
        price = self.app.market.price(symbol, self._clock.true)
        steps = {
            "partial": [{"quantity": max(1, quantity // 2), "after": 0, "price": price}],
            "slow": [{"quantity": quantity, "after": 20, "price": price}],
            "never": [],
            "cancel_race": [],
            "reject": [],
        }
        if fate in steps:
            script: dict[str, Any] = {"match": {"symbol": symbol}, "fills": steps[fate]}
            if fate == "reject" and self.name == "schwab":
                script["end"] = "REJECTED"
            self.app.book.scripts.append(script)
        if fate == "late_cancel":
            self.cancel_comes("slow")
        elif fate == "cancel_race":
            self.cancel_comes("fill_after")

    def cancel_comes(self, how: str) -> None:
        """Let the next cancel come late, or after the fill; only Schwab's imitation knows that."""
        if self.name == "schwab":
            self.app.faults.add([{"method": "DELETE", "action": "cancel_race", "how": how}])

    def lag(self, line: Line) -> None:
        """Let list and balances lag for one run."""
        if self.name == "schwab":
            self.app.list_lag = timedelta(seconds=line.lags("lagging_list") or 0.25)
        else:
            self.app.book.lag = timedelta(seconds=line.lags("lagging_account"))


def _stamp(text: str) -> datetime:
    return (
        datetime.fromisoformat(text).replace(tzinfo=UTC) if "+" not in text else datetime.fromisoformat(text)
    )


class Wire:
    """The wire between the client libraries and one imitation.

    Attributes:
        line: of the run that goes on. arrives: told before an order is served.
        noted: told the id that an accepted order got. doubled: told when one was accepted twice.
    """

    def __init__(
        self,
        imitation: Imitation,
        line: Callable[[], Line],
        arrives: Callable[[], None],
        noted: Callable[[str], None],
        doubled: Callable[[], None],
    ) -> None:
        self._imitation, self._line, self._arrives, self._noted = imitation, line, arrives, noted
        self._doubled = doubled
        self._newest: Reply | None = None

    def carry(self, method: str, url: str, headers: dict[str, str], body: str) -> Reply | str:
        """Return the reply, or the name of what became of the request instead."""
        line, parts = self._line(), urlsplit(url)
        order = method == "POST" and parts.path.endswith("/orders")
        name = f"{method} {'order' if order else 'request'}"
        line.machine.step(f"before {name}")
        if order:
            line.left_at = line.clock.now(), line.clock.true
        line.call()
        fate = line.at_submit() if order else ""
        if fate == "not_sent":
            return fate
        if method == "DELETE" and line.at_cancel():
            self._imitation.cancel_comes("slow")
        if not order and line.at_read():
            return Reply(503, b"busy")
        if order:
            self._arrives()
        if fate == "lost_request":
            return fate
        if fate == "refused":
            return Reply.of({"message": "not today", "code": 40310000, "errors": []}, 403)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        asked = Request(method, parts.path, query, headers, body)
        reply: Reply = self._imitation.app.handle(asked)
        if fate == "doubled_request":
            reply = self._once_more(asked, reply)
        self._imitation.app.log.clear()
        if order and reply.order_id:
            self._noted(reply.order_id)
            line.changed_at = line.clock.true
        line.machine.step(f"after {name}")
        if fate == "lost_reply":
            return fate
        if fate == "odd_reply":
            return Reply(reply.status, b"", {})
        if method == "GET":
            reply, new = line.answered((parts.path, parts.query), reply)
            if new and "account" in parts.path:
                line.last_look = line.clock.true
        elif order:
            before, self._newest = self._newest, reply
            reply = before if fate == "repeated_reply" and before is not None else reply
        reply.headers["Date"] = format_datetime(line.clock.true.astimezone(UTC), usegmt=True)
        return reply

    def _once_more(self, asked: Request, first: Reply) -> Reply:
        """The line delivers an order again; the answer is of the first, or that its name is taken."""
        second: Reply = self._imitation.app.handle(asked)
        if second.status >= HTTPStatus.BAD_REQUEST:
            return second if self._imitation.name == "alpaca" else first
        self._doubled()
        return first

    # the doors of the two HTTP libraries ----------------------------------------------------------------

    def httpx_handle(self, _: Any, request: Any) -> Any:
        """Stand in for `httpx.HTTPTransport.handle_request`."""
        import httpx

        headers = {key.title(): value for key, value in request.headers.items()}
        body = request.read().decode()
        reply = self.carry(request.method, str(request.url), headers, body)
        if isinstance(reply, str):
            kind = httpx.ConnectError if reply == "not_sent" else httpx.ReadTimeout
            raise kind(f"{reply} (simulated)", request=request)
        return httpx.Response(reply.status, headers=reply.headers, content=reply.body, request=request)

    def requests_send(self, _: Any, request: Any, **__: Any) -> Any:
        """Stand in for `requests.adapters.HTTPAdapter.send`."""
        import requests

        body = request.body or ""
        text = body.decode() if isinstance(body, bytes) else body
        reply = self.carry(request.method, request.url, dict(request.headers), text)
        if isinstance(reply, str):
            kind = requests.ConnectTimeout if reply == "not_sent" else requests.ReadTimeout
            raise kind(f"{reply} (simulated)", request=request)
        made = requests.Response()
        made.status_code, made._content, made.url, made.request = (
            reply.status,
            reply.body,
            request.url,
            request,
        )
        made.headers.update(reply.headers)
        made.encoding, made.reason = "utf-8", ""
        return made


@contextmanager
def connected(wire: Wire) -> Iterator[None]:
    """Put the wire under the client libraries, with keys in the environment."""
    import httpx
    import requests.adapters

    transport = httpx.HTTPTransport
    known = dict(redaction._SECRETS)
    with (
        mock.patch.dict(os.environ, {**SCHWAB_KEYS, **ALPACA_KEYS}),
        mock.patch.object(transport, "__init__", _nothing),
        mock.patch.object(transport, "__exit__", _nothing),
        mock.patch.object(transport, "close", _nothing),
        mock.patch.object(transport, "handle_request", _method(wire.httpx_handle)),
        mock.patch.object(requests.adapters.HTTPAdapter, "send", _method(wire.requests_send)),
    ):
        try:
            yield
        finally:
            redaction._SECRETS.clear()
            redaction._SECRETS.update(known)


def _method(door: Callable[..., Any]) -> Callable[..., Any]:
    """Return a door of the wire as a method of the object it stands in for."""

    def call(owner: Any, request: Any, **more: Any) -> Any:
        return door(owner, request, **more)

    return call


def _nothing(*_: Any, **__: Any) -> None:
    """Open or close no socket."""
