"""A small deterministic world for the executor's tests: one scripted feed, one session, real paper broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from backtest.data.bars import Bars
from live.feeds.base import Quote

NEW_YORK = ZoneInfo("America/New_York")
DAY = date(2025, 3, 5)  # a Wednesday, regular session
NEXT_DAY = date(2025, 3, 6)
AT = datetime(2025, 3, 5, 15, 46, tzinfo=NEW_YORK)


def bars(symbol: str, rows: Mapping[date, tuple[float, float, float, float]]) -> Bars:
    """Build bars from day -> (open, high, low, close)."""
    days = sorted(rows)
    columns = np.array([rows[day] for day in days], dtype=np.float64).reshape(-1, 4)
    return Bars(
        symbol=symbol,
        dates=np.array(days, dtype="datetime64[D]"),
        open=columns[:, 0],
        high=columns[:, 1],
        low=columns[:, 2],
        close=columns[:, 3],
        volume=np.full(len(days), 1000.0),
        source="test",
    )


@dataclass
class ScriptedFeed:
    """Quotes by symbol and bars by symbol, changed by the test."""

    prices: dict[str, float] = field(default_factory=dict)
    lows: dict[str, float] = field(default_factory=dict)
    opens: dict[str, float] = field(default_factory=dict)
    daily: dict[str, Bars] = field(default_factory=dict)
    status: str = "normal"

    @property
    def name(self) -> str:
        return "test"

    def history(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Bars]:
        # completed sessions only: the tests' sessions all close at 16:00
        local = at.astimezone(NEW_YORK)
        found = {}
        for symbol in symbols:
            if symbol in self.daily:
                until = self.daily[symbol].until(local.date())
                if len(until) and until.last == local.date() and local.hour < 16:
                    until = until._slice(slice(0, len(until) - 1))
                found[symbol] = until
        return found

    def quotes(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Quote]:
        return {
            s: Quote(
                symbol=s,
                bid=self.prices[s],
                ask=self.prices[s],
                last=self.prices[s],
                quote_time=at,
                trade_time=at,
                open=self.opens.get(s, self.prices[s]),
                high=self.prices[s],
                low=self.lows.get(s, self.prices[s]),
                volume=1000.0,
                status=self.status,
                source="test",
            )
            for s in symbols
            if s in self.prices
        }
