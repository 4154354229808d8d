"""The market behind an imitation server: daily bars, scripted prices, opening hours, corporate actions."""

from __future__ import annotations

import bisect
import csv
import math
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
CHICAGO = ZoneInfo("America/Chicago")
Hours = tuple[datetime, datetime]


@dataclass(frozen=True)
class Bar:
    """One daily bar."""

    day: date
    open: float
    high: float
    low: float
    close: float
    volume: float


@lru_cache(maxsize=8)
def _year(year: int) -> dict[date, Hours]:
    """Sessions of a year from the exchange calendar package: independent of the product's own table."""
    import pandas_market_calendars as calendars

    frame = calendars.get_calendar("XNYS").schedule(f"{year}-01-01", f"{year}-12-31")
    return {
        stamp.date(): (opens.to_pydatetime(), closes.to_pydatetime())
        for stamp, opens, closes in zip(frame.index, frame.market_open, frame.market_close, strict=True)
    }


class Market:
    """Prices and hours; everything is a function of the instant asked for."""

    def __init__(self) -> None:
        self.bars: dict[str, list[Bar]] = {}
        self.scripted: dict[str, dict[str, Any]] = {}
        self.hours: dict[date, Hours | None] = {}
        self.spread = 0.0
        self.unfinished_bar = False
        #: symbol -> start of a minute (UTC), open, high, low, close, volume
        self.minutes: dict[str, list[tuple[datetime, float, float, float, float, float]]] = {}
        #: symbol, ex-date, new shares per old share
        self.splits: list[tuple[str, date, float]] = []
        #: symbol, ex-date, cash per share
        self.dividends: list[tuple[str, date, float]] = []

    # hours ---------------------------------------------------------------------------------------------

    def session(self, day: date) -> Hours | None:
        if day in self.hours:
            return self.hours[day]
        return _year(day.year).get(day)

    def set_hours(self, day: date, opens: str | None, closes: str | None) -> None:
        """Override a day: two New York times, or closed."""
        if opens is None or closes is None:
            self.hours[day] = None
            return
        at = [datetime.combine(day, time.fromisoformat(t), NEW_YORK) for t in (opens, closes)]
        self.hours[day] = (at[0], at[1])

    def is_open(self, at: datetime) -> bool:
        hours = self.session(at.astimezone(NEW_YORK).date())
        return hours is not None and hours[0] <= at < hours[1]

    def days(self, after: datetime, until: datetime) -> list[tuple[date, Hours]]:
        """Sessions whose open or close may lie in (after, until]."""
        day, end = after.astimezone(NEW_YORK).date(), until.astimezone(NEW_YORK).date()
        found = []
        while day <= end:
            hours = self.session(day)
            if hours is not None:
                found.append((day, hours))
            day += timedelta(days=1)
        return found

    # prices --------------------------------------------------------------------------------------------

    def load_csv(self, folder: Path) -> None:
        """Read SYMBOL.csv files with date,open,high,low,close,volume."""
        for path in sorted(folder.glob("*.csv")):
            with path.open(newline="") as file:
                self.load(path.stem, list(csv.DictReader(file)))

    def load(self, symbol: str, rows: list[dict[str, Any]]) -> None:
        self.bars[symbol] = [
            Bar(
                date.fromisoformat(row["date"][:10]),
                *(float(row[name]) for name in ("open", "high", "low", "close", "volume")),
            )
            for row in rows
        ]

    def script(self, symbol: str, value: Any) -> None:
        """Fix a price (number), quote fields (object), or go back to the bars (null)."""
        if value is None:
            self.scripted.pop(symbol, None)
        elif isinstance(value, dict):
            self.scripted[symbol] = {**self.scripted.get(symbol, {}), **value}
        else:
            self.scripted[symbol] = {"last": float(value)}

    def bar(self, symbol: str, day: date) -> Bar | None:
        rows = self.bars.get(symbol, [])
        at = bisect.bisect_left(rows, day, key=lambda bar: bar.day)
        return rows[at] if at < len(rows) and rows[at].day == day else None

    def previous(self, symbol: str, day: date) -> Bar | None:
        rows = self.bars.get(symbol, [])
        at = bisect.bisect_left(rows, day, key=lambda bar: bar.day)
        return rows[at - 1] if at else None

    def price(self, symbol: str, at: datetime) -> float | None:
        """Last price: the script, else the open in the first hour, the close in the last, else between."""
        scripted = self.scripted.get(symbol, {}).get("last")
        if scripted is not None:
            return float(scripted)
        day = at.astimezone(NEW_YORK).date()
        bar, hours = self.bar(symbol, day), self.session(day)
        if bar is None or hours is None or at < hours[0]:
            before = self.previous(symbol, day)
            return before.close if before else None
        if at < hours[0] + timedelta(hours=1):
            return bar.open
        if at >= hours[1] - timedelta(hours=1):
            return bar.close
        return round((bar.open + bar.close) / 2, 2)

    def fill_price(self, symbol: str, side: str, at: datetime) -> float | None:
        price = self.price(symbol, at)
        if price is None:
            return None
        half = self.spread / 2
        return round(price + (half if side == "BUY" else -half), 4)

    def known(self, symbol: str, at: datetime) -> list[Bar]:
        """Bars of finished sessions, and today's unfinished one when the fault is on."""
        today = at.astimezone(NEW_YORK).date()
        hours = self.session(today)
        done = hours is not None and at >= hours[1]
        rows = [b for b in self.bars.get(symbol, []) if b.day < today or (b.day == today and done)]
        running = self.bar(symbol, today)
        price = self.price(symbol, at)
        if self.unfinished_bar and not done and running is not None and price is not None:
            part = replace(running, close=price, high=max(running.open, price), low=min(running.open, price))
            rows.append(part)
        return rows

    def split(self, symbol: str, ratio: float, on: date) -> None:
        """Rewrite the history before `on` as a vendor does after a `ratio`-for-one split."""
        self.splits.append((symbol, on, ratio))
        self.bars[symbol] = [
            replace(
                bar,
                open=bar.open / ratio,
                high=bar.high / ratio,
                low=bar.low / ratio,
                close=bar.close / ratio,
                volume=bar.volume * ratio,
            )
            if bar.day < on
            else bar
            for bar in self.bars.get(symbol, [])
        ]
        if "last" in self.scripted.get(symbol, {}):
            self.scripted[symbol]["last"] /= ratio

    def split_since(self, symbol: str, day: date) -> float:
        """Shares today per share of `day`."""
        return math.prod(ratio for of, on, ratio in self.splits if of == symbol and day < on)


def chicago_midnight(day: date) -> int:
    """The stamp of a daily candle: midnight in Chicago, epoch milliseconds."""
    return int(datetime.combine(day, time(), CHICAGO).timestamp() * 1000)
