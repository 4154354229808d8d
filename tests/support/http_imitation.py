"""Imitation brokers in a process of their own that can kill the executor at a request boundary.

An imitation knows the process to kill from a file and the request from its own counting. Its clock is
the clock of everything; a sleeping executor moves it instead of waiting.
"""

from __future__ import annotations

import os
import signal as signals
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from live.system.clock import Clock
from tests.fakes.alpaca.app import AlpacaApp
from tests.fakes.clock import VirtualClock
from tests.fakes.faults import CONTROL
from tests.fakes.schwab.app import SchwabApp
from tests.fakes.schwab.harness import Remote
from tests.fakes.web import App, Reply, Request, Server

NEW_YORK = ZoneInfo("America/New_York")
DAY, NEXT_DAY = date(2026, 11, 19), date(2026, 11, 20)
PRICES = {"AAA": 100.0, "BBB": 50.0, "CCC": 20.0, "TQQQ": 50.0, "PSQ": 30.0, "TMF": 20.0}


def at(day: date, clock: str = "15:45:30") -> datetime:
    """A New York time of a day; the default lies just inside the closing window."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=NEW_YORK)


class Killer(App):
    """Part of an imitation: kills the client at the n-th request counted from the plan.

    lost: the request never arrives. before: the client dies, the request is served all the same.
    accepted: served, the client dies instead of reading the reply.
    """

    book: Any
    plan: dict[str, Any] | None = None
    seen = 0

    def handle(self, request: Request) -> Reply:
        if request.path.startswith(CONTROL) or request.path == "/":
            return super().handle(request)
        self.seen += 1
        if self.plan is None or self.seen != self.plan["n"]:
            return super().handle(request)
        kind = self.plan["kind"]
        if kind == "accepted":
            reply = super().handle(request)
            self._kill(self.plan, request)
            return reply
        self._kill(self.plan, request)
        return Reply(503) if kind == "lost" else super().handle(request)

    def _kill(self, plan: dict[str, Any], request: Request) -> None:
        folder = Path(plan["folder"])
        (folder / "killed_at").write_text(f"{plan['kind']} {short(request.method, request.path)}")
        os.kill(int((folder / "pid").read_text()), signals.SIGKILL)
        time.sleep(0.01)  # the dead client must not see anything that follows

    def control(self, name: str, data: Any) -> Any:
        if name == "kill":
            self.plan, self.seen = data or None, 0
            return {"ok": True}
        if name == "fills":
            return self.book.fills
        return super().control(name, data)


class KillingSchwab(Killer, SchwabApp):
    """Schwab's imitation with a knife."""


class KillingAlpaca(Killer, AlpacaApp):
    """Alpaca's imitation with a knife."""


def short(method: str, path: str) -> str:
    """Name a request without ids and hashes."""
    last = path.rstrip("/").rpartition("/")[2]
    if last.isdigit() or len(last) > 30:
        last = "order/ID"
    return f"{method} {'account' if last.startswith('FAKEHASH') else last}"


def make_app(broker: str, day: date = DAY) -> KillingSchwab | KillingAlpaca:
    """Return an imitation with fixed prices at the beginning of the closing window."""
    clock = VirtualClock(at(day))
    app: KillingSchwab | KillingAlpaca
    app = KillingSchwab(clock) if broker == "schwab" else KillingAlpaca(clock)
    for symbol, price in PRICES.items():
        app.market.script(symbol, price)
    return app


class Forked:
    """An imitation in a forked process: it survives the executor; every start begins alike."""

    def __init__(self, app: Killer, moment: datetime | None = None) -> None:
        server = Server(app)
        self.remote = Remote(server.url)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                if moment is not None:
                    app.clock.set(moment)
                server.serve_forever(0.5)
            finally:
                os._exit(0)
        server.socket.close()

    def __enter__(self) -> Remote:
        return self.remote

    def __exit__(self, *_: object) -> None:
        os.kill(self.pid, signals.SIGKILL)
        os.waitpid(self.pid, 0)


class MovedClock:
    """The imitation's clock; a sleep moves it instead of waiting."""

    def __init__(self, url: str, base: Clock, shown: datetime) -> None:
        self._remote, self._base = Remote(url), base
        self._offset = shown - base.now()
        self._slept = 0.0

    def now(self) -> datetime:
        return self._base.now() + self._offset

    def monotonic(self) -> float:
        return self._base.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._remote.clock(advance=seconds)
            self._offset += timedelta(seconds=seconds)
            self._slept += seconds
