"""What a person does on the broker's own pages, the same words for both imitations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from tests.fakes.schwab.harness import Remote
from tests.support.http_imitation import MovedClock

LIVE = {
    *("WORKING", "PENDING_ACTIVATION", "QUEUED"),  # Schwab
    *("ACCEPTED", "NEW", "PARTIALLY_FILLED"),  # Alpaca
}


@dataclass(frozen=True)
class Seen:
    """One order as the person sees it; `side` and `kind` in lower case."""

    id: str
    symbol: str
    side: str
    kind: str
    shares: int
    filled: int
    status: str
    stop: float | None

    @property
    def live(self) -> bool:
        return self.status in LIVE


@dataclass(frozen=True)
class Person:
    """Somebody logged in at the imitation of `broker`."""

    fake: Remote
    broker: str

    def orders(self, symbol: str) -> list[Seen]:
        """Every order of a symbol, oldest first."""
        rows = (self._seen(row) for row in self.fake.state()["orders"])
        return [seen for seen in rows if seen.symbol == symbol]

    def live(self, symbol: str, kind: str, side: str = "sell") -> list[Seen]:
        return [o for o in self.orders(symbol) if o.live and (o.kind, o.side) == (kind, side)]

    def held(self) -> dict[str, float]:
        return {symbol: n for symbol, n in self.fake.state()["positions"].items() if n}

    def cancel(self, order: Seen) -> None:
        self.fake.call("change", {"id": order.id, "cancel": True})
        self.fake.clock(advance=1)

    def stop(self, symbol: str, shares: int, price: str) -> str:
        """Place a GTC stop of their own."""
        return self._order(symbol, "sell", shares, "stop", price)

    def sell(self, symbol: str, shares: int) -> str:
        return self._order(symbol, "sell", shares, "market")

    def buy(self, symbol: str, shares: int) -> str:
        return self._order(symbol, "buy", shares, "market")

    def edit(self, order: Seen, *, shares: int | None = None, price: str | None = None) -> str:
        """Edit an order in the pages: the old one ends as replaced, a new one takes its place."""
        status = "REPLACED" if self.broker == "schwab" else "replaced"
        self.fake.call("change", {"id": order.id, "status": status})
        return self._order(order.symbol, order.side, shares or order.shares, order.kind, price or order.stop)

    def _order(self, symbol: str, side: str, shares: int, kind: str, price: Any = None) -> str:
        if self.broker == "schwab":
            body: dict[str, Any] = {
                "session": "NORMAL",
                "duration": "GOOD_TILL_CANCEL" if kind == "stop" else "DAY",
                "orderType": kind.upper(),
                "orderStrategyType": "SINGLE",
                "orderLegCollection": [
                    {
                        "instruction": side.upper(),
                        "quantity": shares,
                        "instrument": {"symbol": symbol, "assetType": "EQUITY"},
                    }
                ],
            }
            if kind == "stop":
                body["stopPrice"] = str(price)
            return str(self.fake.call("orders", {"body": body})["id"])
        spec = {
            "symbol": symbol,
            "qty": str(shares),
            "side": side,
            "type": kind,
            "time_in_force": "gtc" if kind == "stop" else "day",
        }
        if kind == "stop":
            spec["stop_price"] = str(price)
        return str(self.fake.call("orders", spec)["id"])

    def _seen(self, row: dict[str, Any]) -> Seen:
        stop = row["stop_price"]
        return Seen(
            row["id"],
            row["symbol"],
            row["side"].lower(),
            row["type"].lower(),
            int(float(row["quantity"] if "quantity" in row else row["qty"])),
            int(float(row["filled"] if "filled" in row else row["filled_qty"])),
            row["status"].upper(),
            None if stop is None else float(stop),
        )


class WatchedClock(MovedClock):
    """The imitation's clock; whenever the program waits, a person may act: each act once, when it says so."""

    acts: ClassVar[list[Callable[[], bool]]] = []

    def sleep(self, seconds: float) -> None:
        step = min(seconds, 0.5)
        super().sleep(step)
        self._act()
        super().sleep(seconds - step)
        self._act()

    def _act(self) -> None:
        type(self).acts = [act for act in type(self).acts if not act()]
