"""A small market drawn from a seed: bars, quotes of the running session, splits that restate the history."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.calendar.sessions import NEW_YORK
from backtest.core.bars import Bars
from backtest.core.errors import BrokerError
from live.model.feed import Quote
from tests.simulation.clock import WorldClock

SIGNAL: Final = "SIG"
FUNDS: Final = ("AAA", "BBB")
STOCKS: Final = ("CCC", "DDD", "EEE", "FFF")
FOREIGN: Final = "ZZZ"
SYMBOLS: Final = (SIGNAL, *FUNDS, *STOCKS, FOREIGN)
HISTORY: Final = 30  # sessions before the first one that trades
STEP: Final = timedelta(minutes=5)
_START: Final = {"SIG": 400.0, "AAA": 80.0, "BBB": 45.0, "CCC": 100.0, "DDD": 60.0, "EEE": 25.0, "FFF": 150.0}


@dataclass(frozen=True, slots=True)
class Day:
    """One session of one symbol: a price for every five minutes from the open to the close."""

    path: tuple[float, ...]

    def bar(self) -> tuple[float, float, float, float]:
        """Return open, high, low and close."""
        return self.path[0], max(self.path), min(self.path), self.path[-1]


@dataclass
class Market:
    """Prices of every symbol on every session from `first` on.

    Attributes:
        days: the sessions, history included.
        factors: symbol -> what a price of the drawn path is divided by (splits so far).
        early: whether there are quotes before the open too, of the last close.
    """

    seed: int
    days: Sequence[date]
    factors: dict[str, float] = field(default_factory=dict)
    early: bool = False
    _drawn: dict[tuple[str, date], Day] = field(default_factory=dict)
    _bars: dict[str, Bars] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for symbol in SYMBOLS:
            self._draw(symbol)
            self._restate(symbol)

    def _draw(self, symbol: str) -> None:
        chance = random.Random(f"{self.seed}/{symbol}")
        wild = symbol in STOCKS
        price = _START.get(symbol, 10.0)
        for day in self.days:
            opens = price * (1 + chance.gauss(0, 0.004))
            closes = opens * (1 + chance.gauss(0.0005, 0.013 if wild else 0.008))
            dip = chance.uniform(0.04, 0.09) if wild and chance.random() < 0.12 else 0.0
            steps = _steps(day)
            low_at = chance.randrange(2, steps - 8)
            path = [
                (opens + (closes - opens) * k / steps) * (1 + chance.gauss(0, 0.0004))
                for k in range(steps + 1)
            ]
            path[low_at] *= 1 - dip
            self._drawn[symbol, day] = Day(tuple(round(p, 2) for p in path))
            price = self._drawn[symbol, day].path[-1]

    def _restate(self, symbol: str) -> None:
        factor = self.factors.get(symbol, 1.0)
        rows = np.array([self._drawn[symbol, day].bar() for day in self.days]) / factor
        rows = np.round(rows, 4)
        self._bars[symbol] = Bars(
            symbol=symbol,
            dates=np.array(self.days, dtype="datetime64[D]"),
            open=rows[:, 0].copy(),
            high=rows[:, 1].copy(),
            low=rows[:, 2].copy(),
            close=rows[:, 3].copy(),
            volume=np.linspace(1e6, 2e6, len(self.days)),
            source="simulated",
        )

    def split(self, symbol: str, ratio: float) -> None:
        """Divide the price of everything before and after by `ratio`, as an adjusted history does."""
        self.factors[symbol] = self.factors.get(symbol, 1.0) * ratio
        self._restate(symbol)

    def bar(self, symbol: str, day: date) -> tuple[float, float, float, float] | None:
        """Return open, high, low and close of a session, in today's shares."""
        row = self._bars[symbol].row(day) if symbol in self._bars else None
        if row is None:
            return None
        bars = self._bars[symbol]
        open_, high, low, close = (float(c[row]) for c in (bars.open, bars.high, bars.low, bars.close))
        return open_, high, low, close

    def price(self, symbol: str, at: datetime) -> float | None:
        """Return the newest price at an instant: of the running session, else the last close."""
        quote = self.quote(symbol, at)
        if quote is not None:
            return quote.last
        if symbol not in self._bars:
            return None
        bars = self._bars[symbol].until(calendar.last_closed_session(at).day)
        return float(bars.close[-1]) if len(bars) else None

    def quote(self, symbol: str, at: datetime) -> Quote | None:
        """Return the quote of the session of that day, None before its open or without one."""
        session = calendar.session(at.astimezone(NEW_YORK).date())
        drawn = None if session is None else self._drawn.get((symbol, session.day))
        if session is None or drawn is None or at < session.open:
            return self._early(symbol, at) if self.early and drawn is not None else None
        seen = drawn.path[: min(int((at - session.open) / STEP), len(drawn.path) - 1) + 1]
        factor = self.factors.get(symbol, 1.0)
        first, high, low, last = (round(p / factor, 4) for p in (seen[0], max(seen), min(seen), seen[-1]))
        return Quote(
            symbol=symbol,
            bid=last,
            ask=last,
            last=last,
            quote_time=at,
            trade_time=at,
            open=first,
            high=high,
            low=low,
            volume=1e6,
            source="simulated",
        )

    def _early(self, symbol: str, at: datetime) -> Quote | None:
        """Return the quote before the open: the last close, with nothing of the session."""
        bars = self._bars[symbol].until(calendar.last_closed_session(at).day)
        if not len(bars):
            return None
        last = float(bars.close[-1])
        return Quote(symbol, last, last, last, quote_time=at, trade_time=at, source="simulated")


def _steps(day: date) -> int:
    session = calendar.session(day)
    assert session is not None
    return int((session.close - session.open) / STEP)


@dataclass(frozen=True, slots=True)
class SimulatedFeed:
    """The market as a vendor shows it; see `live.model.feed.Feed`.

    A vendor answers by its own clock, whatever ours shows.

    Attributes:
        market: where prices come from.
        clock: tells the true time.
        fault: what is wrong with the next answer, empty when nothing is (see `faults.QUOTE_KINDS`).
    """

    market: Market
    clock: WorldClock
    fault: Callable[[], str] = str

    @property
    def name(self) -> str:
        """Provenance."""
        return "simulated"

    def history(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Bars]:
        """Return the bars of sessions that closed at or before `at`."""
        del at
        if self.fault() == "feed_down":
            raise _down("history")
        last = calendar.last_closed_session(self.clock.true).day
        found = {s: self.market._bars[s].until(last) for s in symbols if s in self.market._bars}
        return {symbol: bars for symbol, bars in found.items() if len(bars)}

    def quotes(self, symbols: Sequence[str], at: datetime) -> Mapping[str, Quote]:
        """Return quotes of the running session."""
        del at
        fault = self.fault()
        if fault == "feed_down":
            raise _down("quotes")
        missing = {"no_quotes": SYMBOLS, "some_quotes": SYMBOLS[::2]}.get(fault, ())
        asked = [s for s in symbols if s in SYMBOLS and s not in missing]
        found = {s: self.market.quote(s, self.clock.true) for s in asked}
        known = {symbol: quote for symbol, quote in found.items() if quote is not None}
        return {s: _aged(quote) for s, quote in known.items()} if fault == "old_quotes" else known


def _down(what: str) -> BrokerError:
    return BrokerError("the vendor does not answer (simulated)", where=what, remedy="run again")


def _aged(quote: Quote) -> Quote:
    """Return a quote that is half an hour old by its own stamps."""
    assert quote.quote_time is not None
    made = quote.quote_time - timedelta(minutes=30)
    return replace(quote, quote_time=made, trade_time=made)


@lru_cache(maxsize=64)
def sessions_from(first: date, count: int) -> tuple[date, ...]:
    """Return `HISTORY` sessions before `first`, then `count` sessions from it on."""
    end = first + timedelta(days=count * 2 + 20)
    after = [s.day for s in calendar.sessions(first, end)][:count]
    before = [s.day for s in calendar.sessions(first - timedelta(days=HISTORY * 2 + 20), first)]
    days = tuple([day for day in before if day < after[0]][-HISTORY:] + after)
    assert all(a < b for a, b in pairwise(days))
    return days
