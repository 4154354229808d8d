"""Starting the imitation in a thread, and steering it over its control door."""

from __future__ import annotations

import json
import os
import threading
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

from tests.fakes.clock import VirtualClock
from tests.fakes.schwab.app import SchwabApp
from tests.fakes.schwab.tokens import KEY, SECRET
from tests.fakes.web import App, Server

ENVIRON = {
    "SCHWAB_API_KEY": KEY,
    "SCHWAB_APP_SECRET": SECRET,
    "SCHWAB_CALLBACK_URL": "https://127.0.0.1:8182",
}


class Remote:
    """The control door from any process: `Remote(url).call("prices", {"SPY": 450})`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, name: str, data: Any = None, method: str | None = None) -> Any:
        """One control request; errors of the door raise urllib's HTTPError."""
        body = None if data is None else json.dumps(data).encode()
        verb = method or ("GET" if body is None else "POST")
        request = urllib.request.Request(f"{self.url}/__control__/{name}", body, method=verb)
        with self._opener.open(request, timeout=90) as reply:
            return json.loads(reply.read())

    def state(self) -> Any:
        """Orders, positions, cash, virtual time."""
        return self.call("state")

    def log(self, since: int = 0) -> Any:
        """Every request so far."""
        return self.call(f"log?since={since}")

    def fault(self, **rule: Any) -> None:
        """Script one fault (see tests/fakes/faults.py)."""
        self.call("faults", [rule])

    def prices(self, **values: Any) -> None:
        """Fix prices or quote fields by symbol."""
        self.call("prices", values)

    def clock(self, **what: Any) -> None:
        """Move the virtual clock: at, advance, frozen, skew."""
        self.call("clock", what)

    def write_token(self, path: Path) -> None:
        """Log in as a person would and keep the token file."""
        write_private(path, self.call("tokens", {"login": True}))


AppT = TypeVar("AppT", bound=App)


class InThread(Remote, Generic[AppT]):
    """An imitation in a thread of this process; use as a context manager."""

    def __init__(self, app: AppT, port: int = 0) -> None:
        self.app = app
        self.server = Server(app, port)
        super().__init__(self.server.url)
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.app.faults.clear()
        self.server.shutdown()
        self.server.server_close()


class FakeSchwab(InThread[SchwabApp]):
    """The server in a thread of this process; use as a context manager.

    Args:
        at: virtual start; the clock stands still unless `ticking`.
        prices: last prices by symbol.
    """

    def __init__(
        self, at: datetime, prices: dict[str, float] | None = None, *, ticking: bool = False, port: int = 0
    ) -> None:
        super().__init__(SchwabApp(VirtualClock(at, frozen=not ticking)), port)
        for symbol, price in (prices or {}).items():
            self.app.market.script(symbol, price)

    def sent(self, method: str = "POST", path: str = "/orders") -> list[dict[str, Any]]:
        """Logged requests of one kind."""
        return [e for e in self.app.log if e["method"] == method and e["path"].endswith(path)]


class HasClock(Protocol):
    """An imitation whose app keeps the virtual time."""

    @property
    def app(self) -> App: ...


class LinkedClock:
    """A client clock that reads the imitation's clock; sleeping moves both, at once."""

    def __init__(self, fake: HasClock) -> None:
        self._clock = fake.app.clock

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.now().timestamp()

    def sleep(self, seconds: float) -> None:
        self._clock.advance(seconds)


def write_private(path: Path, value: Any) -> None:
    """Write JSON readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(value, file, indent=2)
