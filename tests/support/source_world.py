"""Sources for tests: histories in memory behind the protocol, and rows as the imitations take them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from backtest.calendar import sessions as calendar
from backtest.core.bar_words import Basis, Timeframe
from backtest.core.bars import Bars
from backtest.core.intraday_bars import IntradayBars
from backtest.data.quality.actions import CorporateAction
from live.feeds.sources.errors import VendorError
from live.feeds.sources.model import BarRequest, Capabilities, FeedClass, Opening, Page, SourceKind
from live.feeds.sync.chosen import ChosenSource
from live.settings.model import Settings
from live.system.clock import SimulatedClock

EARLIEST = date(2020, 1, 2)


def history(symbol: str, first: date, last: date, seed: int = 1, basis: Basis = "split") -> Bars:
    """Return believable made-up bars of every session."""
    days = calendar.session_dates(first, last)
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.01, len(days)))), 2)
    open_ = np.round(close * np.exp(rng.normal(0, 0.003, len(days))), 2)
    high = np.round(np.maximum(open_, close) + 0.5, 2)
    low = np.round(np.minimum(open_, close) - 0.5, 2)
    volume = rng.integers(10_000, 20_000, len(days)).astype(np.float64)
    return Bars(symbol, days, open_, high, low, close, volume, source="made", basis=basis)


def rows_of(bars: Bars) -> list[dict[str, Any]]:
    """Return bars as the imitations load them."""
    names = ("open", "high", "low", "close", "volume")
    columns = [getattr(bars, name).tolist() for name in names]
    days = [str(day) for day in bars.dates]
    return [
        {"date": day, **dict(zip(names, row, strict=True))}
        for day, row in zip(days, zip(*columns, strict=True), strict=True)
    ]


def without(bars: Bars, *days: date) -> Bars:
    """Return bars without some days."""
    gone = np.array(days, dtype="datetime64[D]")
    return bars.take(np.flatnonzero(~np.isin(bars.dates, gone)))


def columns_of(bars: Bars) -> Any:
    """Return shape (5, n)."""
    return np.vstack([bars.open, bars.high, bars.low, bars.close, bars.volume])


@dataclass
class ListSource:
    """A source over bars in memory; `failing` is raised instead of each answer, `asked` is what was asked."""

    name: str
    bars: dict[str, Bars]
    page_rows: int = 1_000_000
    failing: VendorError | None = None
    named: list[CorporateAction] = field(default_factory=list)
    asked: list[BarRequest] = field(default_factory=list)
    closed: bool = False
    before_page: Callable[[BarRequest], None] = lambda _: None

    def page(self, request: BarRequest) -> Page:
        self.asked.append(request)
        self.before_page(request)
        if self.failing is not None:
            raise self.failing
        empty = Page(np.zeros(0, "datetime64[D]"), np.zeros((5, 0)))
        known = self.bars.get(request.symbol)
        if known is None:
            return empty
        assert known.basis == request.basis
        inside = known.since(request.first).until(request.last)
        first = int(request.cursor or 0)
        part = inside.take(np.arange(first, min(first + self.page_rows, len(inside))))
        more = first + self.page_rows < len(inside)
        return Page(part.dates, columns_of(part), str(first + self.page_rows) if more else None)

    def actions(self, symbol: str, first: date, last: date) -> Sequence[CorporateAction]:
        return tuple(a for a in self.named if a.symbol == symbol and first <= a.ex_date <= last)

    def close(self) -> None:
        self.closed = True


def chosen(
    source: ListSource,
    clock: SimulatedClock,
    *,
    bases: tuple[Basis, ...] = ("split",),
    feed: FeedClass = "consolidated",
    per_minute: int = 60_000,
    timeframe: Timeframe = "1d",
) -> ChosenSource:
    """Return a source as a sync takes it."""
    capabilities = Capabilities(
        (timeframe,), bases, feed, EARLIEST, timedelta(0), per_minute, has_actions=True
    )
    kind = SourceKind(source.name, capabilities, lambda _: source)
    return ChosenSource(kind, capabilities, Opening(Settings(), Path(), {}, clock))


def minutes_of(symbol: str, first: date, last: date, daily: Bars | None = None) -> IntradayBars:
    """Return made-up minutes of every session; inside the ranges of `daily` where that is given."""
    stamps, close = [], []
    rng = np.random.default_rng(3)
    for session in calendar.sessions(first, last):
        opens = np.datetime64(session.open.astimezone(UTC).replace(tzinfo=None), "m")
        count = int((session.close - session.open).total_seconds() // 60)
        row = None if daily is None else daily.row(session.day)
        given = daily is not None and row is not None
        low, high = (daily.low[row], daily.high[row]) if given else (100.0, 101.0)
        stamps.append(opens + np.arange(count))
        close.append(np.round(rng.uniform(low + 0.1, high - 0.1, count), 2))
    prices = np.concatenate(close)
    volume = np.full(len(prices), 100.0)
    made = (prices, prices + 0.05, prices - 0.05, prices, volume)
    return IntradayBars(symbol, np.concatenate(stamps), *made, source="made")


def minute_rows(bars: IntradayBars) -> list[tuple[Any, ...]]:
    """Return minutes as the imitations keep them."""
    at = [stamp.astype("M8[s]").item().replace(tzinfo=UTC) for stamp in bars.minutes]
    columns = (getattr(bars, name).tolist() for name in ("open", "high", "low", "close", "volume"))
    return list(zip(at, *columns, strict=True))


def evening(day: date) -> datetime:
    """Return an hour after the close of a session."""
    session = calendar.session(day)
    assert session is not None
    return session.close + timedelta(hours=1)


def as_traded(bars: Bars, before: date, ratio: int) -> Bars:
    """Return adjusted bars as they traded: prices before a split times its ratio, basis raw."""
    old = bars.dates < np.datetime64(before, "D")
    names = ("open", "high", "low", "close")
    prices = {name: np.where(old, getattr(bars, name) * ratio, getattr(bars, name)) for name in names}
    return replace(bars, basis="raw", volume=np.where(old, bars.volume / ratio, bars.volume), **prices)


def scaled(bars: Bars, before: date, ratio: float) -> Bars:
    """Return bars as a vendor restates them after a split: older prices / ratio, to the cent."""
    old = bars.dates < np.datetime64(before, "D")

    def prices(column: Any) -> Any:
        return np.where(old, np.round(column / ratio, 4), column)

    return replace(
        bars,
        open=prices(bars.open),
        high=prices(bars.high),
        low=prices(bars.low),
        close=prices(bars.close),
        volume=np.where(old, bars.volume * ratio, bars.volume),
    )
