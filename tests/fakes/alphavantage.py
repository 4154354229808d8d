"""Alpha Vantage on this machine: daily series, splits, dividends; refusals are status 200; in a thread."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.fakes.clock import VirtualClock
from tests.fakes.faults import Rule
from tests.fakes.market import Market
from tests.fakes.schwab.harness import InThread
from tests.fakes.web import App, Reply, Request

KEY = "FAKEALPHAVANTAGEKEY"
ENVIRON = {"ALPHAVANTAGE_API_KEY": KEY}
NAMES = ("1. open", "2. high", "3. low", "4. close", "5. volume")
LIMIT = (
    f"We have detected your API key as {KEY} and our standard API rate limit is 25 requests per day. "
    "Please subscribe to any of the premium plans."
)
PREMIUM = "The **outputsize=full** parameter value is a premium feature."


class AlphaVantageApp(App):
    """One key's view of a market; `left` requests a day, `premium`: whole histories are in its plan."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self.market = Market()
        self.left = 1_000
        self.premium = True

    def route(self, request: Request, rule: Rule | None) -> Reply:
        query = request.query
        if request.path != "/query" or query.get("apikey") != KEY:
            return Reply.of({"Error Message": "the parameter apikey is invalid or missing."})
        self.left -= 1
        if self.left < 0:
            return Reply.of({"Information": LIMIT})
        symbol = query["symbol"]
        if query["function"] == "SPLITS":
            data = [
                {"effective_date": str(day), "split_factor": f"{ratio:.4f}"}
                for of, day, ratio in self.market.splits
                if of == symbol
            ]
            return Reply.of({"symbol": symbol, "data": data})
        if query["function"] == "DIVIDENDS":
            paid = [
                {"ex_dividend_date": str(day), "amount": str(amount), "payment_date": "None"}
                for of, day, amount in self.market.dividends
                if of == symbol
            ]
            return Reply.of({"symbol": symbol, "data": paid})
        return self._series(symbol, query.get("outputsize", "compact"))

    def _series(self, symbol: str, size: str) -> Reply:
        if size == "full" and not self.premium:
            return Reply.of({"Information": PREMIUM})
        bars = self.market.known(symbol, self.clock.now())
        if not bars:
            return Reply.of({"Error Message": "Invalid API call."})
        rows: dict[str, Any] = {}
        for bar in reversed(bars if size == "full" else bars[-100:]):  # newest first
            ratio = self.market.split_since(symbol, bar.day)
            prices = [price * ratio for price in (bar.open, bar.high, bar.low, bar.close)]
            texts = (repr(value) for value in (*prices, bar.volume / ratio))
            rows[str(bar.day)] = dict(zip(NAMES, texts, strict=True))
        about = {"1. Information": "Daily Prices", "2. Symbol": symbol, "4. Output Size": size}
        return Reply.of({"Meta Data": about, "Time Series (Daily)": rows})

    def control(self, name: str, data: Any) -> Any:
        if name != "clock":
            raise KeyError(name)
        self.clock.set(datetime.fromisoformat(data["at"]))
        return {"ok": True}


class FakeAlphaVantage(InThread[AlphaVantageApp]):
    """The server in a thread of this process; its clock stands still."""

    def __init__(self, at: datetime) -> None:
        super().__init__(AlphaVantageApp(VirtualClock(at, frozen=True)))

    def sent(self, function: str) -> list[dict[str, Any]]:
        """Logged requests of a function."""
        return [entry for entry in self.app.log if entry["query"].get("function") == function]
