"""Starting the Alpaca imitation in a thread."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any, Self

from tests.fakes.alpaca.app import KEY, SECRET, AlpacaApp
from tests.fakes.clock import VirtualClock
from tests.fakes.schwab.harness import Remote
from tests.fakes.web import Server

ENVIRON = {"APCA_API_KEY_ID": KEY, "APCA_API_SECRET_KEY": SECRET}


class FakeAlpaca(Remote):
    """The server in a thread of this process; its clock stands still unless `ticking`."""

    def __init__(
        self, at: datetime, prices: dict[str, float] | None = None, *, ticking: bool = False, port: int = 0
    ) -> None:
        self.app = AlpacaApp(VirtualClock(at, frozen=not ticking))
        for symbol, price in (prices or {}).items():
            self.app.market.script(symbol, price)
        self.server = Server(self.app, port)
        super().__init__(self.server.url)
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.app.faults.clear()
        self.server.shutdown()
        self.server.server_close()

    def sent(self, method: str = "POST", path: str = "/orders") -> list[dict[str, Any]]:
        """Logged requests of one kind."""
        return [e for e in self.app.log if e["method"] == method and e["path"].endswith(path)]
