"""Daily bars of many symbols as a sequence of sessions, with the weekly trend judged once per symbol."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from datetime import date

import numpy as np

from backtest.core.bars import Bars
from backtest.indicators.weekly import week_number, weekly_bars
from backtest.simulator.positions.model import MarketSession, PortfolioRules, SessionBar
from backtest.strategies.earnings_swing.trend import broken_weeks
from backtest.trading.risk.series import PriceSeries

WeekEnd = Callable[[date], bool]


class Track:
    """One symbol's bars as plain lists, and the sessions at which its week ended broken."""

    def __init__(self, bars: Bars, rules: PortfolioRules, ends: Mapping[int, date]) -> None:
        self.days: list[date] = bars.dates.tolist()
        self.open: list[float] = bars.open.tolist()
        self.high: list[float] = bars.high.tolist()
        self.low: list[float] = bars.low.tolist()
        self.close: list[float] = bars.close.tolist()
        self.row_of = {day: row for row, day in enumerate(self.days)}
        self.broken_on = self._broken(bars, rules, ends)

    def _broken(self, bars: Bars, rules: PortfolioRules, ends: Mapping[int, date]) -> frozenset[date]:
        """Return the session that ended each broken week, for weeks the calendar knows to be over."""
        weekly = weekly_bars(bars)
        broken = np.flatnonzero(broken_weeks(weekly, rules))
        days = {ends.get(week) for week in weekly.week[broken].tolist()}
        kept = {day for day in days if day is not None}
        return frozenset(kept if rules.judge_missing_week_end else kept & self.row_of.keys())

    def bar(self, day: date) -> SessionBar | None:
        """Return the bar of a session, None without one."""
        row = self.row_of.get(day)
        if row is None:
            return None
        previous = self.close[row - 1] if row else None
        return SessionBar(self.open[row], self.high[row], self.low[row], self.close[row], previous)

    def first_on_or_after(self, day: date) -> date | None:
        """Return the symbol's first session on or after a day, None without one."""
        row = bisect_left(self.days, day)
        return self.days[row] if row < len(self.days) else None


class _BarsOf(Mapping[str, SessionBar]):
    """The bars of one session, built when asked for: a session reads only what it holds or enters."""

    def __init__(self, tracks: Mapping[str, Track], day: date) -> None:
        self._tracks = tracks
        self._day = day

    def __getitem__(self, symbol: str) -> SessionBar:
        track = self._tracks.get(symbol)
        bar = track.bar(self._day) if track is not None else None
        if bar is None:
            raise KeyError(symbol)
        return bar

    def get(self, symbol: str, default: SessionBar | None = None) -> SessionBar | None:  # type: ignore[override]
        """Return the bar without the cost of an exception for a missing one."""
        track = self._tracks.get(symbol)
        bar = track.bar(self._day) if track is not None else None
        return default if bar is None else bar

    def __contains__(self, symbol: object) -> bool:
        track = self._tracks.get(symbol) if isinstance(symbol, str) else None
        return track is not None and self._day in track.row_of

    def __iter__(self) -> Iterator[str]:
        return (symbol for symbol in self._tracks if symbol in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _BrokenOn:
    """The symbols whose week ended broken on one session."""

    def __init__(self, tracks: Mapping[str, Track], day: date) -> None:
        self._tracks = tracks
        self._day = day

    def __contains__(self, symbol: object) -> bool:
        track = self._tracks.get(symbol) if isinstance(symbol, str) else None
        return track is not None and self._day in track.broken_on


class _KnownOn:
    """The symbols that have a bar of a session or of an earlier one."""

    def __init__(self, tracks: Mapping[str, Track], day: date) -> None:
        self._tracks = tracks
        self._day = day

    def __contains__(self, symbol: object) -> bool:
        track = self._tracks.get(symbol) if isinstance(symbol, str) else None
        return track is not None and track.days[0] <= self._day


class Market:
    """All sessions of a set of symbols, cut at `rules.data_end_date`.

    Attributes:
        days: every date on which some symbol has a bar, sorted.
        order: date -> its position in `days`.
        tracks: symbol -> its bars.
    """

    def __init__(self, prices: Mapping[str, Bars], rules: PortfolioRules, is_week_end: WeekEnd) -> None:
        end = rules.data_end_date
        cut = {symbol: bars if end is None else bars.until(end) for symbol, bars in prices.items()}
        dates = [bars.dates for bars in cut.values() if len(bars)]
        self.days: list[date] = np.unique(np.concatenate(dates)).tolist() if dates else []
        self.order = {day: position for position, day in enumerate(self.days)}
        ends = {week_number(day): day for day in self.days if is_week_end(day)}
        self.tracks = {symbol: Track(bars, rules, ends) for symbol, bars in cut.items() if len(bars)}
        self.prices = None if rules.risk is None else PriceSeries(cut)

    def session(self, day: date) -> MarketSession:
        """Return one session."""
        tracks = self.tracks
        return MarketSession(
            day,
            week_number(day),
            _BarsOf(tracks, day),
            _BrokenOn(tracks, day),
            _KnownOn(tracks, day),
            self.prices,
        )
