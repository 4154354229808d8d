"""Starting the Alpaca imitation in a thread."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.fakes.alpaca.app import KEY, SECRET, AlpacaApp
from tests.fakes.clock import VirtualClock
from tests.fakes.schwab.harness import InThread

ENVIRON = {"APCA_API_KEY_ID": KEY, "APCA_API_SECRET_KEY": SECRET}


class FakeAlpaca(InThread[AlpacaApp]):
    """The server in a thread of this process; its clock stands still unless `ticking`."""

    def __init__(
        self, at: datetime, prices: dict[str, float] | None = None, *, ticking: bool = False, port: int = 0
    ) -> None:
        super().__init__(AlpacaApp(VirtualClock(at, frozen=not ticking)), port)
        for symbol, price in (prices or {}).items():
            self.app.market.script(symbol, price)

    def sent(self, method: str = "POST", path: str = "/orders") -> list[dict[str, Any]]:
        """Logged requests of one kind."""
        return [e for e in self.app.log if e["method"] == method and e["path"].endswith(path)]
